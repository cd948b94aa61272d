"""Typed records that rows become; tuples, since hundreds of thousands of them are made and read back."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from governance.customers.codes import InteractionKind, MaritalStatus, Sex, Source
from governance.intake.answers import ClaimedConsent
from governance.intake.dates import PartialDate
from governance.intake.values import Refusal


class ContactValue(NamedTuple):
    """One way to reach a person.

    Attributes:
        kind: `email`, `phone`, `messenger`, `social` or `card`.
        value: address, E.164 number, or the account as typed.
        extension: of a phone, or empty.
        label: code of what it is to its holder or of the service it is on, where the heading says so.
    """

    kind: str
    value: str
    extension: str = ""
    label: str = ""


class CustomerRow(NamedTuple):
    """A person as a list tells of them; None and empty where the list is silent.

    Attributes:
        opt_out_offered_at: when the contacts were collected with a sale and a way to refuse advertising was offered.
    """

    number: int
    family_name: str | None = None
    given_name: str | None = None
    patronymic: str | None = None
    birth_date: PartialDate | None = None
    sex: Sex | None = None
    marital_status: MaritalStatus | None = None
    profession: str | None = None
    organisation: str | None = None
    language: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    street: str | None = None
    postcode: str | None = None
    source: Source | None = None
    source_told: str | None = None
    tags: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    preferred_payment: str | None = None
    first_purchase: PartialDate | None = None
    opt_out_offered_at: datetime | PartialDate | None = None
    note: str | None = None
    contacts: tuple[ContactValue, ...] = ()
    consents: tuple[ClaimedConsent, ...] = ()
    extras: tuple[tuple[str, str], ...] = ()


class PurchaseRow(NamedTuple):
    """A purchase, tied to a person by contacts.

    Attributes:
        paid_at: an instant, or a date where the list gives no time of day.
    """

    number: int
    paid_at: datetime | PartialDate
    total: Decimal
    currency: str
    contacts: tuple[ContactValue, ...]
    order_number: str | None = None
    items: tuple[str, ...] = ()
    buyer_name: str | None = None
    note: str | None = None


class InteractionRow(NamedTuple):
    """A call, meeting, letter or message, tied to a person by contacts."""

    number: int
    at: datetime | PartialDate
    kind: InteractionKind
    contacts: tuple[ContactValue, ...]
    seconds: int | None = None
    result: str | None = None
    next_at: datetime | PartialDate | None = None
    note: str | None = None


Record = CustomerRow | PurchaseRow | InteractionRow


class RowRead(NamedTuple):
    """What became of one row.

    Attributes:
        number: row number as a spreadsheet shows it.
        record: None where the row is refused.
        refusals: all that was refused, of a row that is imported as well.
    """

    number: int
    record: Record | None
    refusals: tuple[Refusal, ...]
