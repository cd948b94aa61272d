"""Fields of the controller's own in the form that corrects a record: each with the input that its type wants."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

from flask import request
from flask_babel import format_decimal, gettext

from governance.console.customer_lines import NUMBERS, own_definitions
from governance.console.guard import Visit
from governance.customers.codes import ExtraType
from governance.customers.extra_types import MOST_ITEMS
from governance.customers.operations import ExtraField, PersonView
from governance.customers.search import EXTRA
from governance.customers.texts import LONG_TEXT
from governance.kernel.records import frozen
from governance.pages.languages import language
from governance.policies import shipped
from governance.policies.access import Row, allows
from governance.policies.permissions import Permission

EMPTIED: Final = "-"
"""What stands in a field that is to be emptied, where what it holds is not shown."""


@frozen
class Input:
    """A field of the form.

    Attributes:
        name: of the input. kind: type of the field.
        value: what stands in it; empty where the visitor may not see it in full.
        covered: whether it holds something that is not shown.
        hint: how it is written.
    """

    name: str
    label: str
    kind: str
    value: str
    covered: bool
    hint: str


def own_inputs(visit: Visit, seen: PersonView) -> Sequence[tuple[str, Sequence[Input]]]:
    """Fields that take values and that the visitor may write, under the titles of their categories."""
    categories, hints, row = shipped.categories(), _hints(), Row(seen.responsible)
    covered = {*seen.masked, *seen.hidden, *seen.unreadable}
    found = []
    for one in own_definitions(visit).values():
        may = allows(visit.work.actor, Permission.CUSTOMERS_EDIT, field=one.field, row=row).allowed
        if may and one.retired_at is None:
            name, title = EXTRA + one.key, categories[one.category].titles.get(language())
            value = "" if name in covered else _shown(seen.extra.get(one.key))
            kind = one.type.value
            found.append((title, Input(name, one.labels.get(language()), kind, value, name in covered, hints[kind])))
    found.sort(key=lambda one: one[0])
    return [(title, [one for _, one in those]) for title, those in groupby(found, key=lambda one: one[0])]


def own_patch(visit: Visit) -> dict[str, object]:
    """What the present form changes of them, by key; what is emptied is None."""
    found: dict[str, object] = {}
    for key, one in own_definitions(visit).items():
        name = EXTRA + key
        if name in request.form:
            value, shown = _lines(request.form[name]), _lines(request.form.get(f"was.{name}", ""))
            if value == EMPTIED or request.form.get(f"empty.{name}") == "yes":
                found[key] = None
            elif value != shown:
                found[key] = _read(one, value)
    return found


def own_errors(visit: Visit, names: Iterable[str]) -> Mapping[str, str]:
    """What is wrong with those of them that were refused, and what to write instead."""
    known, told = own_definitions(visit), _remedies()
    refused = {name: known.get(name.removeprefix(EXTRA)) for name in names if name.startswith(EXTRA)}
    gone = gettext("This field takes no new values any more.")
    return {name: gone if one is None or one.retired_at else told[one.type.value] for name, one in refused.items()}


def _lines(said: str) -> str:
    """A text as it was typed, less what browsers make of ends of lines."""
    return said.replace("\r\n", "\n").strip()


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(format_decimal(value, NUMBERS))
    return "\n".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _read(field: ExtraField, said: str) -> object:
    if not said:
        return None
    return [one.strip() for one in said.splitlines() if one.strip()] if field.type is ExtraType.LIST else said


def _hints() -> Mapping[str, str]:
    return {
        "text": "",
        "number": gettext("A number, such as 42 or 3.5."),
        "date": "",
        "boolean": "",
        "list": gettext("One on each line."),
    }


def _remedies() -> Mapping[str, str]:
    return {
        "text": gettext("Write up to %(most)s characters.", most=LONG_TEXT),
        "number": gettext("Write a number, such as 42 or 3.5."),
        "date": gettext("Write a day as 2026-12-31."),
        "boolean": gettext("Choose yes or no."),
        "list": gettext("Write up to %(most)s lines, and something on each.", most=MOST_ITEMS),
    }
