"""What the controller's record says, and what may be said in it."""

import re
import zoneinfo
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

import phonenumbers

from governance.kernel.emails import normalized
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.policies.retention import CALENDAR_YEAR, YearStart, parse_year_start
from governance.reference.lookup import countries
from governance.reference.lookup import laws as known_laws

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")
_CALENDAR = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,4})?")
NAME_LENGTH = 300
REGISTRATION_LENGTH = 100
ADDRESS_LENGTH = 500
AUTHORITY_LENGTH = 200


@frozen
class ProtectionOfficer:
    """Whom people and authorities turn to (GDPR Art. 37 to 39; 152-FZ Art. 22.1); told in every notice.

    Attributes:
        phone: E.164.
    """

    name: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, kw_only=True)
class ControllerDetails:
    """What one version of the record says.

    Attributes:
        registration: number in a public register.
        country: ISO 3166-1 alpha-2.
        zone: IANA time zone, for deadlines and display.
        language: ISO 639 code of the first language of texts.
        calendar: whose holidays count: a country, or a part of one (`DE-BY`).
        laws: keys of the laws that the controller is under.
        authority: supervisory authority.
        officer: data protection officer; None where there is none, or that person's data was erased.
        fiscal_year: the first day of the fiscal year, from which some laws count.
    """

    legal_name: str
    registration: str | None
    address: str
    country: str
    zone: str
    language: str
    calendar: str
    laws: tuple[str, ...]
    authority: str | None
    officer: ProtectionOfficer | None
    fiscal_year: YearStart = CALENDAR_YEAR

    @property
    def region(self) -> str:
        """Region that phone numbers without a country code are read in."""
        return self.country


@dataclass(frozen=True, kw_only=True)
class Controller(ControllerDetails):
    """A version of the controller's record.

    Attributes:
        version: 1, 2, 3...
        recorded_at: since when it holds.
        deployment: random id of this installation, made once with its keyring.
    """

    version: int
    recorded_at: datetime
    deployment: UUID


@cache
def zones() -> frozenset[str]:
    """All IANA time zones that this host knows."""
    return frozenset(zoneinfo.available_timezones())


def details(
    *,
    legal_name: str,
    registration: str | None,
    address: str,
    country: str,
    zone: str | None,
    language: str | None,
    calendar: str | None,
    laws: Sequence[str] | None,
    authority: str | None,
    officer: ProtectionOfficer | None,
    fiscal_year: str | None = None,
    own_laws: Collection[str] = (),
) -> ControllerDetails:
    """Check what is said of a controller, and fill in what is proposed for its country.

    Laws are those that are shipped, and *own_laws*, whose time limits the controller wrote itself.

    Raises:
        InvalidError: `errors` says by field what is wrong or must be given.
    """
    check = _Check((*known_laws(), *own_laws))
    code = check.that("country", country.strip().upper(), is_country, "Give the two letters of a country, such as UA.")
    if check.errors:
        check.words("legal_name", legal_name, NAME_LENGTH)
        check.end()  # zone and laws are those of the country, so of a wrong one nothing is said of them
    known = countries().get(code)
    proposed_authority = known.authority if known else None
    if laws is None:
        laws = known.laws if known else ()
    told = ControllerDetails(
        legal_name=check.words("legal_name", legal_name, NAME_LENGTH) or "",
        registration=check.words("registration", registration, REGISTRATION_LENGTH, needed=False),
        address=check.words("address", address, ADDRESS_LENGTH, needed=False) or "",
        country=code,
        zone=check.that(
            "zone", zone or (known.zone if known else ""), zones().__contains__, "Give an IANA zone: Europe/Kyiv."
        ),
        language=check.that(
            "language", language or (known.language if known else "en"), _LANGUAGE.fullmatch, "Give a code such as uk."
        ),
        calendar=check.that("calendar", calendar or code, _CALENDAR.fullmatch, "Give a country, or a part: DE-BY."),
        laws=tuple(check.law(law) for law in dict.fromkeys(laws)),
        authority=check.words("authority", authority, AUTHORITY_LENGTH, needed=False) or proposed_authority,
        officer=_officer(check, officer, region=code),
        fiscal_year=_fiscal_year(check, fiscal_year),
    )
    if not told.laws:
        check.wrong("laws", "Name at least one law; known are " + ", ".join(check.laws) + ".")
    check.end()
    return told


class _Check:
    """Collects all that is wrong, so that a form is sent back once."""

    def __init__(self, laws: Collection[str]) -> None:
        self.laws = laws
        self.errors: dict[str, list[str]] = {}

    def wrong(self, field: str, sentence: str) -> None:
        self.errors.setdefault(field, []).append(sentence)

    def that(self, field: str, value: str, holds: Callable[[str], object], sentence: str) -> str:
        if not holds(value):
            self.wrong(field, sentence)
        return value

    def words(self, field: str, value: str | None, limit: int, *, needed: bool = True) -> str | None:
        text = " ".join((value or "").split())
        if needed and not text:
            self.wrong(field, "This must be given.")
        if len(text) > limit:
            self.wrong(field, f"At most {limit} characters.")
        if not text.isprintable():
            self.wrong(field, "Control characters cannot be kept.")
        return text or None

    def law(self, key: str) -> str:
        return self.that("laws", key, self.laws.__contains__, "Known laws are " + ", ".join(self.laws) + ".")

    def end(self) -> None:
        if self.errors:
            raise InvalidError("The controller's record cannot be kept as it was given.", errors=self.errors)


def is_country(code: str) -> bool:
    """Whether *code* is that of a country, by ISO 3166."""
    return code in phonenumbers.SUPPORTED_REGIONS


def _fiscal_year(check: _Check, said: str | None) -> YearStart:
    try:
        return CALENDAR_YEAR if said is None else parse_year_start(said.strip())
    except ValueError:
        check.wrong("fiscal_year", "Give month and day on which the fiscal year begins: 04-01.")
        return CALENDAR_YEAR


def _officer(check: _Check, officer: ProtectionOfficer | None, *, region: str) -> ProtectionOfficer | None:
    if officer is None:
        return None
    name = check.words("officer.name", officer.name, NAME_LENGTH, needed=False)
    email, phone = officer.email or None, officer.phone or None
    if email is not None:
        try:
            email = normalized(email)
        except ValueError:
            check.wrong("officer.email", "This is no e-mail address.")
    if phone is not None:
        phone = _e164(check, phone, region=region)
    told = ProtectionOfficer(name, email, phone)
    return None if told == ProtectionOfficer() else told


def _e164(check: _Check, phone: str, *, region: str) -> str:
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        check.wrong("officer.phone", "This is no phone number of the country; begin with + and the country code.")
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
