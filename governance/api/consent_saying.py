"""Single consent events that arrive at the same time: recorded in one transaction, each answered for itself."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import marshmallow as ma
from flask import Response, current_app, request
from webargs import core

from governance.accounts import operations as accounts
from governance.api.answers import json_answer
from governance.api.auth import STRANGER, admit, count_stranger, known, presented_key
from governance.api.bodies import whole_body
from governance.api.express import Answered, Call, UnknownOutcomeError
from governance.api.gathering import Gathering
from governance.api.idempotency import HEADER, caller_of, whole
from governance.api.parsing import read_json
from governance.api.problems import MalformedError
from governance.api.service import Service
from governance.consent import operations as consent
from governance.consent.operations import NewEvent, Recorded
from governance.kernel import idempotency
from governance.kernel.db import one_trip
from governance.kernel.errors import GovernanceError, TooManyError, UnauthenticatedError
from governance.kernel.held import HeldConnection
from governance.kernel.work import Actor, Work, open_work
from governance.policies.permissions import Permission

TOGETHER: Final = 64
TOGETHER_BYTES: Final = 8192
"""Smaller events are recorded together with those that arrive at the same time."""

_EXTENSION: Final = "governance.events"
_making: Final = threading.Lock()


class _Saying(NamedTuple):
    """An event on its way to be recorded together with others.

    Attributes:
        key: of an API client.
        repeat_key: `Idempotency-Key`; empty where none was sent.
        request: what is the same in a repetition.
    """

    service: Service
    key: str
    event: NewEvent
    repeat_key: str = ""
    request: bytes = b""


class _Outcome(NamedTuple):
    """What became of it: who sent it, if that is known, and the recorded event or the refusal."""

    actor: Actor | None
    answer: Recorded | Exception


def record_together(schema: ma.Schema, answer: ma.Schema) -> Callable[[Service], Response | None]:
    """What records the present request along with others, if it is a small one that is in order; else leaves it.

    Args:
        schema: reads an event.
        answer: writes what became of it.
    """

    def together(service: Service) -> Response | None:
        event = _read(schema)
        if event is None:
            return None
        outcome = _gathering().ask(_Saying(service, presented_key(), event))
        if outcome.actor is not None:
            known(outcome.actor)
        if isinstance(outcome.answer, UnauthenticatedError):
            count_stranger(service)
        if isinstance(outcome.answer, Exception):
            raise outcome.answer
        return json_answer(answer.dump(outcome.answer), status=201)

    return together


def _read(schema: ma.Schema) -> NewEvent | None:
    """The event of the present request; None where it is looked at alone, once the key is known."""
    length = request.content_length
    if length is None or length > TOGETHER_BYTES or not core.is_json(request.mimetype) or HEADER in request.headers:
        return None
    return _event_in(schema, whole_body(request))


def _event_in(schema: ma.Schema, body: bytes) -> NewEvent | None:
    try:
        found: NewEvent = schema.load(read_json(body))
    except (ma.ValidationError, MalformedError):
        return None
    return found


class ExpressEvents:
    """Records events in the lane, as `record_together` does for threads; a connection of its own for its thread.

    Args:
        schema: reads an event.
        answer: writes what became of it.
    """

    def __init__(self, schema: ma.Schema, answer: ma.Schema) -> None:
        self._schema = schema
        self._answer = answer
        self._held: HeldConnection | None = None

    def __call__(self, service: Service, calls: Sequence[Call]) -> list[Answered | None]:
        """The answers; None where the ordinary way is to answer, and nothing was recorded.

        Raises:
            UnknownOutcomeError: where the commit failed.
        """
        sayings = {}
        for place, call in enumerate(calls):
            event = _event_in(self._schema, call.body)
            if event is not None:
                repeated = (
                    (call.repeat_key, whole("POST", f"{call.caller.path}?", call.body)) if call.repeat_key else ()
                )
                sayings[place] = _Saying(service, call.caller.key, event, *repeated)
        outcomes = dict(zip(sayings, self._record(service, list(sayings.values())), strict=True)) if sayings else {}
        return [self._answered(service, outcomes.get(place)) for place in range(len(calls))]

    def _record(self, service: Service, sayings: Sequence[_Saying]) -> list[_Outcome]:
        self._held = self._held or HeldConnection(service.database)
        outcomes: list[_Outcome] | None = None
        try:
            with self._held.open_work(STRANGER, clock=service.clock) as work:
                outcomes = _record_in(work, sayings, in_lane=True)
        except Exception as error:
            if outcomes is None:
                raise
            raise UnknownOutcomeError(error) from error
        return outcomes

    def _answered(self, service: Service, outcome: _Outcome | None) -> Answered | None:
        if outcome is None or outcome.actor is None:
            return None
        if isinstance(outcome.answer, Exception):
            if not isinstance(outcome.answer, TooManyError):
                service.limiter.put_back(str(outcome.actor.id))
            return None
        body = current_app.json.dumps(self._answer.dump(outcome.answer)) + "\n"
        return Answered(201, str(outcome.actor.id), body.encode())


def _gathering() -> Gathering[_Saying, _Outcome]:
    found: Gathering[_Saying, _Outcome] | None = current_app.extensions.get(_EXTENSION)
    if found is None:
        with _making:
            found = current_app.extensions.setdefault(_EXTENSION, Gathering(_record_all, most=TOGETHER))
    return found


def _record_all(sayings: Sequence[_Saying]) -> list[_Outcome]:
    """Record events in one transaction; where that fails as a whole, each in one of its own."""
    try:
        return _record_round(sayings)
    except Exception as error:  # noqa: BLE001 - whose fault it was shows when each is recorded alone
        if len(sayings) == 1:
            return [_Outcome(None, error)]
    return [outcome for one in sayings for outcome in _record_all([one])]


def _record_round(sayings: Sequence[_Saying]) -> list[_Outcome]:
    service = sayings[0].service
    with open_work(service.database, STRANGER, clock=service.clock) as work:
        return _record_in(work, sayings, in_lane=False)


def _record_in(work: Work, sayings: Sequence[_Saying], *, in_lane: bool) -> list[_Outcome]:
    """Each key is looked at anew; who is refused does not harm the others.

    Nothing is looked up for a stranger, who could tell by the time that it takes whether somebody is known. Nobody gets
    into the lane but by a key that was taken, and there both are asked for at once.
    """
    outcomes: dict[int, _Outcome] = {}
    by_actor: dict[Actor, list[int]] = {}
    events = consent.Heard(work, [one.event for one in sayings])
    with one_trip(work.session):
        recognise = accounts.ask_clients(work, presented=[one.key for one in sayings])
        if in_lane:
            events.ask()
    for place, (one, actor) in enumerate(zip(sayings, recognise(), strict=True)):
        try:
            if actor is None:
                raise UnauthenticatedError("The API key is unknown, expired or revoked.")
            admit(one.service, actor, Permission.CONSENT_RECORD)
        except GovernanceError as error:
            outcomes[place] = _Outcome(actor, error)
        else:
            by_actor.setdefault(actor, []).append(place)
    if by_actor and not in_lane:
        events.meant.read()
    claims = _claim(work, sayings, by_actor)
    for actor, places in by_actor.items():
        theirs = Work(work.session, actor, work.now)
        answers = consent.record_each(theirs, events=events, places=places)
        outcomes |= {place: _Outcome(actor, one) for place, one in zip(places, answers, strict=True)}
    if claims:
        answers_of = {claim: outcomes[place].answer for place, claim in claims.items()}
        made = {claim: one.id if isinstance(one, Recorded) else None for claim, one in answers_of.items()}
        idempotency.settle_many(work, made, status=201)
    return [outcomes[place] for place in range(len(sayings))]


def _claim(
    work: Work, sayings: Sequence[_Saying], by_actor: Mapping[Actor, Sequence[int]]
) -> dict[int, idempotency.Claim]:
    """By place, the keys of those that may be repeated.

    Raises:
        RepeatedError: one of them is a repetition; the ordinary way knows what to answer.
    """
    keyed = {place: actor for actor, places in by_actor.items() for place in places if sayings[place].repeat_key}
    if not keyed:
        return {}
    asked = [(caller_of(actor), sayings[place].repeat_key, sayings[place].request) for place, actor in keyed.items()]
    taken = idempotency.claim_fresh(work, asked, secret=sayings[0].service.digest_secret)
    return dict(zip(keyed, taken, strict=True))
