"""Every table that holds something of a person, and the step by which it goes: what is not named here would be left.

The steps delete by this list alone, and a test compares it with the catalogue of all columns.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from governance.erasure.records import Step
from governance.kernel.records import frozen


class By(StrEnum):
    """What tells whose a row is; the text is the condition that a statement has."""

    PERSON = "person_id = ANY(%(records)s)"
    EITHER = "(person_id = ANY(%(records)s) OR owner_id = ANY(%(owners)s))"
    """Rows that a law keeps name no person any more; their key owner is known all the same."""
    LINK = "(person_id = ANY(%(records)s) OR other_id = ANY(%(records)s))"
    MERGE = "(into_id = ANY(%(records)s) OR other_id = ANY(%(records)s))"
    PAIR = "(first_id = ANY(%(records)s) OR second_id = ANY(%(records)s))"
    REF = "subject_ref IN (SELECT subject_ref FROM person WHERE id = ANY(%(records)s))"
    SELF = "id = ANY(%(records)s)"
    ELSEWHERE = ""
    """By an operation of the package that keeps it."""


@frozen
class Store:
    """A table, and how what it holds of a person goes.

    Attributes:
        where: a further condition.
    """

    table: str
    step: Step
    by: By
    where: str = ""


STORES: Final = (
    Store("message", Step.OUTGOING, By.ELSEWHERE),
    Store("export_chunk", Step.OUTGOING, By.ELSEWHERE),
    Store("consent_request", Step.OUTGOING, By.ELSEWHERE),
    Store("portal_code", Step.OUTGOING, By.ELSEWHERE),
    Store("portal_session", Step.OUTGOING, By.ELSEWHERE),
    Store("interaction", Step.BEHAVIOUR, By.PERSON),
    Store("activity", Step.BEHAVIOUR, By.PERSON),
    Store("extra_value", Step.BEHAVIOUR, By.PERSON, "behaviour_sealed IS NOT NULL"),
    Store("contact", Step.CONTACT, By.PERSON),
    Store("contact_history", Step.CONTACT, By.PERSON),
    Store("extra_value", Step.CONTACT, By.PERSON, "contact_sealed IS NOT NULL"),
    Store("person_enrichment", Step.PROFILE, By.PERSON),
    Store("retention_warning", Step.PROFILE, By.PERSON),
    Store("extra_value", Step.PROFILE, By.PERSON, "profile_sealed IS NOT NULL"),
    Store("purchase", Step.FINANCE, By.EITHER),
    Store("extra_value", Step.FINANCE, By.EITHER, "finance_sealed IS NOT NULL"),
    Store("consent_event", Step.EVIDENCE, By.ELSEWHERE),
    Store("consent_state", Step.EVIDENCE, By.ELSEWHERE),
    Store("consent_subject", Step.EVIDENCE, By.ELSEWHERE),
    Store("informing", Step.EVIDENCE, By.ELSEWHERE),
    Store("disclosure_person", Step.EVIDENCE, By.PERSON),
    Store("audit_detail", Step.TRAIL, By.ELSEWHERE),
    Store("reading", Step.TRAIL, By.REF),
    Store("named_reader", Step.TRAIL, By.PERSON),
    Store("person_link", Step.RECORD, By.LINK),
    Store("person_merge", Step.RECORD, By.MERGE),
    Store("person_hold", Step.RECORD, By.PERSON),
    Store("person_restriction", Step.RECORD, By.PERSON),
    Store("duplicate_pair", Step.RECORD, By.ELSEWHERE),
    Store("import_kept", Step.RECORD, By.ELSEWHERE),
    Store("person", Step.RECORD, By.SELF),
    Store("person_history", Step.RECORD, By.ELSEWHERE),
    Store("person_sign", Step.RECORD, By.ELSEWHERE),
    Store("data_key", Step.KEYS, By.ELSEWHERE),
)

LEFT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "audit_body": "Holds random names alone, and nobody can tell any more whose they were.",
        "audit_entry": "A hash.",
        "proposal": "Its words are sealed under keys of their own, or under the person's, which are shredded.",
        "person_merge_move": "Goes with the merge that it belongs to.",
        "suppression": "A keyed digest, kept so that an old list brings nobody back (GDPR Art. 17(3)(b), 21(3)).",
        "decision_salt": "Belongs to a month, and to no person.",
        "export": "Says what was exported, and of nobody.",
        "export_print": "Keyed digests that tell where a leaked file came from; destroyed after three years.",
        "export_selection": "Random ids alone; goes with the export.",
        "request": "What was asked and answered, under keys of its own, for three years; names nobody once it is done.",
        "request_event": "Goes with the request.",
        "request_notice": "Goes with the request.",
        "package": "That there was one; what was in it is shredded by the step for what is on its way out.",
        "package_part": "Goes with the package.",
        "package_flag": "Goes with the package.",
        "import_batch": "What a file was called; nothing of its rows.",
        "import_chunk": "Rows that were applied are not kept; those refused are destroyed after a week.",
        "segment_part": "Random ids of nobody; its keys are shredded when the list expires.",
        "segment_version": "A rule, and of nobody.",
        "recipient_version": "Of a recipient.",
        "controller_version": "Of the controller.",
        "staff": "Of staff.",
        "staff_credential": "Of staff.",
        "webhook": "Of another system.",
        "key_owner": "A random id, and when it was shredded: nothing can be sealed for it any more.",
        "erasure_target": "What is being erased; emptied when nothing is left.",
    }
)
"""Tables that look as if they were about people and are left, each with its reason."""


def of_step(step: Step) -> tuple[Store, ...]:
    """The tables that a step deletes from by itself, in this order."""
    return tuple(one for one in STORES if one.step is step and one.by is not By.ELSEWHERE)
