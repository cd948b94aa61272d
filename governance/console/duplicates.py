"""Customers who are probably kept twice, side by side, and merges that a person has yet to look at."""

from collections.abc import Sequence
from uuid import UUID

from flask import Response, request

from governance.console import words
from governance.console.customers import Summary
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.customers import operations as customers
from governance.intake import operations as intake
from governance.intake.duplicates import Duplicate, PairId
from governance.intake.merges import MergeId, MergeState, MergeView
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed
from governance.policies.permissions import Permission

PART = "duplicates"
PAIRS = 10
MERGES = 20


@frozen
class Pair:
    """Two customers, and why they are taken for one."""

    pair: Duplicate
    two: Sequence[Summary]
    reasons: Sequence[str]


@screen("/duplicates", "duplicates")
def duplicates(visit: Visit, typed: Typed = EMPTY, **_names: object) -> Response:
    """The surest pairs, and merges not looked at yet."""
    likenesses, sees = words.likenesses(), visit.may(Permission.CUSTOMERS_READ)
    found = intake.duplicates(visit.work, limit=PAIRS)
    listed = (
        *intake.list_merges(visit.work, state=MergeState.UNREVIEWED, limit=MERGES).items,
        *intake.list_merges(visit.work, limit=MERGES).items,
    )
    merges: dict[MergeId, MergeView] = {one.id: one for one in listed if _can_change(visit, one)}
    everybody = {who for one in found.items for who in one.customers} if sees else set()
    seen = customers.read_several(visit.work, subjects=everybody) if everybody else {}
    pairs = [
        Pair(
            one,
            [Summary.of(seen[who]) for who in one.customers if who in seen],
            [likenesses.get(reason.value, reason.value) for reason in one.reasons],
        )
        for one in found.items
    ]
    return page(
        visit,
        "duplicates",
        part=PART,
        pairs=pairs,
        more=found.more is not None,
        merges=list(merges.values()),
        now=visit.work.now,
        decides=visit.may(Permission.DUPLICATES_DECIDE),
        typed=typed,
    )


def _can_change(visit: Visit, one: MergeView) -> bool:
    return one.undone_at is None and (one.reviewed_at is None or one.undo_until > visit.work.now)


@act("/duplicates/<uuid:pair>/apart", "mark_apart", shows=duplicates, of="duplicates",
     then=lambda **_names: go("duplicates"))  # fmt: skip
def mark_apart(visit: Visit, pair: UUID) -> Response:
    """Decide that two are two; it holds for good."""
    intake.mark_apart(visit.work, pair=PairId(pair))
    return go("duplicates")


@act("/duplicates/<uuid:pair>/merge", "merge_pair", shows=duplicates, of="duplicates",
     then=lambda **_names: go("duplicates"))  # fmt: skip
def merge(visit: Visit, **_names: UUID) -> Response:
    """Decide that two are one; the one named stays."""
    into, other = (request.form.get(name, type=UUID) for name in ("into", "other"))
    if into is None or other is None:
        raise InvalidError("Name the two who are one.")
    reason = request.form.get("reason", "")
    if request.form.get("stays") == "second":
        into, other = other, into
    intake.merge(visit.work, into=SubjectId(into), other=SubjectId(other), reason=reason)
    return go("duplicates")


@act("/merges/<uuid:merge_id>/review", "review_merge", shows=duplicates, of="duplicates",
     then=lambda **_names: go("duplicates"))  # fmt: skip
def review(visit: Visit, merge_id: UUID) -> Response:
    """Note that a merge was looked at and is right."""
    intake.review_merge(visit.work, merge=MergeId(merge_id))
    return go("duplicates")


@act("/merges/<uuid:merge_id>/undo", "undo_merge", shows=duplicates, of="duplicates",
     then=lambda **_names: go("duplicates"))  # fmt: skip
def undo(visit: Visit, merge_id: UUID) -> Response:
    """Make two again of those who were merged within thirty days."""
    intake.undo_merge(visit.work, merge=MergeId(merge_id))
    return go("duplicates")
