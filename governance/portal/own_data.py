"""My data: what is kept, by category, why and until when; and who saw it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from flask import Response, request

from governance.pages import naming
from governance.pages.languages import language
from governance.policies.permissions import Permission
from governance.portal.grounds import cited
from governance.portal.guard import Guest, screen
from governance.portal.pages import page
from governance.rights import operations as rights
from governance.rights.own_data import MOST_ROWS, OwnData, OwnField, OwnTable, Shown

_NAME: Final = ("given_name", "patronymic", "family_name")
_NAMES: Final[Mapping[str, Callable[[str], str]]] = {"country": naming.country, "language": naming.tongue}
"""Fields that are kept as codes which have names in every language."""


@screen("/my/data", "own_data", needs=Permission.PORTAL_READ)
def own_data(guest: Guest) -> Response:
    """By category."""
    told = rights.own_data(guest.work, visitor=guest.visitor, language=language())
    own = replace(
        told,
        categories=tuple(replace(one, fields=tuple(map(_named, one.fields))) for one in told.categories),
        tables=tuple(map(_with_money, told.tables)),
    )
    reasons = (*(one.why for one in own.categories), *(one.why for one in own.tables))
    grounds = [ground for why in reasons for ground in why.grounds]
    return page(
        guest.work,
        "data",
        seal=guest.seal,
        part="own_data",
        own=own,
        name=_name(told),
        today=guest.work.now,
        most=MOST_ROWS,
        cited=cited(grounds),
    )


def _name(own: OwnData) -> str:
    """Whose data these are, as the head of what is printed says."""
    told = {one.key: one.plain for category in own.categories for one in category.fields if one.key in _NAME}
    return " ".join(str(told[key]) for key in _NAME if told.get(key))


def _named(field: OwnField) -> OwnField:
    """A detail that is kept as a code, by its name."""
    name = _NAMES.get(field.key)
    return field if name is None or not isinstance(field.plain, str) else replace(field, value=name(field.plain))


def _with_money(table: OwnTable) -> OwnTable:
    """A table whose amounts stand with their currency, in one column."""
    if not {"total", "currency"} <= set(table.keys):
        return table
    total, currency = table.keys.index("total"), table.keys.index("currency")

    def told(row: Sequence[Shown]) -> Iterator[Shown]:
        for place, one in enumerate(row):
            if place == total and one:
                yield naming.money(str(one), str(row[currency] or ""))
            elif place != currency:
                yield one

    return replace(
        table,
        keys=tuple(one for one in table.keys if one != "currency"),
        columns=tuple(one for place, one in enumerate(table.columns) if place != currency),
        rows=tuple(tuple(told(row)) for row in table.rows),
    )


@screen("/my/data/seen", "sights", needs=Permission.PORTAL_READ)
def sights(guest: Guest) -> Response:
    """Who read what, when, in which role and for what."""
    told = rights.own_sights(guest.work, visitor=guest.visitor, language=language())
    own = request.args.get("own") == "yes"
    shown = [one for one in told if own or not one.by_self]
    return page(
        guest.work, "sights", seal=guest.seal, part="sights", sights=shown, own=own, hidden=len(told) - len(shown)
    )
