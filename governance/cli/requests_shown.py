"""What commands for requests share: a request found by number or id, and shown."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import click

from governance.cli.context import answer_json, operator_work, say
from governance.kernel.work import Work
from governance.policies.deadline_words import DEFAULT
from governance.rights import operations as rights
from governance.rights.operations import RequestId, RequestLine, RequestView

DAY = click.DateTime(["%Y-%m-%d"])


def choice(codes: Any) -> click.Choice[str]:  # noqa: ANN401 (a class of codes)
    """One of closed codes."""
    return click.Choice([one.value for one in codes])


def act(request: str, as_json: bool, do: Callable[[Work, RequestId], RequestView]) -> None:  # noqa: FBT001 (inner)
    """Do something to a request, and show what came of it."""
    with operator_work() as work:
        seen = do(work, id_of(work, request))
    answer(seen, as_json)


def answer(seen: RequestView, as_json: bool) -> None:  # noqa: FBT001 (inner)
    """Show a request."""
    if as_json:
        answer_json(seen)
    else:
        tell(seen)


def found(work: Work, request: str) -> RequestView:
    """A request by number or id; told in the log."""
    try:
        return rights.find(work, request=RequestId(UUID(request)))
    except ValueError:
        return rights.find_by_number(work, number=request)


def id_of(work: Work, request: str) -> RequestId:
    """The id of a request by number or id."""
    try:
        return RequestId(UUID(request))
    except ValueError:
        return rights.find_by_number(work, number=request).id


def line_of(one: RequestLine) -> tuple[object, ...]:
    """A request as a line of a listing."""
    return (one.number, one.kind, one.state, one.received_on, one.due_on, one.reminded, one.repeats, one.id)


def tell(seen: RequestView) -> None:
    """Show where a request stands, and what may be done now."""
    say(f"{seen.kind} of {seen.received_on}: {seen.state}, due {seen.due_on}; possible now: {', '.join(seen.acts)}")
    for one in seen.duties:
        say(f"  {one.law} {one.duty} by {one.due_on}: {one.traced(DEFAULT)}{'' if one.verified else ' (unverified)'}")
    for why in seen.needs_approval:
        say(f"  a second person has to approve: {why}")
