"""What a person is reached by, for whoever erases them and must find what else waits for these contacts."""

from collections.abc import Iterable

from governance.customers.codes import ContactKind
from governance.customers.loading import contacts_of, opened
from governance.customers.records import NewContact
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work


def values_of_contacts(work: Work, people: Iterable[SubjectId]) -> list[NewContact]:
    """Contacts of *people* in the clear, each once; the caller has decided that they may be read."""
    rows = [row for held in contacts_of(work, people).values() for row in held]
    told = [NewContact(ContactKind(row.kind), value) for row in rows if (value := opened(row, "value"))]
    return list(dict.fromkeys(told))
