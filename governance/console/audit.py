"""The audit log as officers read it: who, what, about whom, when; each entry with a proof to check in the browser."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, g, request

from governance.audit import operations as log
from governance.audit.actions import Action
from governance.audit.trail import Filter, Placed
from governance.console import audit_words, people, words, words_counts, words_facts, words_values
from governance.console.actions import label_of, labels
from governance.console.days import read_day
from governance.console.frame import page
from governance.console.guard import Visit, act, screen
from governance.console.place import current_console
from governance.kernel.ids import EntryId, SubjectRef
from governance.kernel.records import frozen

PART = "audit"
ROWS = 50
_FIELDS = ("actor", "action", "action_class", "subject", "outcome", "since", "until")


@frozen
class Row:
    """An entry in a list."""

    id: EntryId
    at: datetime
    who: str
    what: str
    subject: UUID | None
    outcome: str


@screen("/audit", "audit")
def search(visit: Visit, **_typed: object) -> Response:
    """Entries that match, newest first; whoever looks is told of in the log."""
    return _matching(visit, {name: request.args.get(name, "").strip()[:80] for name in _FIELDS})


@act("/audit/words", "ask_audit", shows=search, of="audit")
def ask(visit: Visit) -> Response:
    """The same, asked in words; they may name somebody, and so they are in no address."""
    said = request.form.get("words", "")[:200]
    outcomes = {code: name for code, (name, _mark) in words.outcomes().items()}
    today = visit.work.now.astimezone(ZoneInfo(g.get("zone", "UTC"))).date()
    heard = audit_words.heard(said, staff=people.staff_names(visit), labels=labels(), outcomes=outcomes, today=today)
    return _matching(visit, {name: heard.asked.get(name, "") for name in _FIELDS}, said=said, unheard=heard.unheard)


def _matching(visit: Visit, asked: Mapping[str, str], said: str = "", unheard: Sequence[str] = ()) -> Response:
    by, wrong = read_fields(asked)
    cursor = request.args.get("cursor") or None
    found = None if wrong else log.search(visit.work, by=by, cursor=cursor, limit=ROWS)
    known = people.names(visit)
    return page(
        visit,
        "audit",
        part=PART,
        tab="audit",
        asked=asked,
        said=said,
        unheard=", ".join(unheard),
        wrong=wrong,
        rows=[] if found is None else [_row(one, known) for one in found.entries],
        cursor=None if found is None else found.cursor,
        known=sorted(known.items(), key=lambda one: one[1].casefold()),
        actions=_grouped(),
        classes=words.classes(),
        outcomes=words.outcomes(),
        again={name: said for name, said in asked.items() if said},
    )


def read_fields(said: Mapping[str, str]) -> tuple[Filter, frozenset[str]]:
    """What to search by, and the fields that cannot be read."""
    wrong: set[str] = set()
    asked = {**dict.fromkeys(_FIELDS, ""), **said}

    def read(name: str, kind: type) -> object:
        try:
            return kind(asked[name]) if asked[name] else None
        except ValueError:
            wrong.add(name)
            return None

    actor, subject = read("actor", UUID), read("subject", UUID)
    since, until = read("since", Day), read("until", Day)
    return Filter(
        actor=actor if isinstance(actor, UUID) else None,
        action=asked["action"] or None,
        action_class=asked["action_class"] or None,
        subject=SubjectRef(subject) if isinstance(subject, UUID) else None,
        outcome=asked["outcome"] or None,
        since=since.begins() if isinstance(since, Day) else None,
        until=until.begins(after=1) if isinstance(until, Day) else None,
    ), frozenset(wrong)


class Day:
    """A day of the controller's zone."""

    def __init__(self, said: str) -> None:
        day = read_day(said)
        if day is None:
            raise ValueError("This is no day.")
        self.day = day

    def begins(self, *, after: int = 0) -> datetime:
        """When it begins, or so many days later."""
        return datetime.combine(self.day + timedelta(days=after), time(), ZoneInfo(g.get("zone", "UTC"))).astimezone(
            UTC
        )


def _row(placed: Placed, known: Mapping[UUID, str]) -> Row:
    entry = placed.entry
    who = people.called(known, entry.actor_kind, entry.actor_id)
    return Row(entry.eid, entry.at, who, label_of(entry.action), entry.subject, entry.outcome)


def _grouped() -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    told, classes = labels(), words.classes()
    return [
        (name, sorted(((one.value, told[one]) for one in Action if one.action_class == group), key=lambda one: one[1]))
        for group, name in classes.items()
    ]


@screen("/audit/<uuid:entry>", "audit_entry")
def entry_page(
    visit: Visit, entry: UUID, details: Mapping[str, str | None] | None = None, **_typed: object
) -> Response:
    """An entry in full."""
    placed = log.entry(visit.work, eid=EntryId(entry))
    known = people.names(visit)
    return page(
        visit,
        "audit_entry",
        part=PART,
        placed=placed,
        entry=placed.entry,
        who=people.called(known, placed.entry.actor_kind, placed.entry.actor_id),
        what=label_of(placed.entry.action),
        outcomes=words.outcomes(),
        classes=words.classes(),
        facts=words_values.facts(visit, placed.entry.facts, known, action=placed.entry.action),
        names=words_facts.names(),
        object_kind=words_counts.kind_of(placed.entry.object.kind) if placed.entry.object else "",
        details=details,
        opens=bool(placed.entry.personal) and visit.may_open("audit_details"),
        proves=visit.may_open("audit_proof"),
    )


@act("/audit/<uuid:entry>/details", "audit_details", shows=entry_page, of="audit_entry")
def open_details(visit: Visit, entry: UUID) -> Response:
    """Show what is sealed beside an entry; that is told in the log."""
    return entry_page(visit, entry, details=log.details(visit.work, eid=EntryId(entry)))


@screen("/audit/<uuid:entry>/proof", "audit_proof")
def proof(visit: Visit, entry: UUID) -> Response:
    """The proof of an entry, which the browser checks by itself."""
    found = log.inclusion_proof(visit.work, eid=EntryId(entry))
    document = {
        "leaf": None if found.leaf is None else _base64(found.leaf),
        "leaf_hash": _base64(found.leaf_hash),
        "index": found.index,
        "size": found.size,
        "path": [_base64(one) for one in found.path],
        "root": _base64(found.root),
        "checkpoint": found.checkpoint.decode(),
    }
    return page(
        visit,
        "audit_proof",
        part=PART,
        scripts=("proofs.js", "checks.js", "verify.js"),
        entry=entry,
        proof=found,
        document=json.dumps(document),
        pretty=json.dumps(document, indent=1),
        checkpoint=found.checkpoint.decode(),
        keys="\n".join(current_console().verifier_keys(visit.work)),
        leaf=None if found.leaf is None else found.leaf.decode(),
    )


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
