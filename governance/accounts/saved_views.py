"""Lists that staff come back to: codes of a filter, each member's own."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects.postgresql import insert

from governance.accounts.tables import SavedViewRow
from governance.kernel.errors import ConflictError, InvalidError
from governance.kernel.work import Work

MOST: Final = 20
_LONGEST: Final = 200


def save_view(work: Work, *, page: str, chosen: Mapping[str, str]) -> None:
    """Keep a filter of a page for the actor; the same one twice is kept once.

    Args:
        work: the unit of work.
        page: code of the page.
        chosen: codes by field; the caller has made sure that they are of closed sets.

    Raises:
        InvalidError: where nothing is chosen, or too much.
        ConflictError: where the actor keeps too many already.
    """
    written = urlencode(sorted(chosen.items()))
    if not 0 < len(written) <= _LONGEST:
        raise InvalidError("Choose something to filter by first.", errors={"view": ["Choose a filter first."]})
    if len(saved_views(work, page=page)) >= MOST:
        raise ConflictError(f"{MOST} views are kept at most; remove one first.")
    values = {"staff_id": work.actor.id, "page": page, "filter": written, "saved_at": work.now}
    work.session.execute(insert(SavedViewRow).values(**values).on_conflict_do_nothing())


def saved_views(work: Work, *, page: str) -> list[dict[str, str]]:
    """Filters of a page that the actor keeps, the oldest first."""
    query = select(SavedViewRow.filter).where(*_own(work, page)).order_by(SavedViewRow.saved_at, SavedViewRow.filter)
    return [dict(parse_qsl(one)) for one in work.session.scalars(query)]


def remove_view(work: Work, *, page: str, chosen: Mapping[str, str]) -> None:
    """Keep a filter no longer."""
    written = urlencode(sorted(chosen.items()))
    work.session.execute(delete(SavedViewRow).where(*_own(work, page), SavedViewRow.filter == written))


def _own(work: Work, page: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return SavedViewRow.staff_id == work.actor.id, SavedViewRow.page == page
