"""Contacts that are only asked about, many thousands in a call: brought to the form that their digests are made of.

The spellings that systems keep (`name@example.org`, E.164) are recognised without the full readers of `contact_values`,
which take some 50 to 100 times as long; all other spellings go through them. A number whose spelling is right and which
no numbering plan has yet passes for one that nobody holds.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from governance.customers.codes import ContactKind
from governance.customers.contact_values import ContactSaid, read_contact
from governance.customers.tables import ContactRow
from governance.customers.texts import Wrong
from governance.vault.blind import BlindIndex

LONGEST = 500
"""Characters of a contact; what is longer is none."""

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN_EMAIL = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?=.{{1,253}}$)(?:{_LABEL}\.)+[a-z]{{2,63}}")
_LEADS = re.compile(r"\+[1-9][0-9]{3}")
_LEADING = 5
_LONGEST_COUNTRY_CODE = 3


def normal_forms(kind: ContactKind, values: Sequence[object], *, home: str | None) -> list[bytes | None]:
    """The form of each of *values* that digests are made of; None where it is no contact of this kind.

    Args:
        kind: of all of them.
        values: as they were sent; whatever is no text is no contact.
        home: country of phone numbers without a country code.
    """
    plain = _PLAIN.get(kind, _never)
    return [None if not isinstance(value, str) else plain(value) or _read(kind, value, home) for value in values]


def index_of(kind: ContactKind) -> BlindIndex:
    """The blind index that contacts of *kind* are found by."""
    return ContactRow.sealed_fields["value"].indexes[kind.value]


def _read(kind: ContactKind, value: str, home: str | None) -> bytes | None:
    if not value or len(value) > LONGEST:
        return None
    try:
        contact = read_contact(ContactSaid(kind=kind.value, value=value), home=home)
    except Wrong:
        return None
    return index_of(kind).normalise(contact.value).encode("utf-8", "surrogatepass")


def _plain_email(value: str) -> bytes | None:
    lower = value.strip(" ").lower()
    if _PLAIN_EMAIL.fullmatch(lower) and "xn--" not in lower:
        return lower.encode()
    return None


def _plain_phone(value: str) -> bytes | None:
    plain = _numbers_like(value[:_LEADING])
    return value.encode() if plain is not None and plain(value) else None


@lru_cache(maxsize=2048)
def _numbers_like(leading: str) -> Callable[[str], object] | None:
    """Matches whole numbers in E.164 behind the country code that *leading* begins with; None where it has none."""
    if not _LEADS.fullmatch(leading):
        return None
    for digits in range(1, _LONGEST_COUNTRY_CODE + 1):
        code = leading[1 : digits + 1]
        pattern = _numbering(code)
        if pattern is not None:
            return pattern.fullmatch
    return None


@cache
def _numbering(country_code: str) -> re.Pattern[str] | None:
    """Whole numbers of one country, but none that begins with what is dialled within it: the library strips that."""
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(country_code))
    metadata = regions and PhoneMetadata.metadata_for_region_or_calling_code(int(country_code), regions[0])
    if not metadata:
        return None
    described, parsed = metadata.general_desc, metadata.national_prefix_for_parsing
    number = (described and described.national_number_pattern) or "(?!)"
    no_prefix = f"(?!{parsed})" if parsed else ""
    return re.compile(rf"(?=\+[0-9]{{7,15}}\Z)\+{country_code}{no_prefix}(?:{number})", re.ASCII)


def _never(_value: str) -> bytes | None:
    return None


_PLAIN: Mapping[ContactKind, Callable[[str], bytes | None]] = {
    ContactKind.EMAIL: _plain_email,
    ContactKind.PHONE: _plain_phone,
}
