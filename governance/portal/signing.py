"""Coming and going: a code to whatever contact was typed, the session that it opens, and what proves more.

What is answered, and after which time, is the same whether anybody is known by the contact or not. Opening a page
spends nothing: scanners of mail and chat follow links.
"""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Response, g, request
from flask_babel import gettext, ngettext

from governance.accounts.portal.operations import CodeId
from governance.consent import operations as consent
from governance.customers import visiting
from governance.customers.codes import ContactKind
from governance.customers.visiting import Visitor
from governance.kernel.errors import InvalidError, TooManyError, UnauthenticatedError
from governance.kernel.work import Work
from governance.pages import forms, waiting
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.portal import cookies
from governance.portal.guard import Guest, StaleFormError, act, opened, stranger_work
from governance.portal.pages import blueprint, go, page, sealed_for, sender_of, sent_by
from governance.portal.place import count_sender, current_portal

SIGNAL: Final = "Sec-GPC"
"""The header by which browsers object to sharing (Global Privacy Control)."""


@blueprint.get("/my")
def start() -> Response:
    """What rights people have, and the way in; the overview for whoever is in."""
    if cookies.session_token():
        try:
            with opened() as guest:
                return overview(guest)
        except UnauthenticatedError:
            return start_page(over=True)
    return start_page()


def overview(guest: Guest) -> Response:
    """Where to go, and what the session opens."""
    about = {
        "choices": gettext("Say yes or no to each kind of message, or no to all advertising"),
        "own_data": gettext("What we keep about you, why and until when; correct it"),
        "own_requests": gettext("Have your data sent to you, corrected or deleted; see how far your requests are"),
        "sights": gettext("When your data were read, in which role and for what"),
    }
    if not guest.visitor.is_sure:
        about["choices"] = gettext("Say no to all advertising, or to sharing with others")
        about["own_requests"] = gettext("Ask us for something; we first have to know that it is you")
    return page(guest.work, "overview", seal=guest.seal, part="start", visitor=guest.visitor, about=about)


def start_page(
    *, typed: Typed = EMPTY, then: str = "", kept: str = "", status: int = HTTPStatus.OK, over: bool = False
) -> Response:
    """The start page.

    Args:
        typed: what was typed, and what is wrong with it.
        then: where to go on after the code.
        kept: the sealed fields of a form that waits for its sender.
        status: of the answer.
        over: whether a session was and is over.
    """
    mark, code = cookies.stranger()
    mark = mark or cookies.make_mark()
    with stranger_work() as work:
        answer = page(
            work,
            "start",
            status=status,
            seal=sealed_for(mark),
            typed=typed,
            then=then,
            kept=kept,
            over=over,
            phones=current_portal().settings.sends_sms,
        )
    cookies.keep_stranger(answer, mark, code)
    if over:
        cookies.forget_session(answer)
    return answer


@blueprint.post("/my")
def ask_for_code() -> Response:
    """Send a code to a contact, whoever holds it."""
    then, kept = forms.own_path(request.form.get("then", ""), below=cookies.PATH), request.form.get(waiting.FIELD, "")
    typed = Typed({"contact": request.form.get("contact", "")[:254]})
    if not _is_sealed():
        wrong = gettext("This page had been open for too long, or your browser keeps no cookies. Try once more.")
        return start_page(typed=Typed(typed.values, {"_": wrong}), then=then, kept=kept, status=HTTPStatus.FORBIDDEN)
    kind = _kind(typed.get("contact"))
    refused = Typed(typed.values, {"contact": _no_contact()})
    if kind is ContactKind.PHONE and not current_portal().settings.sends_sms:
        return start_page(typed=refused, then=then, kept=kept, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        count_sender(request.remote_addr or "")
        with stranger_work() as work:
            sent = visiting.ask_for_code(
                work,
                kind=kind,
                value=typed.get("contact").strip(),
                region=None,
                language=language(),
                address=request.remote_addr or "",
                per_hour=current_portal().settings.portal_codes_per_hour,
            )
    except InvalidError:
        return start_page(typed=refused, then=then, kept=kept, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except TooManyError as error:
        answer = start_page(typed=Typed(typed.values, {"_": too_many(error)}), then=then, kept=kept, status=429)
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
        return answer
    mark = cookies.stranger()[0]
    # Where nothing waits the page has an address of its own: a phone that looks into its mail meanwhile may reload it.
    answer = code_page(sent.id, then=then, kept=kept) if kept else go("type_code", then=then)
    cookies.keep_stranger(answer, mark, sent.id)
    return answer


@blueprint.get("/my/code")
def type_code() -> Response:
    """The form for the code."""
    code = cookies.stranger()[1]
    if code is None:
        return go("start")
    return code_page(code, then=forms.own_path(request.args.get("then", ""), below=cookies.PATH))


def code_page(code: UUID, *, then: str, kept: str = "", typed: Typed = EMPTY, status: int = HTTPStatus.OK) -> Response:
    """The form for a code."""
    with stranger_work() as work:
        seal = sealed_for(cookies.stranger()[0])
        return page(work, "code", status=status, seal=seal, code=code, then=then, kept=kept, typed=typed)


@blueprint.post("/my/code")
def begin_visit() -> Response:
    """Begin a session by the code."""
    then, kept = forms.own_path(request.form.get("then", ""), below=cookies.PATH), request.form.get(waiting.FIELD, "")
    code = code_id()
    if not _is_sealed() or code is None:
        return start_page(then=then, kept=kept, status=HTTPStatus.FORBIDDEN)
    with stranger_work() as work:
        visitor = visiting.begin(work, code_id=CodeId(code), typed=request.form.get("code", "")[:64])
        if visitor is not None:
            heed_signal(work, visitor)
    if visitor is None:
        current_portal().count_stranger(request.remote_addr or "")
        wrong = Typed(errors={"code": wrong_code()})
        return code_page(code, then=then, kept=kept, typed=wrong, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    g.actor = str(visitor.visit.id)
    answer = _gone_on(visitor, then, kept)
    cookies.keep_session(answer, visitor.token or "")
    return answer


def _gone_on(visitor: Visitor, then: str, kept: str) -> Response:
    """Where somebody who came in goes on: at the form that waits for them; what another left here is let go."""
    if not kept:
        return lead(then)
    fields = waiting.take_up(current_portal().secret, kept, sender=sender_of(visitor))
    return continue_page(visitor.token or "", visitor, then=then, kept=fields) if fields else lead(cookies.PATH)


def continue_page(token: str, visitor: Visitor, *, then: str, kept: waiting.Fields) -> Response:
    """What was entered before the session ended, to be sent by the button once more."""
    with stranger_work() as work:
        return page(work, "continue", seal=sealed_for(token, sender=sender_of(visitor)), then=then, kept=kept)


@act("/my/sign-out", "sign_out", shows=lambda guest, **_names: overview(guest), then=lambda **_names: _signed_out())
def sign_out(guest: Guest, **_names: object) -> None:
    """End the session."""
    visiting.leave_portal(guest.work, visitor=guest.visitor)


def _signed_out() -> Response:
    answer = go("start")
    cookies.forget_session(answer)
    return answer


def heed_signal(work: Work, visitor: Visitor) -> None:
    """Take the browser's signal for an objection to sharing, of whoever holds the contact; once."""
    if request.headers.get(SIGNAL) == "1" and visitor.held:
        consent.heed_signal(work, visitor=visitor)


def code_id() -> UUID | None:
    """Which code the present form answers."""
    try:
        return UUID(request.form.get("id", ""))
    except ValueError:
        return None


def wrong_code() -> str:
    """What is said of a code that opens nothing."""
    said: str = gettext("This code is wrong, spent or too old. Check it, or ask for a new one.")
    return said


def too_many(error: TooManyError) -> str:
    """What is said where a code was asked for too often."""
    minutes = max(1, round(error.retry_after_seconds / 60))
    return str(
        ngettext(
            "This was asked for too often. Wait %(num)d minute, then try again.",
            "This was asked for too often. Wait %(num)d minutes, then try again.",
            minutes,
        )
    )


def lead(path: str) -> Response:
    """Lead the browser to a path of ours."""
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})


def _kind(typed: str) -> ContactKind:
    return ContactKind.EMAIL if "@" in typed else ContactKind.PHONE


def _no_contact() -> str:
    said: str = (
        gettext("Write an e-mail address like name@example.org, or a phone number with its country code.")
        if current_portal().settings.sends_sms
        else gettext("Write your e-mail address like this: name@example.org")
    )
    return said


def _is_sealed() -> bool:
    mark = cookies.stranger()[0]
    return bool(mark) and forms.is_sealed(sealed_for(mark))


@blueprint.errorhandler(StaleFormError)
def _on_stale_form(_error: StaleFormError) -> Response:
    if forms.is_from_here() and forms.is_sealed(sender_of(g.visitor), given=sent_by()):
        return continue_page(cookies.session_token(), g.visitor, then=request.path, kept=_waiting())
    return start_page(status=HTTPStatus.FORBIDDEN)


@blueprint.errorhandler(UnauthenticatedError)
def _on_stranger(_error: UnauthenticatedError) -> Response:
    """A sign-in that keeps what was typed, where the session ended in the middle of a form."""
    if request.method == "GET":
        over = bool(cookies.session_token())
        return start_page(then=request.full_path.rstrip("?"), status=HTTPStatus.UNAUTHORIZED, over=over)
    kept = waiting.put_by(current_portal().secret, _waiting(), sender=sent_by()) if forms.is_from_here() else ""
    then = request.path if kept else cookies.PATH
    return start_page(then=then, kept=kept, status=HTTPStatus.UNAUTHORIZED, over=True)


def _waiting() -> waiting.Fields:
    return forms.waiting_fields(("code", "value", "file"))
