"""Signing in and out, invitations, and showing again who one is before a dangerous act."""

from contextlib import AbstractContextManager
from http import HTTPStatus

from flask import Response, g, redirect, request
from flask_babel import gettext

from governance.accounts import operations as accounts
from governance.accounts.operations import Attempt, NewSession
from governance.console import cookies, demonstrating, forms
from governance.console.frame import door_page, go, page
from governance.console.guard import Visit, act, blueprint, screen, stranger_work
from governance.console.place import current_console
from governance.console.sayings import say
from governance.kernel import packs
from governance.kernel.errors import InvalidError, NotFoundError, TooManyError, UnauthenticatedError
from governance.kernel.ids import StaffId
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import COOKIE
from governance.pages.waiting import Fields


@blueprint.get("/sign-in")
def sign_in() -> Response:
    """The form to sign in by."""
    return sign_in_page(then=forms.own_path(request.args.get("next", "/console")), kept="")


def sign_in_page(
    *,
    then: str,
    kept: str,
    typed: Typed = EMPTY,
    status: int = HTTPStatus.OK,
    heading: str | None = None,
) -> Response:
    """The form to sign in by; *kept* are the sealed fields of another form that wait until then."""
    mark = cookies.stranger_mark() or cookies.make_mark()
    made_up = demonstrating.staff()
    seal = forms.seal(mark)
    answer = door_page(
        "sign_in",
        seal=seal,
        status=status,
        then=then,
        kept=kept,
        typed=typed,
        heading=heading,
        made_up=made_up,
        customer=demonstrating.CUSTOMER,
    )
    cookies.keep(answer, cookies.STRANGER, mark)
    return answer


@blueprint.post("/sign-in")
def begin_session() -> Response:
    """Sign in with e-mail address, password and a code; any of them wrong looks the same."""
    then, kept = forms.own_path(request.form.get("then", "")), forms.kept()
    typed = Typed({"email": request.form.get("email", "")[:254]})
    if not forms.is_sealed(before_sign_in=True):
        wrong = gettext("Your browser did not send our cookie. Allow cookies for this address, and try again.")
        return sign_in_page(then=then, kept="", typed=Typed(typed.values, {"_": wrong}), status=HTTPStatus.FORBIDDEN)
    try:
        with _tried(typed.get("email")) as attempt, stranger_work() as work:
            made = accounts.sign_in(work, attempt=attempt, password=_said("password"), code=_said("code").strip())
    except UnauthenticatedError:
        wrong = gettext("Address, password or code is wrong. A code works once, and for half a minute.")
        return sign_in_page(then=then, kept=kept, typed=Typed(typed.values, {"_": wrong}), status=401)
    except TooManyError as error:
        wrong = gettext("Too many attempts. Try again in %(seconds)s seconds.", seconds=error.retry_after_seconds)
        return sign_in_page(then=then, kept=kept, typed=Typed(typed.values, {"_": wrong}), status=429)
    return _begun(made, then, kept)


@blueprint.post("/demonstration")
def sign_in_made_up() -> Response:
    """Sign in to a demonstration as somebody made up, or show again that it is you."""
    then, kept = forms.own_path(request.form.get("then", "")), forms.kept()
    demonstrating.require_own_computer()
    if request.form.get("again"):
        if not forms.is_sealed():
            raise UnauthenticatedError("The form was shown to another session.")
        token = cookies.session_token()
        with stranger_work() as work:
            accounts.confirm_made_up(work, presented=token)
            staff = accounts.authenticate_session(work, presented=token).staff
        return _gone_on(token, staff, then, kept)
    if not forms.is_sealed(before_sign_in=True):
        return sign_in_page(then=then, kept="", status=HTTPStatus.FORBIDDEN)
    with stranger_work() as work:
        made = accounts.sign_in_made_up(work, staff=demonstrating.chosen())
    return _begun(made, then, kept)


def _begun(made: NewSession, then: str, kept: str) -> Response:
    g.actor = str(made.staff)
    answer = _gone_on(made.token, made.staff, then, kept)
    cookies.keep(answer, cookies.SESSION, made.token)
    cookies.forget(answer, cookies.STRANGER)
    return answer


def _gone_on(token: str, staff: StaffId, then: str, kept: str) -> Response:
    """Where somebody who has signed in goes on: at the form that waits for them; what another left here is let go."""
    if not kept:
        return _lead(then)
    fields = forms.take_up(kept, staff=staff)
    return continue_page(token, staff, then=then, kept=fields) if fields else go("today")


def continue_page(token: str, staff: StaffId | str, *, then: str, kept: Fields) -> Response:
    """What was entered before the session ended, to be sent by the button once more."""
    return door_page("continue", seal=forms.seal(token, staff=staff), then=then, kept=kept)


def confirm_page(
    *, staff: StaffId | str, then: str, kept: str, wrong: str = "", status: int = HTTPStatus.OK
) -> Response:
    """The form to show by again who one is; *kept* are the sealed fields of the act that needs it."""
    seal, made_up = forms.seal(cookies.session_token(), staff=staff), bool(demonstrating.staff())
    return door_page("confirm", seal=seal, status=status, then=then, kept=kept, wrong=wrong, made_up=made_up)


@blueprint.post("/confirmation")
def confirm_session() -> Response:
    """Show password and code again; good for ten minutes."""
    then, kept = forms.own_path(request.form.get("then", "")), forms.kept()
    if not forms.is_sealed():
        raise UnauthenticatedError("The form was shown to another session.")
    token = cookies.session_token()
    with stranger_work() as work:
        known = accounts.authenticate_session(work, presented=token)
        email = accounts.email_of(work, staff=StaffId(known.staff))
    try:
        with _tried(email) as attempt, stranger_work() as work:
            accounts.reauthenticate(
                work, session=known.session, attempt=attempt, password=_said("password"), code=_said("code").strip()
            )
    except UnauthenticatedError:
        wrong = gettext("Password or code is wrong. A code works once, and for half a minute.")
        return confirm_page(staff=known.staff, then=then, kept=kept, wrong=wrong, status=401)
    return _gone_on(token, known.staff, then, kept)


@blueprint.get("/invitation")
def invitation() -> Response:
    """The form to set up an account by; what came with the mail is typed, so that no address of a page holds it."""
    return _invitation(EMPTY, HTTPStatus.OK)


def _invitation(typed: Typed, status: int) -> Response:
    mark = cookies.stranger_mark() or cookies.make_mark()
    answer = door_page("invitation", seal=forms.seal(mark), status=status, typed=typed)
    cookies.keep(answer, cookies.STRANGER, mark)
    return answer


@blueprint.post("/invitation")
def accept_invitation() -> Response:
    """Set the password, and show the second factor and the recovery codes, once."""
    typed = Typed({"invitation": _said("invitation")[:128]})
    if not forms.is_sealed(before_sign_in=True):
        return _invitation(typed, HTTPStatus.FORBIDDEN)
    if _said("password") != _said("again"):
        return _invitation(Typed(typed.values, {"again": gettext("The two passwords differ.")}), 422)
    try:
        with stranger_work() as work:
            made = accounts.accept_invitation(work, token=_said("invitation").strip(), password=_said("password"))
    except InvalidError as error:
        return _invitation(Typed(typed.values, {"password": say("password", error)}), 422)
    except NotFoundError:
        current_console().count_stranger(request.remote_addr or "")
        wrong = gettext("The invitation is spent or expired; ask whoever invited you for another.")
        return _invitation(Typed(typed.values, {"invitation": wrong}), 404)
    g.actor = str(made.staff)
    return door_page("enrolled", seal=forms.seal(cookies.stranger_mark()), enrolment=made, then="/console")


@screen("/account", "own_sessions")
def own_sessions(visit: Visit, **_names: object) -> Response:
    """Sessions of one's own."""
    return page(visit, "account", part="", sessions=accounts.sessions(visit.work))


@act("/account/sessions/<session>/end", "end_session", shows=own_sessions, of="own_sessions",
     then=lambda **_names: go("own_sessions"))  # fmt: skip
def end_session(visit: Visit, session: str) -> Response:
    """End a session of one's own."""
    accounts.revoke_session(visit.work, session=session)
    return go("own_sessions")


def _signed_out() -> Response:
    answer = go("sign_in")
    cookies.forget(answer, cookies.SESSION)
    return answer


@act("/sign-out", "sign_out", shows=own_sessions, of="own_sessions", then=_signed_out)
def sign_out(visit: Visit) -> Response:
    """End the present session."""
    accounts.sign_out(visit.work)
    return _signed_out()


@blueprint.post("/language")
def choose_language() -> Response:
    """Show pages in another language from now on; the choice is kept in the browser, and tells of nobody."""
    answer, chosen = _lead(forms.own_path(request.form.get("then", ""))), request.form.get("language", "")
    if chosen in packs.names():
        answer.set_cookie(COOKIE, chosen, path="/console", secure=cookies.is_secure(), httponly=True, samesite="Lax",
                          max_age=31_536_000)  # fmt: skip
    return answer


def _tried(email: str) -> AbstractContextManager[Attempt]:
    return accounts.tried(stranger_work, email=email, address=request.remote_addr or "")


def _said(name: str) -> str:
    return request.form.get(name, "")[:1024]


def _lead(path: str) -> Response:
    response = redirect(path, code=HTTPStatus.SEE_OTHER)
    return Response(response.get_data(), status=response.status_code, headers=response.headers)
