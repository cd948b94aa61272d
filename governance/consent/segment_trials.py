"""A rule tried before it is kept: how many it would find among some customers; nothing of it stays but the entry."""

from collections.abc import Mapping
from typing import Any, Final

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact
from governance.consent.segment_runs import answers_of, objecting
from governance.consent.segmenting import require_purposes
from governance.customers.segments import defined, defining, results
from governance.customers.segments.asking import asked_fields, read_rule
from governance.customers.segments.choosing import Choice
from governance.customers.segments.operations import SpecialCondition
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission

MOST: Final = 5_000
"""People looked at: a trial is one act at a page, and must not take long."""


@frozen
class Trial:
    """What a rule would find.

    Attributes:
        people: how many were looked at.
        is_whole: whether these are all; else they are those who have been customers longest.
        matched, left_out: how many were found, or must not be looked at; `<5` where fewer.
    """

    people: int
    is_whole: bool
    matched: str
    left_out: str


def try_rule(
    work: Work, *, rule: Mapping[str, Any], special: SpecialCondition | None = None, most: int = MOST
) -> Trial:
    """Count whom a rule would find; that it was tried, on which fields, is in the log like any evaluation.

    Raises:
        ForbiddenError: without `segments:define` and `segments:evaluate` for all customers, or where the actor may not
            ask after a field.
        InvalidError: where this is no rule; `errors` says by place what is wrong.
    """
    defined.require_all(work, Permission.SEGMENTS_DEFINE)
    defined.require_all(work, Permission.SEGMENTS_EVALUATE)
    defining.require_condition(work, rule, special)
    require_purposes(work, rule)
    read, extras = read_rule(work, rule)
    choice = Choice(read, at=work.now, extras=extras, left_out=objecting)
    chunk = choice.next_chunk(work, after=None, size=most)
    matched = len(chunk.chosen)
    if chunk.open:
        matched += len(choice.settle(chunk.open, answers_of(work, choice.questions, chunk.open)))
    tried = Trial(chunk.people, chunk.people < most, results.told_count(matched), results.told_count(chunk.left_out))
    facts: dict[str, Fact] = {
        "fields": sorted({one.path for one in asked_fields(work, rule)}),
        "people": tried.people,
        "matched": tried.matched,
        "left_out": tried.left_out,
    }
    audit.append(work, Action.SEGMENT_TRIED, facts=facts)
    return tried
