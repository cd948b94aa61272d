"""Whether the answer goes to the person whom a request is about, or to a contact that is none of theirs."""

from typing import Final

from governance.customers.codes import ContactKind
from governance.customers.holders import find_holders, find_known
from governance.customers.peculiar import spokespeople
from governance.customers.records import NewContact
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import RequestAct
from governance.rights.acting import history
from governance.rights.codes import Entry
from governance.rights.errors import ForeignContactError
from governance.rights.tables import RequestRow

FOREIGN_CONTACT: Final = "foreign_contact"
"""Flag of a request that somebody else may have made in the person's name."""
_HANDED_OUT: Final = frozenset({RequestKind.ACCESS.value, RequestKind.PORTABILITY.value})


def goes_elsewhere(work: Work, row: RequestRow) -> bool:
    """Whether the answer goes to a contact that neither the person nor whoever speaks for them is on record with.

    What an officer confirmed counts until another proof of who asks is taken.
    """
    if row.closed_at is not None or row.contact is None or row.contact_kind is None or row.person_id is None:
        return False
    known = find_known(work, [SubjectId(row.person_id)]).get(SubjectId(row.person_id))
    if known is None:
        return False
    holders = find_holders(work, [NewContact(ContactKind(row.contact_kind), row.contact)])[0]
    own = {known.id, *spokespeople(work, known.id)}
    return own.isdisjoint(one.id for one in holders) and not _is_confirmed(work, row)


def refuse_elsewhere(work: Work, row: RequestRow, *, answer: str | None = None) -> None:
    """Let no data of a person go to a contact that may be somebody else's.

    Raises:
        ForeignContactError: where data, or words of an *answer*, would go there.
    """
    if (answer or row.kind in _HANDED_OUT) and goes_elsewhere(work, row):
        raise ForeignContactError(
            "The answer would go to a contact that this person is not on record with; an officer confirms it first."
        )


def _is_confirmed(work: Work, row: RequestRow) -> bool:
    acts = [line.act for line in history(work, row) if line.act in (Entry.CONFIRM.value, RequestAct.PROVE.value)]
    return acts[-1:] == [Entry.CONFIRM.value]
