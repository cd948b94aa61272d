"""By which segments a person is chosen: what they may ask about the logic of decisions (GDPR Art. 15(1)(h), 22)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from governance.consent.segment_runs import objecting
from governance.customers.segments.asking import read_rule
from governance.customers.segments.choosing import Choice
from governance.customers.segments.defined import SegmentId, in_use
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.documents import Titles

MOST: Final = 200
"""Segments that are looked at; the newest where there are more."""


@frozen
class Chosen:
    """A segment whose rule, as it is now, chooses a person.

    Attributes:
        rule: as it was written.
        since: when this rule was written.
        if_allowed: whether it chooses them only where a message may be sent to them, which is asked at each mailing.
    """

    segment: SegmentId
    titles: Titles
    rule: Mapping[str, Any]
    since: datetime
    if_allowed: bool


def chosen_by(work: Work, *, person: SubjectId) -> list[Chosen]:
    """The segments in use that choose a person, by their key; whoever objected to being profiled is chosen by none.

    The caller has decided that it may be told. No message is checked for, so that asking leaves no trace of a mailing.
    """
    found: list[Chosen] = []
    before = UUID(int=person.int - 1)
    for one in in_use(work, limit=MOST):
        rule, extras = read_rule(work, one.rule)
        choice = Choice(rule, at=work.now, extras=extras, left_out=objecting)
        chunk = choice.next_chunk(work, after=before, size=1)
        if chunk.reached == person and (chunk.chosen or chunk.open):
            found.append(Chosen(one.id, one.titles, one.rule, one.defined_at, bool(chunk.open)))
    return found
