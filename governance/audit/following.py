"""Following the log from a place in it: what came after, in the order of the tree, without gaps.

Sequencers lock the head of a tree, so places become visible in their order and none appears between two that were seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select, true, tuple_

from governance.audit.actions import Action
from governance.audit.entries import Entry, Json, ObjectRef, decode
from governance.audit.tables import BodyRow, EntryRow, HeadRow, LeafRow
from governance.kernel.errors import ConflictError
from governance.kernel.ids import EntryId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work


class Place(NamedTuple):
    """Where an entry stands; places compare as the log is ordered.

    Attributes:
        tree_id: 1, 2, 3...
        seq: from 0 in each tree; -1 is before its first entry.
    """

    tree_id: int
    seq: int


BEGINNING = Place(1, -1)


@frozen
class PlacedFacts:
    """What an entry of the log tells, and its place.

    Attributes:
        action: its code.
        subject: random reference of the person concerned.
    """

    place: Place
    eid: EntryId
    at: datetime
    action: str
    subject: SubjectRef | None
    object: ObjectRef | None
    facts: Mapping[str, Json]


def newest_place(work: Work) -> Place:
    """The place of the newest entry that has one."""
    row = work.session.execute(select(HeadRow.tree_id, HeadRow.size).order_by(HeadRow.tree_id.desc()).limit(1)).one()
    return Place(row.tree_id, row.size - 1)


def require_reached(work: Work, place: Place) -> Place:
    """The newest place, where *place* is not beyond it.

    Raises:
        ConflictError: where the log has not come so far: it was restored from a copy that is older than the cursor.
    """
    newest = newest_place(work)
    if place > newest:
        raise ConflictError(
            "The log has not come as far as this cursor: the store was restored from a copy. Follow it from the "
            "beginning, or ask about everybody anew and go on from the newest place."
        )
    return newest


def places_after(place: Place, *, limit: int) -> Select[int, int, UUID]:
    """Tree, number and id of up to *limit* entries after *place*, to be joined with the rows that they tell of."""
    return (
        select(LeafRow.tree_id, LeafRow.seq, LeafRow.eid)
        .where(tuple_(LeafRow.tree_id, LeafRow.seq) > tuple_(place.tree_id, place.seq))
        .order_by(LeafRow.tree_id, LeafRow.seq)
        .limit(limit)
    )


def last_after(work: Work, place: Place, *, limit: int) -> Place:
    """The last of the places that `places_after` names; *place* itself where there is none."""
    found = places_after(place, limit=limit).subquery()
    query = select(found.c.tree_id, found.c.seq).order_by(found.c.tree_id.desc(), found.c.seq.desc()).limit(1)
    row = work.session.execute(query).one_or_none()
    return place if row is None else Place(row.tree_id, row.seq)


def told_between(work: Work, *, actions: Sequence[Action], after: Place, until: Place) -> list[PlacedFacts]:
    """Entries of *actions* after one place and up to another, in order; those whose bodies were dropped by age not."""
    place = tuple_(LeafRow.tree_id, LeafRow.seq)
    classes = {one.action_class.value for one in actions}
    places = (
        select(LeafRow.tree_id, LeafRow.seq, EntryRow.eid, EntryRow.action_class.label("kind"), EntryRow.at)
        .join(EntryRow, EntryRow.eid == LeafRow.eid)
        .where(place > tuple_(after.tree_id, after.seq), place <= tuple_(until.tree_id, until.seq))
        .where(EntryRow.action_class.in_(classes))
        .cte("places")
        .prefix_with("MATERIALIZED")
    )
    # Body by body, by its key: what was just written is not in the planner's statistics yet, and a join that it thinks
    # to be of one row with one may be of thousands with thousands.
    body = (
        select(BodyRow.leaf.label("told"))
        .where(BodyRow.action_class == places.c.kind)
        .where(BodyRow.at == places.c.at, BodyRow.eid == places.c.eid)
        .where(BodyRow.action.in_([one.value for one in actions]))
        .offset(0)
        .lateral("body")
    )
    query = select(places.c.tree_id, places.c.seq, body.c.told).join_from(places, body, true())
    rows = work.session.execute(query.order_by(places.c.tree_id, places.c.seq))
    return [_told(Place(tree_id, seq), leaf) for tree_id, seq, leaf in rows]


def told_within(work: Work, *, action: Action, since: datetime, until: datetime, limit: int) -> list[Entry]:
    """Entries of one action from one instant up to another, both included, the newest first; dropped bodies not."""
    query = (
        select(BodyRow.leaf)
        .where(
            BodyRow.action_class == action.action_class.value,
            BodyRow.action == action.value,
            BodyRow.at.between(since, until),
        )
        .order_by(BodyRow.at.desc(), BodyRow.eid.desc())
        .limit(limit)
    )
    return [decode(leaf) for leaf in work.session.scalars(query)]


def _told(place: Place, leaf: bytes) -> PlacedFacts:
    entry = decode(leaf)
    return PlacedFacts(place, entry.eid, entry.at, entry.action, entry.subject, entry.object, entry.facts)
