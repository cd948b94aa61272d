"""Who read the log: all that was searched, opened, proved, verified and taken along, in one list."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from flask import Response, request
from flask_babel import gettext, ngettext

from governance.audit import operations as log
from governance.audit.actions import Action
from governance.audit.entries import Entry
from governance.console import people
from governance.console.actions import label_of, labels
from governance.console.audit import PART, ROWS, read_fields
from governance.console.frame import page
from governance.console.guard import Visit, screen
from governance.console.words_codes import conditions
from governance.kernel.ids import EntryId
from governance.kernel.records import frozen

_FIELDS: Final = ("actor", "action", "since", "until")
_CODES: Final = {one.value: one for one in log.READINGS}


@frozen
class Reading:
    """A reading of the log, in words.

    Attributes:
        id: of the entry that tells of it.
        entry: the one that was opened.
        subject: whose entries were asked for, by their name in the log.
        what: what was asked, and how much was found; which conditions, never what they were filled with.
    """

    id: EntryId
    at: datetime
    who: str
    how: str
    entry: UUID | None
    subject: UUID | None
    what: str


@screen("/audit/readers", "audit_readers")
def readers(visit: Visit) -> Response:
    """Who read the log, newest first; whoever looks is told of in it, too."""
    asked = {name: request.args.get(name, "").strip()[:80] for name in _FIELDS}
    by, wrong = read_fields(asked)
    found = None
    if not wrong:
        found = log.who_read(
            visit.work,
            action=_CODES.get(asked["action"]),
            actor=by.actor,
            since=by.since,
            until=by.until,
            cursor=request.args.get("cursor") or None,
            limit=ROWS,
        )
    known, told = people.names(visit), labels()
    return page(
        visit,
        "audit_readers",
        part=PART,
        tab="audit_readers",
        asked=asked,
        wrong=wrong,
        rows=[] if found is None else [_row(one, known) for one in found.entries],
        cursor=None if found is None else found.cursor,
        known=sorted(known.items(), key=lambda one: one[1].casefold()),
        actions=[(one.value, told[one]) for one in log.READINGS],
        again={name: said for name, said in asked.items() if said},
    )


def _row(entry: Entry, known: Mapping[UUID, str]) -> Reading:
    opened = entry.object.id if entry.object is not None and entry.object.kind == "audit-entry" else None
    who = people.called(known, entry.actor_kind, entry.actor_id)
    return Reading(entry.eid, entry.at, who, label_of(entry.action), opened, entry.subject, _asked(entry))


def _asked(entry: Entry) -> str:
    facts = entry.facts
    if entry.action == Action.AUDIT_SEARCHED.value:
        named, by = conditions(), facts.get("by")
        told = [named.get(str(one), str(one)) for one in by] if isinstance(by, list) else []
        found = ngettext("%(num)d entry found", "%(num)d entries found", _count(facts.get("found")))
        return "; ".join([", ".join(told) or gettext("everything"), found])
    if entry.action == Action.AUDIT_EXPORTED.value:
        return str(ngettext("%(num)d entry", "%(num)d entries", _count(facts.get("size"))))
    if entry.action == Action.AUDIT_VERIFIED.value:
        looked = ngettext("%(num)d entry", "%(num)d entries", _count(facts.get("entries")))
        differing = ngettext("%(num)d difference", "%(num)d differences", _count(facts.get("differences")))
        return f"{looked}; {differing}"
    if "entries" in facts:
        return str(ngettext("%(num)d entry", "%(num)d entries", _count(facts["entries"])))
    return ""


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
