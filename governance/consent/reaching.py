"""Staff who see own clients only ask about own clients only: whoever else holds a contact is nobody to them.

A contact that a client of theirs shares with others is answered by what all of them said: a message to it reaches all.
"""

from collections.abc import Mapping
from itertools import chain
from uuid import UUID

from governance.consent.facts import NOBODY, Known
from governance.customers import holders
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.access import allows
from governance.policies.permissions import Permission
from governance.policies.roles import RowScope


def asks_of_own(work: Work) -> bool:
    """Whether whoever asks may check own clients only."""
    return allows(work.actor, Permission.CONSENT_CHECK).rows is RowScope.OWN


def keep_to_own(work: Work, known: Known) -> Known:
    """What is known, without contacts that nobody holds whom the actor looks after; all of it where they see all."""
    if not asks_of_own(work):
        return known
    people = {one.person for one in chain(known.holdings.values(), (one for _, one in known.others))}
    asked = holders.find_known(work, [SubjectId(UUID(bytes=one)) for one in people]) if people else {}
    own = {person.bytes for person in own_of(work, asked)}
    kept = {place for place, one in known.holdings.items() if one.person in own}
    kept |= {place for place, one in known.others if one.person in own}
    for place in known.holdings.keys() - kept:
        known.facts[place] = NOBODY
        del known.holdings[place]
    known.others = [(place, one) for place, one in known.others if place in kept]
    return known


def own_of(work: Work, people: Mapping[SubjectId, holders.Known]) -> dict[SubjectId, holders.Known]:
    """Those of *people* whom the actor looks after; all of them where they see all."""
    if not asks_of_own(work):
        return dict(people)
    return {asked: one for asked, one in people.items() if one.responsible == work.actor.id}
