"""Sealed values that did not open when they were met: looked at again, so that what was healed is told of no more."""

from typing import Final

from governance.custody.rows import sealed_rows
from governance.kernel.work import Work
from governance.vault.errors import ShreddedError, UnreadableError
from governance.vault.runtime import vault_of
from governance.vault.unreadable import Place

MOST: Final = 500
"""Values that are looked at again in one go."""


def still_unreadable(work: Work) -> list[Place]:
    """The places on the list of this host whose values do not open now either; the others are taken off it."""
    unreadables = vault_of(work.session).unreadable
    known = unreadables.known()[:MOST]
    left = [place for place in known if not _opens(work, place)]
    unreadables.forget({*known}.difference(left))
    return left


def _opens(work: Work, place: Place) -> bool:
    """Whether a value opens by now, or is gone."""
    for kind in sealed_rows():
        for name, field in kind.sealed_fields.items():
            if (field.place.table, field.place.column) == (place.table, place.column):
                row = work.session.get(kind, place.row_id, populate_existing=True)
                try:
                    _ = row and getattr(row, name)
                except ShreddedError:
                    return True
                except UnreadableError:
                    return False
    return True
