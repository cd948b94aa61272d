"""People with all that a package tells of."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.customers.codes import ActivityKind
from governance.customers.records import NewActivity
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.deadline_rules import RequestKind
from governance.reference.operations import set_controller
from governance.rights import operations as rights
from governance.rights.codes import Arrival
from governance.rights.operations import NewRequest
from governance.rights.packages import fetching, making
from governance.rights.packages.operations import Fetched, PackageId
from tests.factories.customers import NOW, email, interaction, origin, person, purchase


def firm(work: Work) -> None:
    """A controller in Ukraine."""
    set_controller(work, legal_name="Demonstration Shop", address="Київ", country="UA")


def buyer(work: Work, **said: Any) -> SubjectId:
    """Somebody who bought, talked and clicked."""
    [made] = create_people(work, [person(**said)], origin=origin())
    subject = SubjectId(made)
    customers.record_purchase(work, subject=subject, purchase=purchase())
    customers.record_interaction(work, subject=subject, interaction=interaction(note="Хочет скидку"))
    visited = NewActivity(kind=ActivityKind.VISIT, at=NOW - timedelta(days=3), detail={"page": "/sale"})
    customers.record_activity(work, subject=subject, activity=visited)
    return subject


def made(work: Work, package: PackageId) -> Fetched:
    """The package, gathered and about to be handed out."""
    making.make_now(work, package=package)
    return fetching.fetch(work, package=package)


def archive(work: Work, fetched: Fetched) -> zipfile.ZipFile:
    """The archive as it leaves."""

    def read(file: int, number: int) -> bytes | None:
        return fetching.part(work, package=fetched.id, file=file, number=number)

    return zipfile.ZipFile(io.BytesIO(b"".join(fetching.archive(fetched, read))))


def document(found: zipfile.ZipFile) -> dict[str, Any]:
    """`package.json` of an archive."""
    told: dict[str, Any] = json.loads(found.read("package.json"))
    return told


def asked(work: Work, subject: SubjectId) -> None:
    """They asked before what is kept of them."""
    said = NewRequest(
        kind=RequestKind.ACCESS,
        arrival=Arrival.LETTER,
        contact_kind="email",
        contact=email().value,
        customer=subject,
        said="Что вы обо мне храните?",
        checked="По телефону",
    )
    rights.receive(work, new=said)
