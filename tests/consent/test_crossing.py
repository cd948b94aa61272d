"""What is said at the same moment, by real connections: the stricter answer stays, whoever comes first."""

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import update

from governance.consent import operations as consent
from governance.customers.tables import PersonRow
from governance.kernel.db import Database
from governance.kernel.ids import SubjectId
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import EventKind, Standing
from governance.policies.purposes import Channel
from tests.factories.racing import at_once
from tests.factories.saying import mail, notice, said, someone

Act = Callable[..., None]
STOPPED = {Standing.WITHDRAWN, Standing.OBJECTED, Standing.REFUSED}
ROUNDS = 6


def give(work: Work, *, survivor: SubjectId, subject: SubjectId) -> None:
    consent.record(work, event=said(EventKind.CONFIRMED, subject=subject))


def give_to_survivor(work: Work, *, survivor: SubjectId, subject: SubjectId) -> None:
    consent.record(work, event=said(EventKind.CONFIRMED, subject=survivor))


def withdraw(work: Work, *, survivor: SubjectId, subject: SubjectId) -> None:
    consent.record(work, event=said(EventKind.WITHDRAWN, subject=subject))


def refuse_in_a_batch(work: Work, *, survivor: SubjectId, subject: SubjectId) -> None:
    consent.record_many(
        work,
        events=[
            said(EventKind.REFUSED, subject=subject),
            said(EventKind.REQUESTED, subject=survivor, channel=Channel.SMS),
        ],
    )


def merge(work: Work, *, survivor: SubjectId, subject: SubjectId) -> None:
    work.session.execute(update(PersonRow).where(PersonRow.id == subject).values(merged_into=survivor))
    consent.merge(work, into=survivor, other=subject)


@pytest.mark.parametrize(
    "acts",
    [
        (give, withdraw),
        (give, refuse_in_a_batch),
        (withdraw, merge),
        (refuse_in_a_batch, merge),
        (give, withdraw, merge),
        (give_to_survivor, withdraw, merge),
        (give_to_survivor, refuse_in_a_batch, merge),
    ],
    ids=lambda acts: "+".join(act.__name__ for act in acts),
)
def test_of_what_happens_at_once_the_stop_stays(
    fresh_database: Database, acts: tuple[Callable[..., None], ...]
) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        notice(work)
        pairs = [
            (someone(work, f"a{number}@example.org"), someone(work, f"b{number}@example.org"))
            for number in range(ROUNDS)
        ]
    for survivor, subject in pairs:
        assert at_once(fresh_database, *(partial(act, survivor=survivor, subject=subject) for act in acts)) == []
    merged = merge in acts
    for survivor, subject in pairs:
        with open_work(fresh_database, SYSTEM) as work:
            found = consent.states_of(work, subject=survivor if merged else subject).items
            assert [one.state.standing in STOPPED for one in found if one.channel is Channel.EMAIL] == [True]
            assert consent.rebuild(work, repair=False).differences == ()


@pytest.mark.parametrize("scope", [Scope.PURPOSE, Scope.ADVERTISING])
def test_of_a_consent_and_a_stop_by_contact_at_once_the_stop_stays(fresh_database: Database, scope: Scope) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        notice(work)
        people = {f"a{number}@example.org": someone(work, f"a{number}@example.org") for number in range(2 * ROUNDS)}

    def stop(work: Work, *, address: str) -> None:
        consent.stop_many(
            work,
            contacts=[mail(address)],
            channel=Channel.EMAIL,
            scope=scope,
            reason=SuppressionReason.UNSUBSCRIBED,
            purpose="newsletter" if scope is Scope.PURPOSE else None,
        )

    for address, subject in people.items():
        assert (
            at_once(fresh_database, partial(give, survivor=subject, subject=subject), partial(stop, address=address))
            == []
        )
    with open_work(fresh_database, SYSTEM) as work:
        asked = consent.Asked("newsletter", Channel.EMAIL)
        verdicts = consent.check(work, question=asked, contacts=list(people)).verdicts
        assert not any(one.allowed for one in verdicts)


def test_stops_of_one_contact_said_at_once_leave_one_line_standing(fresh_database: Database) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        notice(work)
        someone(work, "a@example.org")

    def stop(work: Work) -> None:
        consent.stop_many(
            work,
            contacts=[mail("a@example.org"), mail("b@example.org")],
            channel=Channel.EMAIL,
            scope=Scope.ADVERTISING,
            reason=SuppressionReason.UNSUBSCRIBED,
        )

    for _ in range(ROUNDS):
        assert at_once(fresh_database, stop, stop, stop) == []
    with open_work(fresh_database, SYSTEM) as work:
        found = consent.lines(work, contact=mail("a@example.org"), channel=Channel.EMAIL)
        assert [one.lifted_at is None for one in found].count(True) == 1
        assert max(one.at for one in found) == next(one.at for one in found if one.lifted_at is None)


def test_a_consent_that_waited_for_a_stop_did_not_have_it_before_it(fresh_database: Database) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        notice(work)
        subject = someone(work)
    with open_work(fresh_database, SYSTEM) as stopping:
        consent.record(stopping, event=said(EventKind.WITHDRAWN, subject=subject))
        found: list[consent.Recorded] = []

        def consenting() -> None:
            with open_work(fresh_database, SYSTEM) as work:
                found.append(consent.record(work, event=said(EventKind.CONFIRMED, subject=subject)))

        time.sleep(1.1)  # longer than what counts as crossing, so that only the wait tells
        thread = threading.Thread(target=consenting)
        thread.start()
        thread.join(0.4)
        assert thread.is_alive()
    thread.join(10)
    assert found[0].state.standing is Standing.WITHDRAWN
