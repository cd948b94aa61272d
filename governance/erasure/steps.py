"""What each step does, for any number of people in few statements. Each may be run again, and does the rest then."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, LiteralString

from sqlalchemy import text

from governance.audit import operations as audit
from governance.consent import operations as consent
from governance.custody.shredding import Reason, shred
from governance.customers import operations as customers
from governance.disclosures import operations as disclosures
from governance.erasure.records import COMPARTMENT_OF, EMPTIED, ENDED, LINES, OriginKind, Step
from governance.erasure.shedding import shed
from governance.erasure.stores import Store, of_step
from governance.erasure.targets import Target
from governance.kernel.arrays import uuids
from governance.kernel.db import driver_connection, one_trip
from governance.kernel.ids import OwnerId, SubjectId
from governance.kernel.work import Work
from governance.messages import operations as messages
from governance.policies import shipped
from governance.policies.classification import Compartment

SEALED: Final = tuple(one for one in Compartment if one is not Compartment.OPERATION)
"""Compartments that the keys of a person seal."""
_NEEDED_WHILE_HELD: Final = frozenset({Compartment.EVIDENCE, Compartment.AUDIT})
"""Why a hold is released is sealed under these keys of the very person."""

_READABLE: Final = (
    *("language", "country", "source", "ground", "customer_since", "inform_by", "informed_at", "responsible_id"),
    *("deceased_at", "age_at_least", "batch_id"),
)
_RECIPIENTS: Final[LiteralString] = """
INSERT INTO erasure_recipient (erasure_id, recipient_id, disclosures)
SELECT %(erasure)s, disclosure.recipient_id, array_agg(DISTINCT disclosure.id) FROM disclosure_person
JOIN disclosure ON disclosure.id = disclosure_id AND disclosure.at IS NOT NULL
WHERE person_id = ANY(%(records)s) GROUP BY disclosure.recipient_id
ON CONFLICT DO NOTHING
"""
# Whoever cannot be deleted yet may only be stored (GDPR Art. 18); officers see who it is by the hold alone.
_RESTRICT: Final[LiteralString] = """
INSERT INTO person_restriction (id, person_id, reason, placed_at)
SELECT gen_random_uuid(), id, 'needed_for_claims', %(now)s FROM person
WHERE id = ANY(%(records)s) AND merged_into IS NULL ON CONFLICT DO NOTHING
"""
_NEW_NAMES: Final[LiteralString] = "SELECT erasure_rename(%(erasure)s)"
_UNTIE_MESSAGES: Final[LiteralString] = """
WITH gone AS MATERIALIZED (SELECT array_agg(id) AS ids FROM contact WHERE person_id = ANY(%(records)s))
UPDATE message SET contact_ids = ARRAY(SELECT unnest(contact_ids) EXCEPT SELECT unnest(gone.ids))
FROM gone WHERE contact_ids <> '{}' AND contact_ids && gone.ids
"""
_WITHOUT_PERSON: Final[LiteralString] = """
UPDATE purchase SET person_id = NULL WHERE person_id = ANY(%(records)s)
"""
_EXTRAS_WITHOUT_PERSON: Final[LiteralString] = """
UPDATE extra_value SET person_id = NULL WHERE person_id = ANY(%(records)s)
"""
_FORGET_HISTORY: Final[LiteralString] = "DELETE FROM person_history WHERE person_id = ANY(%(records)s)"
_FORGET_CONTACT_HISTORY: Final[LiteralString] = "DELETE FROM contact_history WHERE person_id = ANY(%(records)s)"
_CAME_SINCE: Final[LiteralString] = """
SELECT EXISTS (SELECT FROM contact WHERE person_id = ANY(%(records)s)),
    EXISTS (SELECT FROM audit_detail WHERE owner_id = ANY(%(owners)s))
"""
_GOING_ALONG: Final[LiteralString] = """
SELECT (SELECT count(*) FROM duplicate_pair WHERE first_id = ANY(%(records)s) OR second_id = ANY(%(records)s)),
    (SELECT count(*) FROM import_kept WHERE person_id = ANY(%(records)s)),
    (SELECT count(*) FROM person_sign WHERE person_id = ANY(%(records)s)),
    (SELECT count(*) FROM person_history WHERE person_id = ANY(%(records)s))
"""


@dataclass(frozen=True)
class Task:
    """What a step works on.

    Attributes:
        waiting: compartments that are kept or held, and stay readable.
        held: whether a hold stands, so that the person's own row stays, emptied and restricted.
        at_once: whether all steps are done in one transaction, so that what is deleted need not be emptied before.
    """

    work: Work
    erasure: object
    targets: Sequence[Target]
    origin: OriginKind
    waiting: frozenset[Compartment]
    held: bool
    at_once: bool = False

    @property
    def people(self) -> list[SubjectId]:
        """The people, by the ids of their own rows."""
        return [one.person for one in self.targets]

    @cached_property
    def named(self) -> Mapping[str, object]:
        """Parameters of the statements."""
        return {
            "records": uuids(self.records),
            "owners": uuids(self.owners),
            "erasure": self.erasure,
            "now": self.work.now,
        }

    @cached_property
    def records(self) -> list[SubjectId]:
        """Ids of all records."""
        return [SubjectId(record) for one in self.targets for record in one.records]

    @cached_property
    def owners(self) -> list[OwnerId]:
        """Key owners of all records."""
        return [OwnerId(owner) for one in self.targets for owner in one.owners]


Counts = dict[str, int]


def do(step: Step, task: Task) -> Counts:
    """Do one step; answers how many rows went, by table."""
    return _ACTS[step](task)


def shred_what_may_go(task: Task) -> int:
    """Shred the key owners, or all of their compartments but those that wait; answers how many keys that destroyed."""
    waiting = task.waiting | (_NEEDED_WHILE_HELD if task.held else frozenset())
    reason = Reason.RETENTION_ENDED if task.origin is OriginKind.POLICY_RUN else Reason.ERASURE_REQUEST
    going = [one for one in SEALED if one not in waiting] if waiting else None
    return shred(task.work, owners=task.owners, reason=reason, compartments=going).keys


def _suppress(task: Task) -> Counts:
    count = consent.suppress_erased(task.work, people=task.records, at_once=task.at_once and not task.held)
    return {LINES: count}


def _withdraw(task: Task) -> Counts:
    ended = consent.end_erased(task.work, people=task.records, asked=task.origin is not OriginKind.POLICY_RUN)
    return {ENDED: ended}


def _outgoing(task: Task) -> Counts:
    work = task.work
    values = customers.values_of_contacts(work, task.records) if _anything_waits(work) else []
    counts = {
        "message": messages.cancel(work, recipients=[one.value for one in values]),
        "consent_request": consent.forget_requests(work, contacts=values),
        "portal_session": _end_visits(task),
    }
    exports = disclosures.exports_about(work, people=task.records)
    counts["export"] = sum(disclosures.destroy(work, export=one) for one in exports)
    counts |= shed(work, people=task.records)
    _run(task, _UNTIE_MESSAGES)
    _run(task, _RECIPIENTS)
    return counts


def _anything_waits(work: Work) -> bool:
    waits = "SELECT EXISTS (SELECT FROM message WHERE NOT forgotten) OR EXISTS (SELECT FROM consent_request)"
    return bool(work.session.scalar(text(waits)))


def _end_visits(task: Task) -> int:
    cursor = driver_connection(task.work.session)
    sessions = cursor.execute(
        "SELECT id, owner_id FROM portal_session WHERE person_id = ANY(%(records)s) FOR UPDATE", task.named
    ).fetchall()
    if not sessions:
        return 0
    ids = {"ids": [one for one, _ in sessions]}
    owners = {owner for _, owner in sessions}
    codes = cursor.execute("DELETE FROM portal_code WHERE session_id = ANY(%(ids)s) RETURNING owner_id", ids)
    owners |= {owner for (owner,) in codes.fetchall()}
    cursor.execute("DELETE FROM portal_session WHERE id = ANY(%(ids)s)", ids)
    shred(task.work, owners=[OwnerId(one) for one in owners], reason=Reason.ERASURE_REQUEST)
    return len(sessions)


def _statement(store: Store) -> str:
    further = f" AND {store.where}" if store.where else ""
    return f"DELETE FROM {store.table} WHERE {store.by.value}{further}"  # noqa: S608 - names of our own


def _delete(step: Step) -> Callable[[Task], Counts]:
    statements = [(one.table, _statement(one)) for one in of_step(step)]

    def delete(task: Task) -> Counts:
        with one_trip(task.work.session) as connection:
            done = [(table, connection.execute(statement, task.named)) for table, statement in statements]
        counts: Counts = {}
        for table, cursor in done:
            counts[table] = counts.get(table, 0) + cursor.rowcount
        return counts

    return delete


def _contact(task: Task) -> Counts:
    # Some may have come since the first step: by hand, or with a record that was merged.
    came = {} if task.at_once else _suppress(task)
    # Deleting a contact writes what it was into its history: that goes, too, and was no row of theirs before.
    before = _run(task, _FORGET_CONTACT_HISTORY)
    counts = {**came, **_delete(Step.CONTACT)(task), "contact_history": before}
    _run(task, _FORGET_CONTACT_HISTORY)
    return counts


def _profile(task: Task) -> Counts:
    counts = _delete(Step.PROFILE)(task)
    if task.at_once and not task.held:
        return counts
    sealed = [f"{name}_sealed" for name in shipped.catalogue().tables["person"].fields]
    emptied = ", ".join(f"{name} = NULL" for name in (*sealed, *_READABLE))
    statement = f"UPDATE person SET {emptied}, version = version + 1 WHERE id = ANY(%(records)s)"  # noqa: S608 (as above)
    counts["person_history"] = _run(task, _FORGET_HISTORY)
    counts[EMPTIED] = _run(task, statement)
    _run(task, _FORGET_HISTORY)  # what emptying wrote
    return counts


def _evidence(task: Task) -> Counts:
    counts = _delete(Step.EVIDENCE)(task)
    [(gone,)] = (
        driver_connection(task.work.session)
        .execute("SELECT erasure_forget_evidence(%(erasure)s)", task.named)
        .fetchall()
    )
    return {**counts, "consent_event": int(gone)}


def _trail(task: Task) -> Counts:
    counts = _delete(Step.TRAIL)(task)
    counts["audit_detail"] = audit.forget_details(task.work, owners=task.owners)
    if task.held:
        _run(task, _NEW_NAMES)
        _run(task, _RESTRICT)
    return counts


def _record(task: Task) -> Counts:
    counts = Counter[str]() if task.at_once else _what_came_since(task)
    if Compartment.FINANCE in task.waiting:
        _run(task, _WITHOUT_PERSON)
        _run(task, _EXTRAS_WITHOUT_PERSON)
    [going] = driver_connection(task.work.session).execute(_GOING_ALONG, task.named).fetchall()
    counts.update(dict(zip(("duplicate_pair", "import_kept", "person_sign", "person_history"), going, strict=True)))
    counts.update(_delete(Step.RECORD)(task))
    return counts


def _what_came_since(task: Task) -> Counter[str]:
    """Remove what was recorded of the person after its step was done: from here on nobody can record anything."""
    _run(task, "SELECT id FROM person WHERE id = ANY(%(records)s) ORDER BY id FOR UPDATE")
    cursor = driver_connection(task.work.session).execute(_CAME_SINCE, task.named)
    [(reachable, details)] = cursor.fetchall()
    if reachable:
        _suppress(task)
    if Compartment.EVIDENCE in task.waiting:
        _withdraw(task)
    counts = shed(task.work, people=task.records)
    for step, compartment in COMPARTMENT_OF.items():
        if compartment not in task.waiting:
            counts.update(_ACTS[step](task))
    if details:
        counts.update(_trail(task))
    return counts


def _keys(task: Task) -> Counts:
    return {"data_key": shred_what_may_go(task)}


def _run(task: Task, statement: str) -> int:
    return driver_connection(task.work.session).execute(statement, task.named).rowcount


_ACTS: Final[Mapping[Step, Callable[[Task], Counts]]] = {
    Step.SUPPRESS: _suppress,
    Step.WITHDRAW: _withdraw,
    Step.OUTGOING: _outgoing,
    Step.BEHAVIOUR: _delete(Step.BEHAVIOUR),
    Step.CONTACT: _contact,
    Step.PROFILE: _profile,
    Step.FINANCE: _delete(Step.FINANCE),
    Step.EVIDENCE: _evidence,
    Step.TRAIL: _trail,
    Step.RECORD: _record,
    Step.KEYS: _keys,
}


def waiting_of(steps: Collection[Step]) -> frozenset[Compartment]:
    """The compartments of steps that wait."""
    return frozenset(COMPARTMENT_OF[one] for one in steps if one in COMPARTMENT_OF)
