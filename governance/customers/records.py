"""What is handed in to be kept: people, contacts, purchases, interactions, activity, in normal form.

`values` brings what a caller sent to this form; whoever reads files brings rows to it.
"""

from collections.abc import Mapping
from dataclasses import field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from governance.customers.codes import (
    ActivityKind,
    ContactKind,
    ContactLabel,
    Ground,
    InteractionKind,
    MaritalStatus,
    NotMailable,
    PersonKind,
    Sex,
    Source,
)
from governance.kernel.ids import BatchId, OwnerId, StaffId, SubjectId, SubjectRef
from governance.kernel.records import frozen

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Moment: TypeAlias = datetime | date
"""An instant, or a day where no more is known; a day stays a day."""


@frozen
class NewContact:
    """A way to reach a person.

    Attributes:
        kind: which sort.
        value: address, E.164 number, account or card number, in normal form.
        extension: of a phone, digits.
        region: ISO 3166 country of a phone number.
        label: what it is to its holder, or the service that it is on.
        is_primary: whether it is the first of its kind to be used.
        opt_out_offered_at: when it was collected with a sale, and a way to refuse advertising was offered.
    """

    kind: ContactKind
    value: str
    extension: str | None = None
    region: str | None = None
    label: ContactLabel | None = None
    is_primary: bool = False
    opt_out_offered_at: datetime | None = None


@frozen(kw_only=True)
class NewPerson:
    """A person; None and empty where nothing is known.

    Attributes:
        birth_date, deceased_on: ISO 8601, possibly of reduced precision: `1982-08-09`, `1982-08`, `1982`.
        language: ISO 639. country: ISO 3166-1 alpha-2.
        source: where the data came from; source_note: the same in the controller's words.
        ground: lawful ground on which the person is kept.
        customer_since: day of the first purchase as an old list tells it.
        responsible: staff member who looks after the person.
        extras: values of extra fields by key, as `ExtraType` writes them.
    """

    kind: PersonKind = PersonKind.PRIVATE
    family_name: str | None = None
    given_name: str | None = None
    patronymic: str | None = None
    birth_date: str | None = None
    sex: Sex | None = None
    marital_status: MaritalStatus | None = None
    profession: str | None = None
    organisation: str | None = None
    region: str | None = None
    city: str | None = None
    street: str | None = None
    postcode: str | None = None
    source_note: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    preferred_payment: str | None = None
    deceased_on: str | None = None
    language: str | None = None
    country: str | None = None
    source: Source | None = None
    ground: Ground | None = None
    customer_since: date | None = None
    not_mailable: NotMailable | None = None
    responsible: StaffId | None = None
    contacts: tuple[NewContact, ...] = ()
    extras: Mapping[str, str] = field(default_factory=dict)


@frozen
class Origin:
    """What the rows of one import share.

    Attributes:
        batch: the import.
        acquired_at: when the data were obtained.
        source, ground: of people who bring none of their own.
    """

    batch: BatchId
    acquired_at: datetime
    source: Source
    ground: Ground


@frozen(kw_only=True)
class NewPurchase:
    """A purchase.

    Attributes:
        paid_at: an instant, or a day where no time of day is known.
        total: in *currency* (ISO 4217); negative for money returned.
        items: what was bought: texts, or objects with name, quantity, price.
        buyer: name and contacts as of that time; those of the person's record where it is left out.
    """

    paid_at: Moment
    total: Decimal
    currency: str
    number: str | None = None
    items: tuple[Json, ...] = ()
    buyer: Mapping[str, Json] | None = None
    note: str | None = None


@frozen(kw_only=True)
class NewInteraction:
    """A call, meeting, letter or message.

    Attributes:
        at, next_contact_at: an instant, or a day where no time of day is known.
        seconds: how long it lasted.
        staff: who spoke.
    """

    kind: InteractionKind
    at: Moment
    seconds: int | None = None
    result: str | None = None
    note: str | None = None
    next_contact_at: Moment | None = None
    staff: StaffId | None = None


@frozen(kw_only=True)
class NewActivity:
    """What a customer did by themselves."""

    kind: ActivityKind
    at: datetime
    detail: Mapping[str, Json] | None = None


@frozen
class PurchaseOf:
    """A purchase, and whose it is."""

    person: SubjectId
    purchase: NewPurchase


@frozen
class InteractionOf:
    """An interaction, and with whom it was."""

    person: SubjectId
    interaction: NewInteraction


@frozen
class Owned:
    """A person's names among keys and entries.

    Attributes:
        owner: key owner under whom new rows of the person are sealed.
        ref: name in the audit log.
    """

    owner: OwnerId
    ref: SubjectRef


SEALED_FIELDS: tuple[str, ...] = (
    "family_name",
    "given_name",
    "patronymic",
    "birth_date",
    "sex",
    "marital_status",
    "profession",
    "organisation",
    "region",
    "city",
    "street",
    "postcode",
    "source_note",
    "note",
    "tags",
    "interests",
    "preferred_payment",
    "deceased_on",
)
"""Fields of a person that are sealed, in the order in which they are told."""
READABLE_FIELDS: tuple[str, ...] = (
    "kind",
    "language",
    "country",
    "source",
    "ground",
    "customer_since",
    "not_mailable",
)
"""Fields of a person that lie in the clear and may be edited."""

_NAMES = {one.name for one in fields(NewPerson)}
if not {*SEALED_FIELDS, *READABLE_FIELDS} <= _NAMES:
    raise TypeError("A field of people has no place in NewPerson.")
