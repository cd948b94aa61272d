"""Rectification of contacts and extra fields: before and after, what goes at once, what waits, who is told of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.customers.codes import ExtraType, RestrictionReason
from governance.customers.contact_values import ContactSaid
from governance.customers.extras import define
from governance.customers.operations import PersonView
from governance.customers.whole import rows_of
from governance.disclosures import operations as disclosures
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from governance.kernel.ids import uuid7
from governance.kernel.work import Work
from governance.policies.classification import Compartment, Sensitivity
from governance.policies.deadline_rules import RequestKind
from governance.policies.documents import Titles
from governance.policies.requests import RequestState
from governance.rights import operations as rights
from governance.rights.codes import Asking, Outcome
from governance.rights.errors import NoSuchRequestError
from governance.rights.records import RequestId, RequestView
from tests.factories.actors import by, staff
from tests.factories.exporting import letters
from tests.factories.requesting import ADDRESS, controller, person, request
from tests.factories.staging import played, stage_of
from tests.factories.trail import entries

WORDS = "Ausweis am Schalter gesehen"
RIGHT = "irina@example.net"


stage = stage_of(controller)


work = played("irina")


def asked(work: Work, irina: PersonView, changes: Mapping[str, Any], **said: object) -> RequestView:
    made = request(work, RequestKind.RECTIFICATION, customer=irina.id, checked=WORDS, changes=changes, **said)
    return rights.find(work, request=RequestId(made.request.id))


def contacts(work: Work, irina: PersonView) -> dict[str, UUID]:
    return {one.kind: one.id for one in customers.read(work, subject=irina.id).contacts}


def values(work: Work, irina: PersonView) -> set[tuple[str, str, bool]]:
    return {
        (str(row["kind"]), str(row["value"]), bool(row["is_primary"]))
        for block in rows_of(work, person=irina.id, table="contact")
        for _, row in block
    }


def test_an_address_that_opens_the_door_waits_for_a_steward_and_is_then_replaced(work: Work, irina: PersonView) -> None:
    wrong = contacts(work, irina)["email"]
    seen = asked(work, irina, {f"contact.{wrong}": {"value": RIGHT}, "city": "Berlin"})

    assert seen.state is RequestState.OPEN
    change = (seen.changes or {})[f"contact.{wrong}"]
    assert (change["before"]["value"], change["after"], change["applied"]) == (ADDRESS, {"value": RIGHT}, False)
    assert (change["grave"], (seen.changes or {})["city"]["applied"]) == (True, True)
    assert values(work, irina) == {("email", ADDRESS, True)}
    done = rights.start(by(work, staff("steward")), request=seen.id)
    assert (done.outcome, values(work, irina)) == (Outcome.DONE, {("email", RIGHT, True)})


def test_contacts_are_added_and_removed_the_harmless_ones_at_once(work: Work, irina: PersonView) -> None:
    old = customers.add_contact(work, subject=irina.id, contact=ContactSaid(kind="postal", value="Alte Gasse 1")).id
    wanted = {
        f"contact.{old}": None,
        "contact.new": {"kind": "postal", "value": "Neue Allee 2", "label": "home"},
        "contact.new2": {"kind": "phone", "value": "+491791234567"},
    }
    seen = asked(work, irina, wanted)

    assert {name: one["applied"] for name, one in (seen.changes or {}).items()} == {
        f"contact.{old}": True,
        "contact.new": True,
        "contact.new2": False,
    }
    assert values(work, irina) == {("email", ADDRESS, True), ("postal", "Neue Allee 2", True)}
    rights.start(by(work, staff("steward")), request=seen.id)
    assert ("phone", "+491791234567", True) in values(work, irina)


def test_extra_fields_change_at_once_unless_they_are_special_or_about_money(work: Work, irina: PersonView) -> None:
    for key, more in {
        "shoe_size": {},
        "allergy": {"sensitivity": Sensitivity.SPECIAL, "category": "user.health_and_medical"},
        "credit": {"compartment": Compartment.FINANCE},
    }.items():
        given = {"category": "user", "labels": Titles(key, key, key), "type": ExtraType.TEXT, **more}
        define(work, key=key, **given)  # type: ignore[arg-type]  # as the loop has it
    customers.edit(work, subject=irina.id, patch={"extra": {"shoe_size": "38"}})
    seen = asked(work, irina, {"extra.shoe_size": "39", "extra.allergy": "nuts", "extra.credit": "gold"})

    told = seen.changes or {}
    assert (told["extra.shoe_size"]["before"], told["extra.shoe_size"]["applied"]) == ("38", True)
    assert [told[name]["applied"] for name in ("extra.allergy", "extra.credit")] == [False, False]
    done = rights.start(work, request=seen.id)
    assert all(one["applied"] for one in (done.changes or {}).values())


@pytest.mark.parametrize(
    "changes",
    [
        {"contact.new": {"kind": "email", "value": "no address"}},
        {"contact.new": {"value": RIGHT}},
        {"contact.new": RIGHT},
        {f"contact.{uuid7()}": {"kind": "email"}},
        {"contact.somewhere": {"value": RIGHT}},
        {"extra.unheard_of": "1"},
        {"subject_ref": "x"},
    ],
)
def test_what_cannot_be_rectified_is_refused_by_field_and_not_told_back(
    work: Work, irina: PersonView, changes: dict[str, object]
) -> None:
    with pytest.raises(InvalidError) as refused:
        asked(work, irina, changes)
    assert all(key.startswith("changes.") for key in refused.value.errors)
    assert RIGHT not in str(refused.value.errors)


def test_a_contact_of_somebody_else_is_not_touched(work: Work, irina: PersonView) -> None:
    other = person(work, address="other@example.org")
    theirs = contacts(work, other)["email"]
    seen = asked(work, irina, {f"contact.{theirs}": None, "city": "Berlin"})
    with pytest.raises(NotFoundError), work.session.begin_nested():
        rights.start(work, request=seen.id)
    assert rights.start(work, request=seen.id, fields=[]).outcome is Outcome.DONE
    assert values(work, other) == {("email", "other@example.org", True)}


def test_the_right_contact_that_is_there_already_lets_the_wrong_one_go(work: Work, irina: PersonView) -> None:
    customers.add_contact(work, subject=irina.id, contact=ContactSaid(kind="email", value=RIGHT))
    wrong = next(one.id for one in customers.read(work, subject=irina.id).contacts if one.is_primary)
    seen = asked(work, irina, {f"contact.{wrong}": {"value": RIGHT}})
    rights.start(work, request=seen.id)
    assert values(work, irina) == {("email", RIGHT, True)}


def test_what_a_guardian_asks_is_compared_and_waits_for_a_steward(work: Work, irina: PersonView) -> None:
    seen = asked(work, irina, {"city": "Berlin"}, asking=Asking.GUARDIAN, asker="Mutter")
    assert (seen.changes or {})["city"] == {"before": "Псков", "after": "Berlin", "applied": False, "grave": False}
    assert rights.start(work, request=seen.id).outcome is Outcome.DONE


def test_where_a_restriction_stands_the_harmless_waits_as_well(work: Work, irina: PersonView) -> None:
    customers.restrict(work, subject=irina.id, reason=RestrictionReason.UNLAWFUL)
    seen = asked(work, irina, {"city": "Berlin", "contact.new": {"kind": "postal", "value": "Allee 2"}})
    assert not any(one["applied"] for one in (seen.changes or {}).values())


def test_recipients_of_what_was_corrected_are_to_be_told_and_tracked(work: Work, irina: PersonView) -> None:
    letters(work)
    disclosures.disclose(work, recipient_key="letters", people=[irina.id], fields=["person.city"], purpose="service")
    other = letters(work, key="mailer", name="Mailer GmbH", fields=["contact.email"])
    disclosures.disclose(work, recipient_key="mailer", people=[irina.id], fields=["contact.email"], purpose="service")
    wrong = contacts(work, irina)["email"]
    seen = asked(work, irina, {"city": "Berlin", f"contact.{wrong}": {"value": RIGHT}})

    # The address is contested, so the data are restricted, which all recipients hear of (Art. 18, 19).
    assert {one.name: one.fields for one in seen.recipients} == {
        "Letters GmbH": ("person.city", "restriction"),
        "Mailer GmbH": ("restriction",),
    }
    rights.note_recipient_told(work, request=seen.id, recipient=other.id)
    done = rights.start(work, request=seen.id)
    told = {one.name: (one.fields, one.told_at) for one in done.recipients}
    assert told["Mailer GmbH"] == (("contact.email", "restriction"), None)  # of what is new it knows nothing
    assert [one.id for one in rights.queue(work, untold=True)] == [seen.id]
    for one in done.recipients:
        rights.note_recipient_told(work, request=seen.id, recipient=one.recipient)
    assert rights.queue(work, untold=True) == []
    assert len(entries(work, Action.REQUEST_RECIPIENT_TOLD)) == 3


def test_telling_a_recipient_is_for_those_who_work_on_requests(work: Work, irina: PersonView) -> None:
    seen = asked(work, irina, {"city": "Berlin"})
    with pytest.raises(NoSuchRequestError):
        rights.note_recipient_told(work, request=seen.id, recipient=uuid7())
    with pytest.raises(ForbiddenError):
        rights.note_recipient_told(by(work, staff("auditor")), request=seen.id, recipient=uuid7())
