"""The guard before every page: who opens it, may they, and is the form theirs. It opens the page's unit of work.

A page is one transaction, as a request of the API is. Whom the guard does not let in is recorded in it; a refusal that
comes later, in one of its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field, replace
from functools import wraps
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, abort, g, request

from governance.accounts import operations as accounts
from governance.accounts.errors import QuotaExceededError
from governance.accounts.operations import SignedIn
from governance.accounts.refusals import record_refusal
from governance.console import forms
from governance.console.cookies import session_token
from governance.console.pages_table import PAGES
from governance.console.place import current_console
from governance.console.sayings import SAID, joined, say_conflict
from governance.kernel.errors import ForbiddenError, GovernanceError, InvalidError, UnauthenticatedError
from governance.kernel.idempotency import KeyReusedError, Repeat, claim, settle
from governance.kernel.records import frozen
from governance.kernel.work import Actor, ActorKind, Work, open_work
from governance.pages.forms import Typed, is_readable, new_number, number_with_content
from governance.pages.languages import language
from governance.policies import access, shipped
from governance.policies.permissions import Permission
from governance.policies.sight import holders_of
from governance.reference.operations import find_controller

blueprint = Blueprint(
    "console", __name__, url_prefix="/console", static_folder="static", static_url_path="/static",
    template_folder="templates",
)  # fmt: skip

LARGE_FORMS: Final[dict[str, int]] = {
    "sift_list": 5 * 1_048_576 + 65_536,
    **dict.fromkeys(("begin_session", "sign_in_made_up", "confirm_session"), forms.KEPT_OCTETS),
}
"""Octets that a form may have, by endpoint, where the usual limit is too small for it: those that carry lists."""
_SHOWN_AGAIN: Final = frozenset({HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Refusals after which the page is shown again with what was typed."""
STRANGER: Final = Actor(kind=ActorKind.STAFF, id=None, permissions=frozenset(), name="unauthenticated")


@blueprint.before_request
def _allow_lists() -> None:
    most = LARGE_FORMS.get((request.endpoint or "").removeprefix("console."))
    if most is not None:
        request.max_content_length = request.max_form_memory_size = most


@blueprint.before_request
def _refuse_unreadable() -> None:
    if not is_readable():
        abort(HTTPStatus.BAD_REQUEST)


@frozen
class Visit:
    """Somebody at a page.

    Attributes:
        seal, number: what the forms of the page carry.
    """

    work: Work
    signed: SignedIn
    seal: str = field(repr=False)
    number: str

    def may(self, permission: Permission) -> bool:
        """Whether the visitor's roles permit something."""
        return access.allows(self.work.actor, permission).allowed

    def may_open(self, endpoint: str) -> bool:
        """Whether the visitor may open a page."""
        permission = PAGES[endpoint]
        return permission is None or self.may(permission)


def roles_that_may(endpoint: str) -> list[str]:
    """Titles of the roles that may open a page or do an act."""
    permission, known = PAGES[endpoint], shipped.roles().roles
    return [] if permission is None else [known[one].titles.get(language()) for one in holders_of(permission)]


class StaleFormError(UnauthenticatedError):
    """The form was shown to another session, or not by us."""


Shows = Callable[..., Response]


def screen(rule: str, endpoint: str) -> Callable[[Shows], Shows]:
    """Serve a page that changes nothing but the log."""

    def decorate(view: Shows) -> Shows:
        @wraps(view)
        def wrapper(**names: object) -> Response:
            with _recorded(endpoint), _opened(endpoint) as visit:
                return view(visit, **names)

        blueprint.add_url_rule(rule, endpoint, wrapper, methods=["GET"])
        return view

    return decorate


def act(
    rule: str, endpoint: str, *, shows: Shows, of: str, then: Callable[..., Response] | None = None
) -> Callable[[Shows], Shows]:
    """Serve a form of a page.

    Args:
        rule: address.
        endpoint: name of the act.
        shows: the page with the form; shown again with what was typed, where the act refuses it.
        of: endpoint of that page.
        then: where to go after the act; the same form sent twice acts once, and leads there again, by `g.made`, where
            the act said there what it has made. An act that answers with a page of its own does so the first time. None
            for one that changes nothing but the log.
    """

    def decorate(view: Shows) -> Shows:
        @wraps(view)
        def wrapper(**names: object) -> Response:
            try:
                with _recorded(endpoint), _opened(endpoint) as visit:
                    if not forms.is_sealed():
                        raise StaleFormError("The form was shown to another session.")
                    return _once(visit, view, then, names)
            except GovernanceError as wrong:
                status = current_console().statuses.get(wrong.slug)
                if status not in _SHOWN_AGAIN or isinstance(wrong, KeyReusedError):
                    raise
                with _opened(of) as visit:
                    answer = shows(visit, typed=_typed(wrong), **names)
                    answer.status_code = status
                    return answer

        blueprint.add_url_rule(rule, endpoint, wrapper, methods=["POST"])
        return view

    return decorate


def _typed(wrong: GovernanceError) -> Typed:
    said = {name: joined(told) for name, told in wrong.errors.items()}
    whole = "_" if isinstance(wrong, InvalidError) else SAID
    return Typed(request.form.to_dict(), said or {whole: say_conflict(wrong)})


def _once(visit: Visit, view: Shows, then: Callable[..., Response] | None, names: dict[str, object]) -> Response:
    if then is None:
        return view(visit, **names)
    key, whole = number_with_content()
    secret, caller = current_console().secret, f"console:{visit.signed.staff}"
    taken = claim(visit.work, caller=caller, key=key, request=whole, secret=secret)
    if isinstance(taken, Repeat):
        g.made = taken.object_id
        return then(**names)
    answer = view(visit, **names)
    settle(visit.work, taken, status=HTTPStatus.SEE_OTHER, object_id=g.get("made"))
    return then(**names) if answer.status_code == HTTPStatus.SEE_OTHER else answer


@contextmanager
def _opened(endpoint: str) -> Iterator[Visit]:
    console, token = current_console(), session_token()
    with open_work(console.database, STRANGER, clock=console.clock, request_id=g.get("request_id")) as opened:
        if not token:
            raise UnauthenticatedError("Sign in first.")
        try:
            signed = accounts.authenticate_session(opened, presented=token)
        except UnauthenticatedError:
            console.count_stranger(request.remote_addr or "")
            raise
        g.actor, g.refusable = str(signed.staff), signed.actor
        console.count_call(str(signed.staff))
        work, permission = replace(opened, actor=signed.actor), PAGES[endpoint]
        if permission is None or access.allows(signed.actor, permission).allowed:
            if permission is not None:
                accounts.require_confirmed(opened, signed, permission)
            _look_up_zone(work)
            yield Visit(work, signed, forms.seal(token, staff=signed.staff), new_number())
            return
        record_refusal(work, permission=permission.value, reason=ForbiddenError.slug)
    g.is_recorded = True
    raise ForbiddenError(f"Your roles lack the permission {permission.value}.")


def _look_up_zone(work: Work) -> None:
    controller = find_controller(work)
    g.controller = controller
    if controller is not None:
        g.zone = controller.zone


@contextmanager
def _recorded(endpoint: str) -> Iterator[None]:
    try:
        yield
    except (ForbiddenError, QuotaExceededError) as refusal:
        console, actor, permission = current_console(), g.get("refusable"), PAGES[endpoint]
        if actor is not None and permission is not None and not g.get("is_recorded"):
            with open_work(console.database, actor, clock=console.clock, request_id=g.get("request_id")) as work:
                record_refusal(work, permission=permission.value, reason=refusal.slug)
                if isinstance(refusal, QuotaExceededError):
                    accounts.tell_quota_exceeded(work)
        raise


@contextmanager
def stranger_work() -> Iterator[Work]:
    """A unit of work of whoever has yet to prove who they are; what they get wrong counts against their address.

    Raises:
        TooManyError: there was too much of it.
    """
    console = current_console()
    try:
        with open_work(console.database, STRANGER, clock=console.clock, request_id=g.get("request_id")) as work:
            yield work
    except UnauthenticatedError:
        console.count_stranger(request.remote_addr or "")
        raise
