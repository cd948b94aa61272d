"""What a customer's card shows: shipped fields, and the controller's own ones by category, as the visitor may see."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Final

from flask_babel import format_date, format_decimal, gettext

from governance.console import words
from governance.console.guard import Visit
from governance.customers import operations as customers
from governance.customers.codes import ExtraType
from governance.customers.operations import ExtraField, PersonView
from governance.customers.search import EXTRA
from governance.kernel.records import frozen
from governance.pages import naming
from governance.pages.languages import language
from governance.policies import shipped
from governance.policies.access import Row, allows
from governance.policies.classification import Field
from governance.policies.permissions import Permission

_NAMED: Final[Mapping[str, Callable[[str], str]]] = {"country": naming.country, "language": naming.tongue}
_CODED: Final = frozenset({"sex", "marital_status", "source", "ground", "not_mailable"})
NUMBERS: Final = "0.#########"
"""How a number is written: without groups, in the language's own decimals."""


@frozen
class Line:
    """A field on a card.

    Attributes:
        value: as the visitor may see it; None where there is nothing, or nothing to be seen.
        masked: whether it is shown in part or not at all.
        opens: whether that may be revealed to the visitor.
        clear: what a reveal has opened just now.
    """

    name: str
    label: str
    value: str | None
    masked: bool
    opens: bool
    clear: str | None


def lines(visit: Visit, seen: PersonView, opened: Mapping[str, object]) -> Sequence[Line]:
    """The shipped fields that say something of this customer."""
    codes, catalogue = words.codes(), shipped.catalogue().tables["person"].fields
    found = []
    for name, label in words.fields().items():
        value = getattr(seen, name)
        shown = ", ".join(value) if isinstance(value, tuple) else value
        shown = codes.get(shown, shown) if name in _CODED else shown
        shown = _NAMED[name](shown) if shown and name in _NAMED and name not in seen.masked else shown
        masked = name in seen.masked or name in seen.hidden
        if shown or masked:
            opens = masked and _opens(visit, seen, catalogue.get(name))
            found.append(Line(name, label, shown, masked, opens, told(opened.get(name))))
    return found


def own_definitions(visit: Visit) -> Mapping[str, ExtraField]:
    """The controller's own fields by key, as far as the visitor may know of them."""
    known = customers.definitions(visit.work) if visit.may(Permission.EXTRA_FIELDS_READ) else []
    return {one.key: one for one in known}


def own_lines(visit: Visit, seen: PersonView, opened: Mapping[str, object]) -> Sequence[tuple[str, Sequence[Line]]]:
    """The controller's own fields that say something of this customer, under the titles of their categories."""
    known, categories = own_definitions(visit), shipped.categories()
    hidden = {name.removeprefix(EXTRA) for name in seen.hidden if name.startswith(EXTRA)}
    groups: dict[str, list[Line]] = {}
    for key in sorted(seen.extra.keys() | hidden):
        field, name = known.get(key), f"{EXTRA}{key}"
        title = "" if field is None else categories[field.category].titles.get(language())
        label = key if field is None else field.labels.get(language())
        value = None if key in hidden else said(field, seen.extra[key])
        masked = key in hidden or name in seen.masked
        opens = masked and _opens(visit, seen, None if field is None else field.field)
        clear = said(field, opened[name]) if name in opened else None
        groups.setdefault(title, []).append(Line(name, label, value, masked, opens, clear))
    return sorted(groups.items())


def _opens(visit: Visit, seen: PersonView, field: Field | None) -> bool:
    act, row = Permission.CUSTOMERS_REVEAL, Row(seen.responsible)
    return field is not None and allows(visit.work.actor, act, field=field, row=row).allowed


def said(field: ExtraField | None, value: object) -> str:
    """The value of an own field as people read it; a mask, which is of no type but text, as it is."""
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if isinstance(value, int | float):
        return str(format_decimal(value, NUMBERS))
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if field is not None and field.type is ExtraType.DATE:
        with suppress(ValueError):
            return str(format_date(date.fromisoformat(str(value)), "medium"))
    return str(value)


def told(value: object) -> str | None:
    """What a reveal opened, as people read it."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return " ".join(str(value[part]) for part in ("value", "extension") if value.get(part))
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
