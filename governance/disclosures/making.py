"""Gathering an export, part by part: who may be reached now, what of them may be told, sealed at once.

Each part is one transaction which also says how far the export is: whoever is killed leaves neither half of a part nor
one twice, and the next run goes on there, in the memory of one part.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from itertools import islice
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select

from governance.accounts import operations as accounts
from governance.accounts.operations import AlertKind
from governance.audit import operations as audit
from governance.audit.actions import Action, Outcome
from governance.audit.entries import Fact, ObjectRef
from governance.consent import operations as consent
from governance.consent.codes import CONTACTS_OF
from governance.consent.operations import Asked
from governance.customers import operations as customers
from governance.customers.codes import ContactKind
from governance.customers.handing import Handed, columns_of, handed
from governance.customers.holders import contact_used, find_known
from governance.customers.references import next_people
from governance.disclosures.formats import pack_rows
from governance.disclosures.prints import pack, prints_of
from governance.disclosures.records import ExportId, ExportState, LeftOut
from governance.disclosures.rows import locked_export
from governance.disclosures.standing import require_standing
from governance.disclosures.tables import DisclosurePersonRow, ExportChunkRow, ExportPrintRow, ExportRow, SelectionRow
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.errors import GovernanceError, UnavailableError
from governance.kernel.ids import StaffId, SubjectId, uuid7
from governance.kernel.logs import get_logger
from governance.kernel.records import frozen
from governance.kernel.work import SYSTEM, ActorKind, Work, open_work
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel

PEOPLE: Final = 1_000
"""Looked at in one part."""
FETCHED_WITHIN: Final = timedelta(hours=24)

log = get_logger(__name__)


@frozen
class Progress:
    """How far an export is, in people."""

    considered: int
    total: int


OnProgress = Callable[[Progress], None]


def make(
    database: Database, *, export: ExportId, clock: Clock | None = None, on_progress: OnProgress | None = None
) -> None:
    """Gather all that is left of an export; one that is not being made is left as it is.

    What refuses to be done is marked as failed; what may go well later is raised, and tried again by the queue.

    Raises:
        NoSuchExportError: where there is none.
    """
    while True:
        try:
            with open_work(database, SYSTEM, clock=clock) as work:
                progress = make_next(work, export=export)
        except UnavailableError:
            raise
        except GovernanceError as error:
            with open_work(database, SYSTEM, clock=clock) as work:
                _fail(work, export, error)
            return
        if progress is None:
            return
        if on_progress is not None:
            on_progress(progress)


def make_next(work: Work, *, export: ExportId) -> Progress | None:
    """Gather the next part of an export; None where nothing was left to do.

    Raises:
        NoSuchExportError: where there is none.
        ExporterLeftError, RetiredRecipientError, AlteredError: where it may not go where it was approved to go.
    """
    row = locked_export(work, export)
    if row.state != ExportState.MAKING.value:
        return None
    require_standing(work, row)
    asked, looked_at = _next_people(work, row)
    if looked_at == 0:
        _finish(work, row)
        return None
    left_out: Counter[str] = Counter(row.left_out)
    left_out[LeftOut.GONE.value] += looked_at - len(asked)
    rows, decisions = _gather(work, row, asked, left_out)
    _keep(work, row, rows)
    row.considered += looked_at
    row.rows += len(rows)
    row.left_out = {reason: count for reason, count in left_out.items() if count}
    if row.selection_id is None:
        row.after = asked[-1]
    work.session.flush()
    refs = b"".join(sorted(one.ref.bytes for one in rows))
    facts: dict[str, Fact] = {
        "part": row.parts,
        "considered": looked_at,
        "rows": len(rows),
        "checks": decisions,
        "people": sha256(refs).hexdigest(),
    }
    audit.append(work, Action.EXPORT_PART_MADE, object=ObjectRef("export", row.id), facts=facts)
    return Progress(row.considered, max(row.total, row.considered))


def _next_people(work: Work, row: ExportRow) -> tuple[list[SubjectId], int]:
    """People to look at, and how many places of the list were gone through for them."""
    if row.selection_id is None:
        after = None if row.after is None else SubjectId(row.after)
        found = next_people(work, permission=Permission.EXPORTS_MAKE, after=after, limit=PEOPLE)
        return found, len(found)
    part = SelectionRow.people[row.considered + 1 : row.considered + PEOPLE]
    query = select(part).where(SelectionRow.id == row.selection_id)
    chosen: Sequence[UUID] = work.session.scalar(query) or ()
    known = find_known(work, [SubjectId(one) for one in chosen])
    return [SubjectId(one) for one in chosen if one in known and known[SubjectId(one)].id == one], len(chosen)


def _gather(
    work: Work, row: ExportRow, people: Sequence[SubjectId], left_out: Counter[str]
) -> tuple[list[Handed], list[Fact]]:
    unreviewed = customers.unreviewed(work, people)
    asked = [one for one in people if one not in unreviewed]
    left_out[LeftOut.UNREVIEWED.value] += len(people) - len(asked)
    if not asked:
        return [], []
    channels = [Channel(one) for one in row.channels]
    allowed, decisions = _reachable(work, row, asked, channels, left_out)
    columns = columns_of(work, row.fields)
    may: list[SubjectId] = [one for one in asked if one in allowed]
    contacts = {(person, kind) for person in may for kind in allowed[person]}
    return handed(work, people=may, columns=[columns[name] for name in row.fields], contacts=contacts), decisions


def _reachable(
    work: Work, row: ExportRow, people: Sequence[SubjectId], channels: Sequence[Channel], left_out: Counter[str]
) -> tuple[Mapping[SubjectId, set[ContactKind]], list[Fact]]:
    """By person who may be reached, the kinds of contact that may be handed out; and the decisions."""
    allowed: dict[SubjectId, set[ContactKind]] = {}
    reasons: dict[SubjectId, str] = {}
    decisions: list[Fact] = []
    for channel in channels:
        question = Asked(purpose=row.purpose, channel=channel, campaign=f"export:{row.id}")
        done = consent.check(work, question=question, people=people)
        decisions.append(done.decision)
        if done.used:
            consent.note_use(work, purpose=row.purpose, channel=channel, people=done.used)
        for person, verdict in zip(people, done.verdicts, strict=True):
            if verdict.allowed:
                allowed.setdefault(person, set())
            else:
                reasons.setdefault(person, verdict.reason.value)
        yes = [person for person, verdict in zip(people, done.verdicts, strict=True) if verdict.allowed]
        for person, kind in _asked_about(work, channel, yes):
            allowed[person].add(kind)
    left_out.update(reason for person, reason in reasons.items() if person not in allowed)
    return allowed, decisions


def _asked_about(work: Work, channel: Channel, people: Sequence[SubjectId]) -> Iterator[tuple[SubjectId, ContactKind]]:
    """Which contact of each of *people* the send check was about; where a channel takes several, the first there is."""
    kinds = CONTACTS_OF[channel]
    if len(kinds) < 2:
        yield from ((person, kind) for kind in kinds for person in people)
        return
    used = contact_used(work, dict.fromkeys(people, frozenset(kinds)))
    for person in people:
        yield from islice(((person, kind) for kind in kinds if (person, kind) in used), 1)


def _keep(work: Work, row: ExportRow, rows: Sequence[Handed]) -> None:
    if not rows:
        return
    row.parts += 1
    key = row.print_key or b""
    prints = prints_of(key, ((one.id, one.version, one.values) for one in rows))
    work.session.add_all(
        [
            ExportChunkRow(
                id=uuid7(),
                owner_id=row.content_owner_id,
                export_id=row.id,
                number=row.parts,
                payload=pack_rows([one.values for one in rows]),
            ),
            ExportPrintRow(id=uuid7(), owner_id=row.owner_id, export_id=row.id, number=row.parts, prints=pack(prints)),
        ]
    )
    work.session.execute(insert(DisclosurePersonRow), [{"disclosure_id": row.id, "person_id": one.id} for one in rows])


def _finish(work: Work, row: ExportRow) -> None:
    row.state, row.ready_at = ExportState.READY.value, work.now
    row.expires_at = work.now + FETCHED_WITHIN
    work.session.flush()
    facts: dict[str, Fact] = {"rows": row.rows, "left_out": dict(row.left_out), "until": row.expires_at}
    audit.append(work, Action.EXPORT_READY, object=ObjectRef("export", row.id), facts=facts)
    told: dict[str, Fact] = {"export": row.id, "rows": row.rows, "purpose": row.purpose, "recipient": row.recipient_id}
    accounts.raise_alert(work, kind=AlertKind.EXPORT_READY, staff=_staff(row), facts=told)


def _staff(row: ExportRow) -> StaffId | None:
    is_staff = row.exporter is not None and row.exporter_kind == ActorKind.STAFF.value
    return StaffId(row.exporter) if is_staff and row.exporter is not None else None


def _fail(work: Work, export: ExportId, error: GovernanceError) -> None:
    row = locked_export(work, export)
    row.state, row.failure, row.failure_words = ExportState.FAILED.value, error.slug, error.in_words()
    work.session.flush()
    log.warning("exports.failed", export=str(row.id), slug=error.slug)
    audit.append(
        work,
        Action.EXPORT_FAILED,
        object=ObjectRef("export", row.id),
        facts={"failure": error.slug},
        outcome=Outcome.FAILED,
    )
    told: dict[str, Fact] = {"export": row.id, "failure": error.slug, "recipient": row.recipient_id}
    accounts.raise_alert(work, kind=AlertKind.EXPORT_FAILED, staff=_staff(row), facts=told)
