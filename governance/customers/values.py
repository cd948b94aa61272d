"""What may be written into the fields of a person: a reader per field, which brings a value to its normal form."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID

import phonenumbers

from governance.customers.codes import Ground, MaritalStatus, NotMailable, PersonKind, Sex, Source
from governance.customers.event_values import instant
from governance.customers.texts import LONG_TEXT, Complaints, Wrong, words
from governance.kernel.ids import StaffId
from governance.kernel.records import frozen

OLDEST_YEARS = 130
MOST_ITEMS = 100
_PARTIAL = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")

Code = TypeVar("Code", bound=StrEnum)


@frozen
class Reader:
    """Reads the value of one field.

    Attributes:
        read: brings a value to its normal form, or raises `Wrong`; the date is today's.
        empties: whether the field may be emptied.
    """

    read: Callable[[object, date], object]
    empties: bool = True


def _short(value: object, _today: date) -> str:
    return words(value)


def _long(value: object, _today: date) -> str:
    return words(value, longest=LONG_TEXT, lines=True)


def partial_date(value: object, today: date) -> str:
    """A day, month or year that is past: `1982-08-09`, `1982-08`, `1982` (ISO 8601, reduced precision).

    Raises:
        Wrong: where it is none.
    """
    parts = _PARTIAL.fullmatch(value) if isinstance(value, str) else None
    if parts is None:
        raise Wrong("Give a date as YYYY-MM-DD, or YYYY-MM, or YYYY where no more is known.")
    try:
        earliest = date(int(parts[1]), int(parts[2] or 1), int(parts[3] or 1))
    except ValueError:
        raise Wrong("There is no such date; check day and month.") from None
    if earliest > today:
        raise Wrong("This date lies in the future.")
    if earliest.year < today.year - OLDEST_YEARS:
        raise Wrong(f"This is more than {OLDEST_YEARS} years ago; check the year.")
    return str(value)


def whole_date(value: object, today: date) -> date:
    """A whole date that is past, from `YYYY-MM-DD`.

    Raises:
        Wrong: where it is none.
    """
    try:
        found = date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise Wrong("Give a date as YYYY-MM-DD.") from None
    if found > today:
        raise Wrong("This date lies in the future.")
    return found


def _instant(value: object, _today: date) -> datetime:
    return instant(value)


def texts(value: object, _today: date) -> tuple[str, ...]:
    """A list of texts, each once.

    Raises:
        Wrong: where it is no such list.
    """
    if not isinstance(value, list | tuple):
        raise Wrong("Give a list of texts.")
    found = tuple(dict.fromkeys(words(item) for item in value))
    if len(found) > MOST_ITEMS:
        raise Wrong(f"At most {MOST_ITEMS} texts.")
    return found


def _code(codes: type[Code]) -> Callable[[object, date], Code]:
    def read(value: object, _today: date) -> Code:
        if value not in set(codes):
            raise Wrong("Give one of " + ", ".join(code.value for code in codes) + ".")
        return codes(str(value))

    return read


def _language(value: object, _today: date) -> str:
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise Wrong("Give an ISO 639 code, such as uk.")
    return value


def country(value: object, _today: date | None = None) -> str:
    """An ISO 3166-1 alpha-2 code, in either case.

    Raises:
        Wrong: where it is none.
    """
    code = value.upper() if isinstance(value, str) else ""
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise Wrong("Give the two letters of a country (ISO 3166-1), such as UA.")
    return code


def _staff(value: object, _today: date) -> StaffId:
    try:
        return StaffId(value if isinstance(value, UUID) else UUID(str(value)))
    except ValueError:
        raise Wrong("Give the id of a staff member.") from None


def _flag(value: object, _today: date) -> bool:
    if not isinstance(value, bool):
        raise Wrong("Give true or false.")
    return value


FIELDS: Mapping[str, Reader] = MappingProxyType(
    {
        "kind": Reader(_code(PersonKind), empties=False),
        **dict.fromkeys(("family_name", "given_name", "patronymic"), Reader(_short)),
        "birth_date": Reader(partial_date),
        "sex": Reader(_code(Sex)),
        "marital_status": Reader(_code(MaritalStatus)),
        **dict.fromkeys(("profession", "organisation", "region", "city", "street", "postcode"), Reader(_short)),
        "source_note": Reader(_short),
        "note": Reader(_long),
        "tags": Reader(texts),
        "interests": Reader(texts),
        "preferred_payment": Reader(_short),
        "deceased": Reader(_flag, empties=False),
        "deceased_on": Reader(partial_date),
        "language": Reader(_language),
        "country": Reader(country),
        "source": Reader(_code(Source)),
        "ground": Reader(_code(Ground)),
        "customer_since": Reader(whole_date),
        "not_mailable": Reader(_code(NotMailable)),
        "informed_at": Reader(_instant),
        "responsible": Reader(_staff),
    }
)
"""Everything of a person that may be written, contacts and extra fields apart."""


def read_fields(said: Mapping[str, object], *, today: date) -> dict[str, object]:
    """The fields in *said* in their normal form; None where one is to be emptied.

    Raises:
        InvalidError: `errors` says by field what is wrong.
    """
    errors = Complaints()
    found: dict[str, object] = {}
    for name, value in said.items():
        reader = FIELDS.get(name)
        if reader is None:
            errors.add(name, "There is no such field.")
        elif value is None or value in ([], ()):
            found[name] = None
            if not reader.empties:
                errors.add(name, "This field cannot be emptied.")
        else:
            with errors.at(name):
                found[name] = reader.read(value, today)
    errors.end("Some fields cannot be kept as they are.")
    return found
