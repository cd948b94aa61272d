"""The form that corrects details: what is kept stands in it, and what is changed becomes a request."""

from collections.abc import Mapping
from typing import Final

from flask import request
from flask_babel import gettext

from governance.kernel import packs
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.pages.forms import Typed
from governance.pages.languages import language
from governance.pages.naming import countries
from governance.portal.days import typed_day
from governance.portal.guard import Guest
from governance.portal.wording import codes
from governance.rights import operations as rights
from governance.rights.corrections import GRAVE, LOW_RISK
from governance.rights.own_data import titles_of_fields

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
    """

    key: str
    title: str
    value: str
    before: str
    choices: tuple[tuple[str, str], ...]
    hint: str
    grave: bool


def correction_fields(guest: Guest, typed: Typed, *, only: str) -> list[CorrectionField]:
    """The details that can be corrected; one alone where it is named."""
    kept = {one.key: one for one in rights.own_fields(guest.work, visitor=guest.visitor, language=language())}
    wanted = [one for one in ORDER if one in GRAVE | LOW_RISK and (not only or one == only)]
    titles = titles_of_fields(wanted, language())
    found = []
    for key in wanted:
        plain = kept[key].plain if key in kept else ""
        before = ", ".join(map(str, plain)) if isinstance(plain, list) else str(plain or "")
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
    return found


def changes_of() -> dict[str, object]:
    """What the present form changes, by field as requests name them; an emptied field is null."""
    said = {key: request.form.get(key, "").strip() for key in ORDER if key in request.form}
    if "birth_date" in said:
        said["birth_date"] = typed_day(said["birth_date"])
    changed = {key: value for key, value in said.items() if value != request.form.get(BEFORE + key, "").strip()}
    new = {name: {"kind": kind, "value": request.form[kind].strip()} for kind, name in NEW.items() if _is_said(kind)}
    return {key: _value(key, value) for key, value in changed.items()} | new


def _is_said(name: str) -> bool:
    return bool(request.form.get(name, "").strip())


def field_of(name: str) -> str:
    """The field of the form that stands for what a request calls *name*."""
    short = name.split(".value", maxsplit=1)[0].removeprefix("changes.")
    return next((kind for kind, new in NEW.items() if short == new), short)


def say_of(name: str, wrong: InvalidError) -> str:
    """What is wrong with a field, and what to do, in the language of the page."""
    said = {
        "birth_date": gettext("Write the date like this: 1990-12-31"),
        "country": gettext("Write the country as two letters, such as DE or UA."),
        "said": gettext("Say in a few words what it is about."),
    }
    for kind, new in NEW.items():
        said[new] = said[kind] = gettext(
            "Write an e-mail address like name@example.org, or a phone number with its country code."
        )
    return said.get(name) or (
        " ".join(wrong.errors[name]) if language() == "en" else gettext("This cannot be kept as it is.")
    )


def _value(key: str, said: str) -> object:
    if key in LISTS:
        return [one.strip() for one in said.split(",") if one.strip()] or None
    return said or None


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


def _hints() -> Mapping[str, str]:
    return {
        "birth_date": gettext("Like this: 1990-12-31"),
        "interests": gettext("Several with commas between"),
    }
