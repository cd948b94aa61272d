"""Why something may be sent or not, in a sentence for people, with the law that says so."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from governance.policies.consent_facts import Reason


class Rule(NamedTuple):
    """What a verdict rests on.

    Attributes:
        sentence: for people.
        citation: law and article, or guidance; None where the rule is ours.
    """

    sentence: str
    citation: str | None = None


RULES: Final[Mapping[Reason, Rule]] = MappingProxyType(
    {
        Reason.UNKNOWN_PURPOSE: Rule("There is no such purpose, or it does not use this channel."),
        Reason.MALFORMED: Rule("This is not one contact of this channel."),
        Reason.UNKNOWN: Rule("Nobody is known by this contact, so that nothing allows it.", "GDPR Art. 6(1)"),
        Reason.SUPPRESSED: Rule("The contact is on the suppression ledger.", "GDPR Art. 21(2) and (3)"),
        Reason.BOUNCED: Rule("The contact does not work: a message to it bounced.", "GDPR Art. 5(1)(d)"),
        Reason.RESTRICTED: Rule(
            "Processing of the person's data is restricted, or nothing may be sent to them.", "GDPR Art. 18; Art. 14"
        ),
        Reason.OBJECTED: Rule("The person objected.", "GDPR Art. 21(2) and (3)"),
        Reason.WITHDRAWN: Rule("The person withdrew their consent.", "GDPR Art. 7(3)"),
        Reason.REFUSED: Rule("The person refused.", "GDPR Art. 4(11)"),
        Reason.EXPIRED: Rule("The consent had lapsed.", "EDPB Guidelines 05/2020, 110 and 111"),
        Reason.UNCONFIRMED: Rule(
            "The consent is only claimed, or the holder of the contact has not confirmed it.", "GDPR Art. 7(1)"
        ),
        Reason.SUPERSEDED: Rule(
            "The consent was given to words that have since changed materially.", "GDPR Art. 4(11), Art. 7(1)"
        ),
        Reason.UNDER_AGE: Rule(
            "The person is too young for this purpose, or their age is not known.", "GDPR Art. 8(1), recital 38"
        ),
        Reason.CONSENTED: Rule("The person consented.", "GDPR Art. 6(1)(a)"),
        Reason.OTHER_GROUND: Rule("A lawful ground other than consent allows it.", "GDPR Art. 6(1)"),
        Reason.SILENT: Rule("The person never agreed to it, and nothing else allows it.", "GDPR Art. 6(1)"),
    }
)
"""By reason. Where a purpose names a basis in the person's jurisdiction, that is what to cite instead."""
