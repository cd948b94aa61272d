"""People, contacts, purchases and interactions for tests of the customer store."""

from datetime import UTC, date, datetime
from decimal import Decimal

from governance.customers.codes import ContactKind, Ground, InteractionKind, Sex, Source
from governance.customers.records import NewContact, NewInteraction, NewPerson, NewPurchase, Origin
from governance.kernel.ids import BatchId, uuid7

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def email(address: str = "irina.vorobeva@example.org") -> NewContact:
    return NewContact(ContactKind.EMAIL, address)


def phone(number: str = "+79334552061") -> NewContact:
    return NewContact(ContactKind.PHONE, number, region="RU")


def person(**said: object) -> NewPerson:
    given = {
        "family_name": "Воробьева",
        "given_name": "Ирина",
        "patronymic": "Маратовна",
        "birth_date": "1982-08-09",
        "sex": Sex.FEMALE,
        "city": "Санкт-Петербург",
        "contacts": (email(), phone()),
        **said,
    }
    return NewPerson(**given)  # type: ignore[arg-type]  # tests say what they need


def origin(source: Source = Source.TILL) -> Origin:
    return Origin(BatchId(uuid7()), NOW, source, Ground.CONTRACT)


def purchase(**said: object) -> NewPurchase:
    given = {"paid_at": date(2025, 12, 16), "total": Decimal("7731.01"), "currency": "RUB", "number": "A-1", **said}
    return NewPurchase(**given)  # type: ignore[arg-type]  # as above


def interaction(**said: object) -> NewInteraction:
    given = {"kind": InteractionKind.CALL, "at": NOW, "seconds": 398, "result": "договорились", **said}
    return NewInteraction(**given)  # type: ignore[arg-type]  # as above
