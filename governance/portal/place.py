"""What the portal needs of this installation, put together by `governance.app`, and the unit of work of a visit."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from typing import Final

from flask import Flask, current_app, g

from governance.accounts.visits import count_form
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.records import frozen
from governance.kernel.settings import Settings
from governance.kernel.work import Actor, ActorKind, Work, open_work
from governance.pages.brand import Brand

EXTENSION: Final = "governance.portal"
VISITOR: Final = Actor(kind=ActorKind.CUSTOMER, id=None, permissions=frozenset({"*"}), name="portal")
"""Whoever opens a page. A visitor chooses no operation: each page does one thing, on a proof that comes with it."""


@frozen
class Portal:
    """This installation, as the portal sees it.

    Attributes:
        forms_per_minute: how many may be sent from one address, counted for all processes and hosts together.
        secret: key of the seals on forms and of the digests by which those sent twice are known; the same on each host.
        count_stranger: counts a failed proof against an address; raises TooManyError where there were too many.
        brand: what customers see of the operator.
        verifier_keys: public keys of the checkpoints of the log, in the form in which they are handed around.
    """

    settings: Settings
    database: Database
    clock: Clock
    forms_per_minute: int
    secret: bytes = field(repr=False)
    count_stranger: Callable[[str], None]
    verifier_keys: Callable[[Work], Sequence[str]]
    brand: Brand = field(default_factory=Brand)


def install(app: Flask, portal: Portal) -> None:
    """Make *portal* known to the requests of *app*."""
    app.extensions[EXTENSION] = portal


def current_portal() -> Portal:
    """The installation that the present request runs in."""
    portal: Portal = current_app.extensions[EXTENSION]
    return portal


def count_sender(address: str) -> None:
    """Count a form against the address that it comes from.

    Raises:
        TooManyError: there were too many.
    """
    portal = current_portal()
    with open_work(portal.database, VISITOR, clock=portal.clock, request_id=g.get("request_id")) as work:
        count_form(work, address=address, most=portal.forms_per_minute)


@contextmanager
def visit() -> Iterator[Work]:
    """The unit of work of a visitor, committed at the end of the block."""
    portal = current_portal()
    with open_work(portal.database, VISITOR, clock=portal.clock, request_id=g.get("request_id")) as work:
        yield work
