"""Who is meant by the contacts and ids of events, and whose history each of them goes into.

A consent is one person's: where a contact does not say whose, it is refused. A stop is for everybody who holds the
contact, and where nobody is known by it, for whoever will be.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from typing import Final

from governance.consent.accepting import Accepted
from governance.consent.codes import CONTACTS_OF
from governance.consent.errors import SharedContactError, UnknownContactError
from governance.consent.events import NewEvent
from governance.customers.codes import ContactKind
from governance.customers.holders import HeldContact, Known, ask_holders, contact_used, find_known
from governance.customers.records import NewContact
from governance.kernel.db import one_trip
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Actor, Work
from governance.policies.consent_state import STOPS, Method
from governance.policies.roles import RowScope
from governance.vault.runtime import vault_of

_NOBODY: Final = "Nobody is known by this contact; create the customer first, or give a customer id."
_SEVERAL: Final = "Several people hold this contact; give the customer id of the one who consented."
_NOT_THEIRS: Final = "This customer does not hold the contact; add it to the customer first, or leave it out."
_NO_SUCH: Final = "There is no such person, or they are not among those you look after."


@frozen
class Whose:
    """An event, and everybody for whom it is kept: nobody where the ledger alone keeps it.

    Attributes:
        for_all: whether whoever records it reaches everybody who holds the contact, and so the ledger.
    """

    accepted: Accepted
    people: tuple[Known, ...]
    for_all: bool = True


class Meant:
    """Everybody who may be meant by some events, read by a few statements for all of them.

    Args:
        work: the transaction.
        accepted: the events.
    """

    def __init__(self, work: Work, accepted: Collection[Accepted]) -> None:
        self._work = work
        self._accepted = accepted
        self._said = list(dict.fromkeys(one.contact for one in accepted if one.contact is not None))
        self._ids = {one.new.subject for one in accepted if one.new.subject is not None}
        self._asked: Callable[[], list[tuple[Known, ...]]] = list
        vault_of(work.session).keep_fresh(work.session)
        work.session.flush()

    def ask(self) -> None:
        """Ask for holders within a `one_trip`."""
        if self._said:
            self._asked = ask_holders(self._work, self._said)

    def read(self) -> None:
        """Ask in a way of its own."""
        if self._said:
            with one_trip(self._work.session):
                self.ask()

    @cached_property
    def contacts(self) -> Mapping[tuple[SubjectId, ContactKind], HeldContact]:
        """What people are reached by, where an event does not say it."""
        wanted: dict[SubjectId, frozenset[ContactKind]] = {}
        for one in self._accepted:
            kinds = CONTACTS_OF[one.new.channel]
            known = None if one.new.subject is None else self._known.get(one.new.subject)
            if one.contact is None and known is not None and kinds and not _permits_nothing(one.new):
                wanted[known.id] = wanted.get(known.id, frozenset()).union(kinds)
        return contact_used(self._work, wanted) if wanted else {}

    @cached_property
    def _holders(self) -> Mapping[NewContact, tuple[Known, ...]]:
        return dict(zip(self._said, self._asked(), strict=True))

    @cached_property
    def _known(self) -> Mapping[SubjectId, Known]:
        return find_known(self._work, self._ids) if self._ids else {}

    def whose(self, accepted: Accepted, *, actor: Actor, reach: RowScope) -> Whose:
        """For whom the event is kept, where *actor* records it for whom the act reaches.

        Raises:
            NotFoundError, UnknownContactError, SharedContactError: as `record` says.
        """
        new, contact = accepted.new, accepted.contact
        within = _Within(actor, reach)
        named = self._named(new, within)
        holders = within.of(() if contact is None else self._holders[contact])
        if new.kind in STOPS:
            people = dict.fromkeys((*named, *holders))
            kept_out = contact is not None and contact.kind in CONTACTS_OF[new.channel] and reach is RowScope.ALL
            if not people and not kept_out:
                raise UnknownContactError(_NOBODY, errors={"contact": [_NOBODY]})
            return Whose(accepted, tuple(people), for_all=reach is RowScope.ALL)
        if named:
            if contact is not None and named[0] not in holders:
                raise UnknownContactError(_NOT_THEIRS, errors={"contact": [_NOT_THEIRS]})
            return Whose(accepted, named)
        if not holders:
            raise UnknownContactError(_NOBODY, errors={"contact": [_NOBODY]})
        if len(holders) > 1:
            raise SharedContactError(_SEVERAL, errors={"customer_id": [_SEVERAL]})
        return Whose(accepted, holders)

    def _named(self, new: NewEvent, within: "_Within") -> tuple[Known, ...]:
        if new.subject is None:
            return ()
        found = within.of(known for known in (self._known.get(new.subject),) if known is not None)
        if not found:
            raise NotFoundError(_NO_SUCH, errors={"customer_id": [_NO_SUCH]})
        return found


@frozen
class _Within:
    """Whom an actor reaches."""

    actor: Actor
    reach: RowScope

    def of(self, people: Iterable[Known]) -> tuple[Known, ...]:
        """Those of *people* who are reached."""
        return tuple(person for person in people if self.reach is RowScope.ALL or person.responsible == self.actor.id)


def _permits_nothing(new: NewEvent) -> bool:
    """Whether it is a claim or a stop out of a list: nobody will ever have to prove it (GDPR Art. 7(1))."""
    return new.method is Method.IMPORT and (new.claimed or new.notice is None)
