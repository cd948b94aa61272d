"""Who is asking, and may they: the guard that stands before every route and opens its unit of work.

A request is one transaction: it begins here, the view works in it, it is committed when the answer is ready and rolled
back when an error comes. Whom the guard does not let in is recorded in it; a later refusal, in one of its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Final, ParamSpec

from flask import Response, g, request

from governance.accounts import operations as accounts
from governance.accounts.errors import QuotaExceededError
from governance.accounts.refusals import record_refusal
from governance.api import idempotency
from governance.api.service import Service, current_service
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError, UnauthenticatedError
from governance.kernel.work import Actor, ActorKind, Work, open_work
from governance.policies import access
from governance.policies.permissions import Permission

STRANGER: Final = Actor(kind=ActorKind.CLIENT, id=None, permissions=frozenset(), name="unauthenticated")
_SCHEME: Final = "Bearer "
_KEY_LENGTH_LIMIT: Final = 256

P = ParamSpec("P")


def guarded(
    permission: Permission,
    *,
    changes: bool = True,
    versioned: bool | None = False,
    body_limit_bytes: int | None = None,
    together: Callable[[Service], Response | None] | None = None,
) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """Let clients and staff in who have *permission*, and run the view in one unit of work.

    Stands above `blueprint.arguments` and `blueprint.response`, so that nothing of a stranger's request is read and the
    answer is complete before the commit.

    Args:
        permission: what the view does; operations decide over rows and fields by themselves.
        changes: False for a POST that changes nothing but the log (a search); others take an `Idempotency-Key`.
        versioned: whether the view edits a record that has an ETag, and asks for it by `etags.expected_version`; None
            where it heeds one that is sent, by `etags.stated_version`, and does without.
        body_limit_bytes: of a route that takes files; the service's own limit where nothing is said.
        together: may answer instead of the view, along with other requests: it looks at the key by itself, and lets
            nobody in whom `admit` would not. None from it leaves the request to the view.
    """

    def decorate(view: Callable[P, Response]) -> Callable[P, Response]:
        @wraps(view)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> Response:
            service = current_service()
            if together is not None and not request.args and not _holds_session():
                with _recorded(service, permission):
                    answer = together(service)
                if answer is not None:
                    return answer
            with _recorded(service, permission), _opened(service, permission) as work:
                g.work = work
                if not queried:
                    _refuse_query()
                if body_limit_bytes is not None:
                    request.max_content_length = body_limit_bytes
                if changes and request.method == "POST":
                    return idempotency.once(work, service.digest_secret, lambda: view(*args, **kwargs))
                return view(*args, **kwargs)

        parameters = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
        queried = any(one["in"] == "query" for one in parameters)
        # Read by the description of the interface, and by the test that enumerates routes.
        guard = {"permission": permission.value, "takes_key": changes, "takes_version": versioned}
        described = {**getattr(view, "_apidoc", {}), "guard": guard}
        wrapper._apidoc = described  # type: ignore[attr-defined]  # noqa: SLF001 - flask-smorest's own protocol
        return wrapper

    return decorate


def _refuse_query() -> None:
    """Refuse what a route without a query would pass over in silence, such as a filter that it does not have.

    Raises:
        InvalidError: there is some; its names are the caller's own words, so they are not repeated.
    """
    if request.args:
        raise InvalidError("This address takes no parameters of a query; leave out all that follows the ?.")


@contextmanager
def _opened(service: Service, permission: Permission | None) -> Iterator[Work]:
    presented = presented_key()
    with open_work(service.database, STRANGER, clock=service.clock, request_id=g.request_id) as opened:
        try:
            signed = accounts.authenticate_session(opened, presented=presented) if _holds_session() else None
            actor = accounts.authenticate_client(opened, presented=presented) if signed is None else signed.actor
        except UnauthenticatedError:
            count_stranger(service)
            raise
        known(actor)
        work = replace(opened, actor=actor)
        try:
            admit(service, actor, permission)
        except ForbiddenError as error:
            refusal = error
            record_refusal(work, permission="" if permission is None else permission.value, reason=error.slug)
        else:
            if signed is not None and permission is not None:
                accounts.require_confirmed(opened, signed, permission)
            yield work
            return
    g.is_recorded = True
    raise refusal


def signed_in(view: Callable[P, Response]) -> Callable[P, Response]:
    """Let those in who hold a session, whatever their roles, and run the view in one unit of work."""

    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Response:
        if not _holds_session():
            presented_key()
            raise UnauthenticatedError("This is for staff: sign in, and send the token of the session.")
        with _opened(current_service(), None) as work:
            g.work = work
            return view(*args, **kwargs)

    guard = {"permission": None, "takes_key": False, "takes_version": False}
    described = {**getattr(view, "_apidoc", {}), "guard": guard}
    wrapper._apidoc = described  # type: ignore[attr-defined]  # noqa: SLF001 - flask-smorest's own protocol
    return wrapper


def _holds_session() -> bool:
    header = request.headers.get("Authorization", "")
    return accounts.is_session_token(header[len(_SCHEME) :].strip())


@contextmanager
def stranger_work() -> Iterator[Work]:
    """A unit of work of whoever has yet to prove who they are; what they get wrong counts against their address.

    Raises:
        TooManyError: there was too much of it.
    """
    service = current_service()
    try:
        with open_work(service.database, STRANGER, clock=service.clock, request_id=g.request_id) as work:
            yield work
    except (UnauthenticatedError, NotFoundError):
        count_stranger(service)
        raise


def count_stranger(service: Service) -> None:
    """Count a wrong key against the address that it came from.

    Counted only now: many share an address behind a proxy, and a right key is never shut out by wrong ones.

    Raises:
        TooManyError: there were too many.
    """
    service.strangers.take(request.remote_addr or "")


def known(actor: Actor) -> None:
    """Take down who makes the present request: for its line in the log, and for the entry of a refusal."""
    g.actor = str(actor.id)
    g.refusable = actor


def admit(service: Service, actor: Actor, permission: Permission | None) -> None:
    """Let *actor* in; where no permission is named, whatever their roles.

    Raises:
        TooManyError: they have called too often.
        ForbiddenError: they lack the permission.
    """
    service.limiter.take(str(actor.id))
    if permission is not None and not access.allows(actor, permission).allowed:
        if actor.kind is ActorKind.STAFF:
            raise ForbiddenError(f"Your roles lack the permission {permission.value}.")
        raise ForbiddenError(f"The key lacks the scope {permission.value}.")


@contextmanager
def _recorded(service: Service, permission: Permission) -> Iterator[None]:
    try:
        yield
    except (ForbiddenError, QuotaExceededError) as refusal:
        if g.get("is_recorded"):
            raise
        actor: Actor = g.refusable
        with open_work(service.database, actor, clock=service.clock, request_id=g.request_id) as work:
            record_refusal(work, permission=permission.value, reason=refusal.slug)
            if isinstance(refusal, QuotaExceededError):
                accounts.tell_quota_exceeded(work)
        raise


def presented_key() -> str:
    """The key that came with the present request.

    Raises:
        UnauthenticatedError: none did.
    """
    return key_in(request.headers.get("Authorization", ""))


def key_in(header: str) -> str:
    """The key in the content of an `Authorization` header.

    Raises:
        UnauthenticatedError: there is none.
    """
    presented = header[len(_SCHEME) :].strip()
    if header[: len(_SCHEME)].lower() != _SCHEME.lower() or not presented or len(presented) > _KEY_LENGTH_LIMIT:
        raise UnauthenticatedError(
            "Send the key of an API client, or the token of a session: Authorization: Bearer gov_..."
        )
    return presented
