"""The form that corrects details: what is kept stands in it, and what is changed becomes a request."""

from collections.abc import Mapping
from typing import Final

from flask import request
from flask_babel import format_decimal, gettext

from governance.customers.codes import ExtraType
from governance.customers.extra_types import ExtraField, read, written
from governance.customers.extras import known
from governance.customers.texts import Wrong
from governance.kernel import packs
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.pages.forms import Typed
from governance.pages.languages import language
from governance.pages.naming import countries
from governance.portal.days import shown_day, typed_day
from governance.portal.guard import Guest
from governance.portal.wording import codes
from governance.rights import operations as rights
from governance.rights.corrections import EXTRA, GRAVE, LOW_RISK, is_grave
from governance.rights.own_data import OwnField, titles_of_fields

BEFORE: Final = "before."
"""Before the name of a field: what stood in it when the page was opened."""
ORDER: Final = (
    *("family_name", "given_name", "patronymic", "birth_date", "sex", "marital_status"),
    *("country", "region", "city", "street", "postcode"),
    *("profession", "organisation", "interests", "preferred_payment", "language"),
)
NEW: Final = {"email": "contact.new", "phone": "contact.new2"}
"""By kind, what a request calls a contact that is to be added."""
LISTS: Final = frozenset({"interests"})
_CLOSED: Final[Mapping[str, tuple[str, ...]]] = {
    "sex": ("female", "male"),
    "marital_status": ("single", "married", "divorced", "widowed", "partnership"),
}


@frozen
class CorrectionField:
    """One detail of the form.

    Attributes:
        value: as typed, else as kept. before: as kept.
        choices: codes and what they are called, where it takes one of a few.
        hint: how to write it.
        grave: whether somebody looks at it before it changes.
        kind: type of a field of the controller's own; text of the others.
    """

    key: str
    title: str
    value: str
    before: str
    choices: tuple[tuple[str, str], ...]
    hint: str
    grave: bool
    kind: str = "text"


def correction_fields(guest: Guest, typed: Typed, *, only: str) -> list[CorrectionField]:
    """The details that can be corrected; one alone where it is named."""
    kept = {one.key: one for one in rights.own_fields(guest.work, visitor=guest.visitor, language=language())}
    wanted = [one for one in ORDER if one in GRAVE | LOW_RISK and (not only or one == only)]
    titles = titles_of_fields(wanted, language())
    found = []
    for key in wanted:
        plain = kept[key].plain if key in kept else ""
        before = ", ".join(map(str, plain)) if isinstance(plain, list) else str(plain or "")
        if key == "birth_date":
            before = shown_day(before)
        found.append(
            CorrectionField(
                key=key,
                title=titles[key] if titles[key] != key else codes().get(key, key),
                value=typed.get(key, before),
                before=before,
                choices=_choices(key),
                hint=_hints().get(key, ""),
                grave=key in GRAVE,
            )
        )
    extras = known(guest.work)
    own = [kept[key] for key in sorted(kept) if key.startswith(EXTRA) and (not only or key == only)]
    return found + [_own_field(one, extras[one.key.removeprefix(EXTRA)], typed, extras) for one in own]


def _own_field(kept: OwnField, field: ExtraField, typed: Typed, extras: Mapping[str, ExtraField]) -> CorrectionField:
    before, kind = _shown(kept.plain), field.type
    return CorrectionField(
        key=kept.key,
        title=kept.title,
        value=typed.get(kept.key, before),
        before=before,
        choices=(("", "-"), ("true", gettext("yes")), ("false", gettext("no"))) if kind is ExtraType.BOOLEAN else (),
        hint=gettext("One on each line") if kind is ExtraType.LIST else "",
        grave=is_grave(extras, kept.key, None, None),
        kind=kind.value,
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(format_decimal(value, "0.#########"))
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value or "")


def changes_of(guest: Guest) -> dict[str, object]:
    """What the present form changes, by field as requests name them; an emptied field is null."""
    said = {key: _typed(key) for key in request.form if key in ORDER or key.startswith(EXTRA)}
    stood = {key: _typed(BEFORE + key) for key in said}
    if "birth_date" in said:
        said["birth_date"], stood["birth_date"] = typed_day(said["birth_date"]), typed_day(stood["birth_date"])
    changed = {key: value for key, value in said.items() if value != stood[key]}
    extras = known(guest.work) if any(key.startswith(EXTRA) for key in changed) else {}
    new = {name: {"kind": kind, "value": request.form[kind].strip()} for kind, name in NEW.items() if _is_said(kind)}
    return {key: _value(key, value, extras) for key, value in changed.items()} | new


def _typed(name: str) -> str:
    """What was typed into a field, less what browsers make of ends of lines."""
    return request.form.get(name, "").replace("\r\n", "\n").strip()


def _is_said(name: str) -> bool:
    return bool(request.form.get(name, "").strip())


def field_of(name: str) -> str:
    """The field of the form that stands for what a request calls *name*."""
    short = name.removeprefix("changes.")
    if short.startswith(EXTRA):
        return short
    short = short.split(".value", maxsplit=1)[0]
    return next((kind for kind, new in NEW.items() if short == new), short)


def say_of(guest: Guest, name: str, wrong: InvalidError) -> str:
    """What is wrong with a field, and what to do, in the language of the page."""
    if (own := field_of(name)).startswith(EXTRA):
        field = known(guest.work).get(own.removeprefix(EXTRA))
        return _remedies().get("" if field is None else field.type.value, gettext("This cannot be kept as it is."))
    said = {
        "birth_date": gettext("Write the date like this: 1990-12-31"),
        "country": gettext("Write the country as two letters, such as DE or UA."),
        "said": gettext("Say in a few words what it is about."),
    }
    for kind, new in NEW.items():
        said[new] = said[kind] = gettext(
            "Write an e-mail address like name@example.org, or a phone number with its country code."
        )
    return said.get(own) or (
        " ".join(wrong.errors[name]) if language() == "en" else gettext("This cannot be kept as it is.")
    )


def _value(key: str, said: str, extras: Mapping[str, ExtraField]) -> object:
    if key in LISTS:
        return [one.strip() for one in said.split(",") if one.strip()] or None
    field = extras.get(key.removeprefix(EXTRA)) if key.startswith(EXTRA) else None
    if field is None or not said:
        return said or None
    meant: object = said
    if field.type is ExtraType.LIST:
        meant = [one.strip() for one in said.splitlines() if one.strip()]
    try:
        return read(field.type, written(field.type, meant))
    except Wrong:  # told with the rest, where the request is read
        return meant


def _choices(key: str) -> tuple[tuple[str, str], ...]:
    if key == "language":
        return (("", "-"), *packs.names().items())
    if key == "country":
        return (("", "-"), *countries())
    if key not in _CLOSED:
        return ()
    names = {
        "female": codes()["female"],
        "male": codes()["male"],
        "single": gettext("single"),
        "married": gettext("married"),
        "divorced": gettext("divorced"),
        "widowed": gettext("widowed"),
        "partnership": gettext("in a partnership"),
    }
    return (("", "-"), *((one, names[one]) for one in _CLOSED[key]))


def _remedies() -> Mapping[str, str]:
    return {
        "text": gettext("Write it shorter."),
        "number": gettext("Write a number, such as 42 or 3.5."),
        "date": gettext("Write the date like this: 1990-12-31"),
        "boolean": gettext("Choose yes or no."),
        "list": gettext("Write up to 100 lines, and something on each."),
    }


def _hints() -> Mapping[str, str]:
    return {
        "birth_date": gettext("Like this: 1990-12-31"),
        "interests": gettext("Several with commas between"),
    }
