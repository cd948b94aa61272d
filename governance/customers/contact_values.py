"""What may be written into a contact, and what is asked for when one is searched: the same normal forms."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache

import phonenumbers

from governance.customers.codes import ContactKind, ContactLabel
from governance.customers.phone_notes import without_notes
from governance.customers.records import NewContact
from governance.customers.texts import Wrong, words
from governance.customers.values import country
from governance.kernel.emails import normalized, special_domains
from governance.kernel.records import frozen
from governance.policies.masking import DOTS

LONGEST_ADDRESS = 500
_LONGEST_EMAIL = 254
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN_EMAIL = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[a-z]{{2,63}}")
_EXTENSION = re.compile(r"\d{1,10}", re.ASCII)


@frozen(kw_only=True)
class ContactSaid:
    """A contact as a caller sent it.

    Attributes:
        region: country of a phone number that is written without a country code.
        opt_out_offered_at: when it was collected with a sale, and a way to refuse advertising was offered
            (Directive 2002/58/EC Art. 13(2)).
    """

    kind: str
    value: str
    extension: str | None = None
    region: str | None = None
    label: str | None = None
    is_primary: bool = False
    opt_out_offered_at: datetime | None = None


@frozen
class _Normal:
    """A value in its normal form.

    Attributes:
        region: ISO 3166 country of a phone number.
        extension: of a phone number.
    """

    value: str
    region: str | None = None
    extension: str | None = None


def read_contact(said: ContactSaid, *, home: str | None) -> NewContact:
    """A contact in its normal form.

    Args:
        said: what was sent.
        home: country of phone numbers without a country code, where the contact names none.

    Raises:
        Wrong: where it cannot be kept.
    """
    if said.kind not in set(ContactKind):
        raise Wrong("The kind is one of " + ", ".join(kind.value for kind in ContactKind) + ".")
    if said.label is not None and said.label not in set(ContactLabel):
        raise Wrong("The label is one of " + ", ".join(label.value for label in ContactLabel) + ".")
    kind = ContactKind(said.kind)
    if DOTS in said.value:
        raise Wrong("This is a masked contact; give the real one.")
    normal = _READERS[kind](said.value, country(said.region) if said.region else home)
    extension = said.extension or normal.extension
    if extension is not None and (kind is not ContactKind.PHONE or not _EXTENSION.fullmatch(extension)):
        raise Wrong("Only phones have an extension, of at most ten digits.")
    return NewContact(
        kind=kind,
        value=normal.value,
        extension=extension,
        region=normal.region,
        label=ContactLabel(said.label) if said.label else None,
        is_primary=said.is_primary,
        opt_out_offered_at=said.opt_out_offered_at,
    )


@cache
def _odd_email() -> re.Pattern[str]:
    """Labels in Punycode, and domains that no mail goes to."""
    return re.compile(r"--|\.(?:" + "|".join(map(re.escape, special_domains())) + r")\Z")


def _email(value: str, _home: str | None) -> _Normal:
    value = value.strip()
    if len(value) <= _LONGEST_EMAIL and _PLAIN_EMAIL.fullmatch(value) and not _odd_email().search(value):
        return _Normal(value)  # as the library answers, at a tenth of its price
    try:
        return _Normal(normalized(value))
    except ValueError:
        raise Wrong("This is no e-mail address; write it as name@domain.tld.") from None


def _phone(value: str, home: str | None) -> _Normal:
    number = _number(value, home) or _number(without_notes(value), home)
    if number is None:
        raise Wrong("No numbering plan has this number; write it with + and the country code, or name its country.")
    return _Normal(
        value=str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)),
        region=_region(number),
        extension=number.extension,
    )


def _number(text: str, home: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, home)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _region(number: phonenumbers.PhoneNumber) -> str | None:
    code = phonenumbers.region_code_for_number(number)
    return code if code in phonenumbers.SUPPORTED_REGIONS else None


def _line(value: str, _home: str | None) -> _Normal:
    return _Normal(words(value))


def _address(value: str, _home: str | None) -> _Normal:
    return _Normal(words(value, longest=LONGEST_ADDRESS, lines=True))


_READERS: Mapping[ContactKind, Callable[[str, str | None], _Normal]] = {
    ContactKind.EMAIL: _email,
    ContactKind.PHONE: _phone,
    ContactKind.POSTAL: _address,
    ContactKind.MESSENGER: _line,
    ContactKind.SOCIAL: _line,
    ContactKind.CARD: _line,
}
