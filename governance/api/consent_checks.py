"""Send checks: may this be sent to these contacts, and if not, why not."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from flask import Response, current_app, request
from flask.views import MethodView
from webargs import core
from werkzeug.exceptions import UnsupportedMediaType

from governance.accounts import operations as accounts
from governance.api.auth import STRANGER, admit, count_stranger, guarded, known, presented_key
from governance.api.blueprints import Blueprint
from governance.api.bodies import whole_body
from governance.api.consent_questions import CheckAnswer, CheckQuestion, Question, read_question, write_answer
from governance.api.consent_uses import Uses
from governance.api.express import Answered, Call
from governance.api.gathering import Gathering
from governance.api.problems import MalformedError
from governance.api.service import Service, current_service, current_work
from governance.consent import operations as consent
from governance.consent.operations import Asked, Checked, Request
from governance.kernel.errors import (
    ForbiddenError,
    GovernanceError,
    InvalidError,
    TooManyError,
    UnauthenticatedError,
)
from governance.kernel.held import HeldConnection
from governance.kernel.work import Actor, Work, open_singly
from governance.policies import access
from governance.policies.permissions import Permission

BODY_LIMIT_BYTES: Final = 8 * 1_048_576
"""Ten thousand contacts of the greatest length in any spelling of JSON, and some room."""
TOGETHER_BYTES: Final = 8192
TOGETHER_CONTACTS: Final = 50
"""Smaller questions are answered together with those that arrive at the same time."""
TOGETHER: Final = 64

blueprint = Blueprint("consent checks", __name__, description="May this be sent? Asked before every mailing.")


class _Asking(NamedTuple):
    """A question on its way to be answered together with others."""

    service: Service
    key: str
    question: Question
    asked: Asked


class _Outcome(NamedTuple):
    """What became of it: who asked, if that is known, and the answer or the refusal."""

    actor: Actor | None
    answer: Checked | GovernanceError


def answer_together(service: Service) -> Response | None:
    """Answer the present request along with others, if it is a small one that is in order; else leave it."""
    length = request.content_length
    if length is None or length > TOGETHER_BYTES or not core.is_json(request.mimetype):
        return None
    question = _small_question(whole_body(request))
    if question is None:
        return None
    outcome = _gathering().ask(_asking(service, presented_key(), question))
    if outcome.actor is None:
        count_stranger(service)
    else:
        known(outcome.actor)
    if isinstance(outcome.answer, GovernanceError):
        raise outcome.answer
    return _respond(service, question, outcome.answer)


def _small_question(body: bytes) -> Question | None:
    """A question that may be answered together with others; None where there is none, or it is a large one."""
    try:
        question = read_question(body)
    except (MalformedError, InvalidError):
        return None  # it is looked at again once the key is known
    if question.people or question.asked.as_of is not None or len(question.contacts) > TOGETHER_CONTACTS:
        return None
    return question


def _asking(service: Service, key: str, question: Question) -> _Asking:
    asked = with_links(service, question.asked) if question.unsubscribe else question.asked
    return _Asking(service, key, question, asked)


class ExpressChecks:
    """Answers questions in the lane, as `answer_together` does for threads; a connection of its own for its thread."""

    def __init__(self) -> None:
        self._held: HeldConnection | None = None

    def __call__(self, service: Service, calls: Sequence[Call]) -> list[Answered | None]:
        """The answers; None where the ordinary way is to answer."""
        questions = [_small_question(call.body) for call in calls]
        small = [place for place, question in enumerate(questions) if question is not None]
        askings = [
            _asking(service, call.caller.key, question)
            for call, question in zip(calls, questions, strict=True)
            if question is not None
        ]
        answers: list[Answered | None] = [None] * len(calls)
        if askings:
            self._held = self._held or HeldConnection(service.database, singly=True)
            with self._held.open_work(STRANGER, clock=service.clock) as work:
                outcomes = _answer_in(work, askings)
            for place, one, outcome in zip(small, askings, outcomes, strict=True):
                answers[place] = _express_answer(one, outcome)
        return answers


def _express_answer(one: _Asking, outcome: _Outcome) -> Answered | None:
    if outcome.actor is None:
        return None
    if isinstance(outcome.answer, GovernanceError):
        if not isinstance(outcome.answer, TooManyError):
            one.service.limiter.put_back(str(outcome.actor.id))
        return None
    return Answered(200, str(outcome.actor.id), _written(one.service, one.question, outcome.answer).encode())


def _gathering() -> Gathering[_Asking, _Outcome]:
    found: Gathering[_Asking, _Outcome] | None = current_app.extensions.get(_EXTENSION)
    if found is None:
        with _making:
            found = current_app.extensions.setdefault(_EXTENSION, Gathering(_answer_all, most=TOGETHER))
    return found


_EXTENSION: Final = "governance.checks"
_making: Final = threading.Lock()


def _answer_all(askings: Sequence[_Asking]) -> list[_Outcome]:
    """Answer questions at once. Each key is looked at anew; who is refused does not harm the others.

    All that is written is their entries, by one statement: the answers go out once it has committed.
    """
    service = askings[0].service
    with open_singly(service.database, STRANGER, clock=service.clock) as work:
        return _answer_in(work, askings)


def _answer_in(work: Work, askings: Sequence[_Asking]) -> list[_Outcome]:
    actors = accounts.authenticate_clients(work, presented=[one.key for one in askings])
    refused: dict[int, GovernanceError] = {}
    requests: dict[int, Request] = {}
    for place, (one, actor) in enumerate(zip(askings, actors, strict=True)):
        try:
            if actor is None:
                raise UnauthenticatedError("The API key is unknown, expired or revoked.")
            admit(one.service, actor, Permission.CONSENT_CHECK)
            require_details(one.asked, actor)
            consent.require_within(actor, purpose=one.asked.purpose, channel=one.asked.channel)
        except GovernanceError as error:
            refused[place] = error
        else:
            requests[place] = Request(replace(work, actor=actor), one.asked, one.question.contacts)
    answers = dict(zip(requests, consent.check_together(list(requests.values())), strict=True)) if requests else {}
    return [_Outcome(actor, refused.get(place) or answers[place]) for place, actor in enumerate(actors)]


def require_details(asked: Asked, actor: Actor) -> None:
    """Stop a question for full reasons by somebody who may not see them.

    Raises:
        ForbiddenError: where the scope is missing.
    """
    if asked.details and not access.allows(actor, Permission.CONSENT_DETAILS).allowed:
        raise ForbiddenError(f"Full reasons need the scope {Permission.CONSENT_DETAILS.value}; leave out details.")


def with_links(service: Service, asked: Asked) -> Asked:
    """The question, asking for addresses to unsubscribe by as well."""
    return replace(asked, unsubscribe_at=service.settings.public_base)


def _respond(service: Service, question: Question, checked: Checked) -> Response:
    return Response(_written(service, question, checked), mimetype="application/json")


def _written(service: Service, question: Question, checked: Checked) -> str:
    if checked.used:
        uses(service).note(question.asked.purpose, question.asked.channel, checked.used)
    return write_answer(checked, details=question.asked.details)


def uses(service: Service) -> Uses:
    """Where the present application notes consents that were relied on."""
    found: Uses | None = current_app.extensions.get("governance.uses")
    if found is None:
        with _making:
            made = Uses(service.database, service.clock)
            found = current_app.extensions.setdefault("governance.uses", made)
    return found


@blueprint.route("/consent/checks")
class Checks(MethodView):
    """Checks."""

    @guarded(Permission.CONSENT_CHECK, changes=False, body_limit_bytes=BODY_LIMIT_BYTES, together=answer_together)
    @blueprint.doc(requestBody={"required": True, "content": {"application/json": {"schema": CheckQuestion}}})
    @blueprint.response(200, CheckAnswer)
    def post(self) -> Response:
        """Ask whether a message of this purpose may be sent by this channel, for 1 to 10,000 contacts.

        Nothing that is unknown gets a yes: no purpose, no person, no age where one is asked for. Ask anew before every
        sending; a withdrawal is heeded by the next check.
        """
        service, work = current_service(), current_work()
        if not core.is_json(request.mimetype):
            raise UnsupportedMediaType
        question = read_question(whole_body(request))
        require_details(question.asked, work.actor)
        asked = with_links(service, question.asked) if question.unsubscribe else question.asked
        checked = consent.check(work, question=asked, contacts=question.contacts, people=question.people)
        return _respond(service, question, checked)
