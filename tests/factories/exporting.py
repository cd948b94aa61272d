"""Exports proposed, approved, made and fetched."""

from collections.abc import Sequence
from typing import Any

from governance.accounts import operations as accounts
from governance.accounts.operations import Proposal
from governance.customers.bulk import create_people
from governance.customers.codes import ContactKind
from governance.customers.records import NewContact
from governance.disclosures import fetching, formats, making
from governance.disclosures import operations as disclosures
from governance.disclosures.operations import ExportFormat, ExportId
from governance.disclosures.recording import define_recipient
from governance.disclosures.tables import ExportChunkRow
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import SYSTEM, Actor, Work
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from governance.reference.recipients import Recipient, RecipientKind
from tests.factories.actors import by
from tests.factories.customers import origin, person

FIELDS = ("person.family_name", "person.given_name", "contact.email")


def firm(work: Work) -> None:
    """A controller in Germany."""
    set_controller(work, legal_name="Demonstration Shop", address="Berlin", country="DE")


def letters(work: Work, **said: Any) -> Recipient:
    """A processor that sends letters."""
    given: dict[str, Any] = {
        "key": "letters",
        "name": "Letters GmbH",
        "kind": RecipientKind.PROCESSOR,
        "country": "DE",
        "purposes": ["service", "newsletter"],
        "fields": [*FIELDS, "contact.phone", "person.city", "person.birth_date"],
        "safeguard": "domestic",
    }
    return define_recipient(work, **{**given, **said})


def officer(work: Work, *roles: str) -> Actor:
    """A member of staff who has an account."""
    made = accounts.create_staff(work, name="Кто-то", email=f"{uuid4().hex}@example.org", roles=roles or ("officer",))
    return accounts.staff_actor(work, staff=made.id)


def buyers(work: Work, number: int, *, start: int = 0) -> list[SubjectId]:
    """People who bought something, so that they may be told of their orders."""
    made = [
        person(
            family_name=f"Petrenko-{one}",
            given_name="Олена",
            patronymic=None,
            city="Київ",
            contacts=(NewContact(ContactKind.EMAIL, f"buyer{one}@example.org"),),
        )
        for one in range(start, start + number)
    ]
    return list(create_people(work, made, origin=origin()))


def propose(work: Work, **said: Any) -> Proposal:
    """Propose an export of those who may be written to about their orders."""
    given: dict[str, Any] = {
        "recipient": "letters",
        "purpose": "service",
        "channels": [Channel.EMAIL],
        "format": ExportFormat.CSV,
        "fields": FIELDS,
        "reason": "Рассылка о переезде склада",
    }
    return disclosures.propose_export(work, **{**given, **said})


def export(work: Work, proposer: Actor, decider: Actor, **said: Any) -> ExportId:
    """An export that was proposed, approved and begun."""
    made = propose(by(work, proposer), **said)
    accounts.approve(by(work, decider), proposal=made.id, digest=made.digest)
    assert accounts.execute(by(work, SYSTEM), proposal=made.id)
    return ExportId(made.id)


def make(work: Work, export: ExportId) -> None:
    """Gather all its rows."""
    while making.make_next(by(work, SYSTEM), export=export) is not None:
        pass


def content(work: Work, export: ExportId, proposer: Actor) -> bytes:
    """Fetch it, as the one who proposed it, within one transaction."""
    fetched = fetching.fetch(by(work, proposer), export=export)
    found = work.session.query(ExportChunkRow).filter_by(export_id=export).order_by(ExportChunkRow.number)
    parts = [formats.unpack_rows(one.payload or b"") for one in found]
    file = b"".join(formats.write(fetched.format, fetched.fields, parts))
    fetching.destroy(by(work, proposer), export=export)
    return file


def lines(file: bytes) -> Sequence[str]:
    """Lines of a CSV file without its heading."""
    return file.decode("utf-8-sig").splitlines()[1:]
