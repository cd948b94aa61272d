"""The guard before the pages of a customer: whose session it is, what it opens, and whether the form is theirs.

A page is one transaction. What it opens is decided anew each time, by what the session has proved so far.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field, replace
from functools import wraps
from http import HTTPStatus
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, g, request

from governance.customers import visiting
from governance.customers.visiting import Visitor
from governance.kernel.errors import ForbiddenError, InvalidError, UnauthenticatedError
from governance.kernel.idempotency import Repeat, claim, settle
from governance.kernel.records import frozen
from governance.kernel.work import Actor, ActorKind, Work, open_work
from governance.pages import forms
from governance.pages.forms import Typed
from governance.policies.access import allows
from governance.policies.permissions import Permission
from governance.portal import cookies
from governance.portal.pages import blueprint, sealed_for, sender_of
from governance.portal.place import current_portal
from governance.reference.operations import find_controller

STRANGER: Final = Actor(kind=ActorKind.CUSTOMER, id=None, permissions=frozenset(), name="unauthenticated")


@frozen
class Guest:
    """A customer at a page.

    Attributes:
        seal: what the forms of the page carry.
    """

    work: Work
    visitor: Visitor
    seal: str = field(repr=False)

    def may(self, permission: Permission) -> bool:
        """Whether what was proved opens something."""
        return allows(self.work.actor, permission).allowed


class StaleFormError(UnauthenticatedError):
    """The form was shown to another session, or not by us."""


class UnprovenError(ForbiddenError):
    """What the session has proved so far does not open the page."""


class RefusedFormError(Exception):
    """The form is shown again with what is wrong, and what the act did is committed all the same."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("the form is shown again")
        self.errors = errors


_screens: Final[set[str]] = set()
Shows = Callable[..., Response]
Acts = Callable[..., UUID | None]


def screen(rule: str, endpoint: str, *, needs: Permission | None = None) -> Callable[[Shows], Shows]:
    """Serve a page that changes nothing but the log.

    Args:
        rule: address.
        endpoint: name of the page.
        needs: what the session has to open; any session will do where nothing is named.
    """

    def decorate(view: Shows) -> Shows:
        @wraps(view)
        def wrapper(**names: object) -> Response:
            with opened(needs) as guest:
                return view(guest, **names)

        blueprint.add_url_rule(rule, endpoint, wrapper, methods=["GET"])
        _screens.add(rule)
        return view

    return decorate


def act(
    rule: str,
    endpoint: str,
    *,
    shows: Shows,
    then: Callable[..., Response],
    needs: Permission | None = None,
    tries: bool = False,
) -> Callable[[Acts], Acts]:
    """Serve a form of a page; the same form sent twice acts once, and leads to the same place.

    Args:
        rule: address.
        endpoint: name of the act.
        shows: the page with the form; shown again with what was typed, where the act refuses it.
        then: where to go after the act; gets the id that the act answered as `made`.
        needs: as `screen` has it.
        tries: whether it tries a proof, which counts each time.
    """

    def decorate(view: Acts) -> Acts:
        @wraps(view)
        def wrapper(**names: object) -> Response:
            refused: dict[str, str] = {}
            try:
                with opened(needs) as guest:
                    if not forms.is_sealed(guest.seal):
                        raise StaleFormError("The form was shown to another session.")
                    try:
                        return then(made=view(guest, **names) if tries else _once(guest, view, names), **names)
                    except RefusedFormError as told:
                        refused = told.errors
            except InvalidError as wrong:
                refused = {name: " ".join(said) for name, said in wrong.errors.items()} or {"_": wrong.detail}
            with opened(needs) as guest:
                answer = shows(guest, typed=Typed(request.form.to_dict(), refused), **names)
                answer.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
                return answer

        @wraps(view)
        def again(**names: object) -> Response:
            with opened(needs) as guest:
                return shows(guest, **names)

        blueprint.add_url_rule(rule, endpoint, wrapper, methods=["POST"])
        if rule not in _screens:  # a refused form is loaded anew, or read in another language
            blueprint.add_url_rule(rule, f"{endpoint}_again", again, methods=["GET"])
        return view

    return decorate


def _once(guest: Guest, view: Acts, names: dict[str, object]) -> UUID | None:
    key, whole = forms.number_with_content()
    caller = f"portal:{guest.visitor.visit.id}"
    taken = claim(guest.work, caller=caller, key=key, request=whole, secret=current_portal().secret)
    if isinstance(taken, Repeat):
        return taken.object_id
    made = view(guest, **names)
    settle(guest.work, taken, status=HTTPStatus.SEE_OTHER, object_id=made)
    return made


@contextmanager
def opened(needs: Permission | None = None) -> Iterator[Guest]:
    """The unit of work of whoever holds the session that the browser presents.

    Raises:
        UnauthenticatedError: where it presents none, or it is over.
        UnprovenError: where it does not open what the page needs.
    """
    portal, token = current_portal(), cookies.session_token()
    with open_work(portal.database, STRANGER, clock=portal.clock, request_id=g.get("request_id")) as work:
        if not token:
            raise UnauthenticatedError("Ask for a code first.")
        try:
            visitor = visiting.find_visitor(work, presented=token)
        except UnauthenticatedError:
            portal.count_stranger(request.remote_addr or "")
            raise
        g.actor = str(visitor.visit.id)
        if needs is not None and not allows(visitor.actor, needs).allowed:
            raise UnprovenError(f"This needs more proof: {needs.value}.")
        look_up_controller(work)
        g.visitor = visitor
        yield Guest(replace(work, actor=visitor.actor), visitor, sealed_for(token, sender=sender_of(visitor)))


def look_up_controller(work: Work) -> None:
    """Whose pages these are, and in which zone their instants are told; for this request."""
    found = find_controller(work)
    g.controller = found
    if found is not None:
        g.zone = found.zone


def zone() -> ZoneInfo:
    """The zone in which days are counted."""
    return ZoneInfo(g.get("zone", "UTC"))


@contextmanager
def stranger_work() -> Iterator[Work]:
    """A unit of work of whoever has yet to prove who they are."""
    portal = current_portal()
    with open_work(portal.database, STRANGER, clock=portal.clock, request_id=g.get("request_id")) as work:
        look_up_controller(work)
        yield work
