"""Alerts: kept until seen, told by mail, and without a personal value."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from governance.accounts import operations
from governance.accounts.errors import NoSuchAlertError
from governance.accounts.operations import AlertId, AlertKind
from governance.audit.actions import Action
from governance.audit.errors import EntryError
from governance.kernel.errors import ForbiddenError
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR
from governance.messages.tables import MessageRow
from governance.messages.texts import LANGUAGES, Template, render
from tests.factories.actors import by, staff
from tests.factories.signing import enrol
from tests.factories.trail import entries


@pytest.fixture
def officer(work):
    return enrol(work, "officer")


def mails(work):
    rows = work.session.scalars(select(MessageRow).where(MessageRow.template == Template.ALERT_RAISED.value))
    return [(row.recipient, row.content["values"]) for row in rows]


def test_an_alert_is_kept_told_to_officers_and_on_record(work, officer):
    enrol(work, "sales")
    about = enrol(work, "steward").id
    alert = operations.raise_alert(work, kind=AlertKind.QUOTA_EXCEEDED, staff=about, facts={"people": 51})
    [found] = operations.list_alerts(work)
    assert (found.id, found.kind, found.staff, found.facts) == (alert, AlertKind.QUOTA_EXCEEDED, about, {"people": 51})
    [(recipient, values)] = mails(work)
    assert recipient == officer.email
    assert values == {"kind": "quota_exceeded", "alert": str(alert), "at": "22 Nov 2026, 12:00 (UTC)"}
    [entry] = entries(work, Action.ALERT_RAISED)
    assert (entry.object.id, entry.facts["people"]) == (about, 51)


def test_free_text_is_no_fact_of_an_alert(work):
    with pytest.raises(EntryError):
        operations.raise_alert(work, kind=AlertKind.FACTOR_RESET, facts={"who": "Иван Петров"})


def test_whoever_saw_it_first_stays_on_record(work, officer):
    alert = operations.raise_alert(work, kind=AlertKind.UNUSUAL_READING, facts={})
    first = operations.see_alert(by(work, staff("officer", id=officer.id)), alert=alert)
    second = operations.see_alert(by(work, staff("officer")), alert=alert)
    assert first.seen_by == second.seen_by == officer.id
    assert operations.list_alerts(work, unseen=True) == []
    assert len(entries(work, Action.ALERT_SEEN)) == 1
    with pytest.raises(NoSuchAlertError):
        operations.see_alert(work, alert=AlertId(uuid4()))


def test_only_officers_mark_and_auditors_look(work):
    alert = operations.raise_alert(work, kind=AlertKind.UNUSUAL_READING, facts={})
    assert [one.id for one in operations.list_alerts(by(work, staff("auditor")))] == [alert]
    with pytest.raises(ForbiddenError):
        operations.see_alert(by(work, staff("auditor")), alert=alert)
    with pytest.raises(ForbiddenError):
        operations.list_alerts(by(work, staff("sales")))


def test_a_reset_factor_raises_one(work):
    anna = enrol(work, "steward")
    operations.reset_factor(replace(work, actor=OPERATOR), staff=anna.id)
    [found] = operations.list_alerts(work, limit=1)
    assert (found.kind, found.staff, found.facts) == (AlertKind.FACTOR_RESET, anna.id, {"by": "operator"})


def test_unseen_ones_are_a_finding_of_the_doctor(work):
    alert = operations.raise_alert(work, kind=AlertKind.UNUSUAL_READING, facts={})
    assert [one.code for one in operations.alert_findings(work)] == ["alerts-unseen"]
    operations.see_alert(work, alert=alert)
    assert operations.alert_findings(work) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_has_a_sentence_of_its_own_in_every_language(kind, language):
    values = {"kind": kind.value, "alert": "x", "at": "y"}
    assert kind.value not in render(Template.ALERT_RAISED, language, values).text
