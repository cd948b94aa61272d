"""What officers do to a request: each act a form of its page, shown again with what was typed where it is refused."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from uuid import UUID

from flask import Response, request

from governance.accounts.portal.operations import CodeId
from governance.console.days import read_day
from governance.console.frame import go
from governance.console.guard import Visit, act
from governance.console.place import current_console
from governance.console.request_page import request_page, seen_version
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId
from governance.pages.forms import Typed
from governance.rights import operations as rights
from governance.rights.codes import RefusalGround
from governance.rights.operations import RequestId
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import Decision, FlagId, PackageId


def _back(request_id: UUID, **_names: object) -> Response:
    return go("request", request_id=request_id)


def _word(name: str) -> str:
    return request.form.get(name, "").strip()[:4000]


def _choose(name: str) -> SubjectId:
    try:
        return SubjectId(UUID(_word(name)))
    except ValueError:
        raise InvalidError("Name the customer.", errors={name: ["Name the customer."]}) from None


def _day(name: str) -> date | None:
    said = _word(name)
    day = read_day(said)
    if said and day is None:
        raise InvalidError("This is no day.", errors={name: ["Write a day as 2026-12-31."]})
    return day


View = Callable[..., Response]


def _form(rule: str, endpoint: str, *, then: View | None = _back) -> Callable[[View], View]:
    """A form of the page, which acts on the request as the page showed it, or not at all."""

    def decorate(view: View) -> View:
        @wraps(view)
        def held(visit: Visit, request_id: UUID, **names: object) -> Response:
            rights.hold_to(visit.work, request=RequestId(request_id), version=seen_version(request.form))
            return view(visit, request_id, **names)

        act(rule, endpoint, shows=request_page, of="request", then=then)(held)
        return view

    return decorate


_BASE = "/requests/<uuid:request_id>"


@_form(f"{_BASE}/identity", "ask_request_identity")
def ask_identity(visit: Visit, request_id: UUID) -> Response:
    """Ask the requester to prove who they are."""
    rights.ask_identity(visit.work, request=RequestId(request_id))
    return _back(request_id)


@_form(f"{_BASE}/proof", "prove_request")
def prove(visit: Visit, request_id: UUID) -> Response:
    """Take down what was checked, and who it is."""
    rights.prove(visit.work, request=RequestId(request_id), customer=_choose("customer"), checked=_word("checked"))
    return _back(request_id)


@_form(f"{_BASE}/code", "send_request_code", then=None)
def send_code(visit: Visit, request_id: UUID) -> Response:
    """Send a code to the contact of the request, and show where it is typed when it is read out."""
    per_hour = current_console().settings.portal_codes_per_hour
    sent = rights.send_code(visit.work, request=RequestId(request_id), per_hour=per_hour)
    return request_page(visit, request_id, code=sent.id)


@_form(f"{_BASE}/code-proof", "prove_request_by_code", then=None)
def prove_by_code(visit: Visit, request_id: UUID) -> Response:
    """Prove who asks by the code that they read out; a wrong one counts as a try."""
    sent, customer = request.form.get("code_id", type=UUID), _word("customer")
    if sent is None:
        raise InvalidError("This is no code.", errors={"typed": ["This code is wrong, spent or too old."]})
    code_id = CodeId(sent)
    done = rights.prove_by_code(
        visit.work,
        request=RequestId(request_id),
        code_id=code_id,
        typed=_word("typed"),
        customer=_choose("customer") if customer else None,
    )
    if done is not None:
        return _back(request_id)
    wrong = Typed({"_form": "code"}, {"typed": "This code is wrong, spent or too old."})
    return request_page(visit, request_id, typed=wrong, code=code_id)


@_form(f"{_BASE}/question", "ask_requester")
def ask(visit: Visit, request_id: UUID) -> Response:
    """Ask the person something."""
    rights.ask(visit.work, request=RequestId(request_id), question=_word("question"), until=_day("until"))
    return _back(request_id)


@_form(f"{_BASE}/reply", "note_reply")
def reply(visit: Visit, request_id: UUID) -> Response:
    """Take down what the person replied."""
    rights.reply(visit.work, request=RequestId(request_id), words=_word("words"))
    return _back(request_id)


@_form(f"{_BASE}/contact", "confirm_contact")
def confirm_contact(visit: Visit, request_id: UUID) -> Response:
    """Confirm that the answer may go to a contact that is none of the person's."""
    rights.confirm_contact(visit.work, request=RequestId(request_id), reason=_word("reason"))
    return _back(request_id)


@_form(f"{_BASE}/extension", "extend_request")
def extend(visit: Visit, request_id: UUID) -> Response:
    """Take more time, once; the person is told why."""
    rights.extend(visit.work, request=RequestId(request_id), reason=_word("reason"))
    return _back(request_id)


@_form(f"{_BASE}/start", "start_request")
def start(visit: Visit, request_id: UUID) -> Response:
    """Begin to carry it out."""
    fields = request.form.getlist("field") if request.form.get("chosen") else None
    rights.start(visit.work, request=RequestId(request_id), fields=fields)
    return _back(request_id)


@_form(f"{_BASE}/submission", "submit_request")
def submit(visit: Visit, request_id: UUID) -> Response:
    """Put it before a second person."""
    rights.submit(visit.work, request=RequestId(request_id), reason=_word("reason"))
    return _back(request_id)


@_form(f"{_BASE}/approval", "approve_request")
def approve(visit: Visit, request_id: UUID) -> Response:
    """Approve what somebody else has put forward."""
    rights.approve(visit.work, request=RequestId(request_id))
    return _back(request_id)


@_form(f"{_BASE}/return", "send_request_back")
def send_back(visit: Visit, request_id: UUID) -> Response:
    """Send it back to whoever put it forward."""
    rights.send_back(visit.work, request=RequestId(request_id), reason=_word("reason"))
    return _back(request_id)


@_form(f"{_BASE}/completion", "complete_request")
def complete(visit: Visit, request_id: UUID) -> Response:
    """Complete what was carried out by hand; the answer goes to the person."""
    rights.complete(visit.work, request=RequestId(request_id), answer=_word("answer") or None)
    return _back(request_id)


@_form(f"{_BASE}/nothing", "find_nothing")
def find_nothing(visit: Visit, request_id: UUID) -> Response:
    """Answer that nothing is held."""
    rights.find_nothing(visit.work, request=RequestId(request_id))
    return _back(request_id)


@_form(f"{_BASE}/refusal", "refuse_request")
def refuse(visit: Visit, request_id: UUID) -> Response:
    """Refuse with a ground and a reason; the person is told both, and where to complain."""
    ground = _word("ground")
    if ground not in set(RefusalGround):
        raise InvalidError("Choose the ground.", errors={"ground": ["Choose the ground."]})
    rights.refuse(visit.work, request=RequestId(request_id), ground=RefusalGround(ground), reason=_word("reason"))
    return _back(request_id)


@_form(f"{_BASE}/withdrawal", "withdraw_request")
def withdraw(visit: Visit, request_id: UUID) -> Response:
    """Note that the person does not want it any more."""
    rights.withdraw(visit.work, request=RequestId(request_id), reason=_word("reason") or None)
    return _back(request_id)


@_form(f"{_BASE}/joining", "join_request")
def join(visit: Visit, request_id: UUID) -> Response:
    """Join it to another that stands, named by its number."""
    other = rights.find_by_number(visit.work, number=_word("into"))
    rights.join(visit.work, request=RequestId(request_id), into=other.id)
    return _back(request_id)


@act(f"{_BASE}/notices/<uuid:notice>", "note_notice_told", shows=request_page, of="request", then=_back)
def note_told(visit: Visit, request_id: UUID, notice: UUID) -> Response:
    """Note that a message was told by hand."""
    rights.note_told(visit.work, request=request_id, notice=notice)
    return _back(request_id)


@_form(f"{_BASE}/packages/<uuid:package>/flags/<uuid:flag>", "decide_note")
def decide_note(visit: Visit, request_id: UUID, package: UUID, flag: UUID) -> Response:
    """Release a note that may be about others, or have other words stand in its place."""
    decision = Decision.REDACT if request.form.get("decision") == Decision.REDACT else Decision.RELEASE
    instead = _word("instead") or None
    packages.decide(
        visit.work,
        package=PackageId(package),
        flag=FlagId(flag),
        decision=decision,
        instead=instead if decision is Decision.REDACT else None,
    )
    return _back(request_id)
