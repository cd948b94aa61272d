"""What the console needs of this installation, put together by `governance.app`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Final

from flask import Flask, current_app

from governance.audit.operations import Handed
from governance.audit.outside import Outside
from governance.custody.findings import Finding
from governance.custody.recovery import Sheet, SheetStatus
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.records import frozen
from governance.kernel.settings import Settings
from governance.kernel.work import Work

EXTENSION: Final = "governance.console"


@frozen
class Sheets:
    """The recovery sheet of the keyring, as the console may ask for it.

    Attributes:
        status: what is known of it.
        make: a new one under a passphrase, in words of a language.
        page: what is to be printed of one, by its text.
        confirm: takes one for good, by its text, passphrase and check code.
    """

    status: Callable[[], SheetStatus]
    make: Callable[[Work, str, str], Sheet]
    page: Callable[[str], str]
    confirm: Callable[[Work, str, str, str], SheetStatus]


@frozen
class Console:
    """This installation, as the console sees it.

    Attributes:
        secret: key of the seals on forms and of the digests by which those sent twice are known; the same on each host.
        count_stranger: counts a failed proof against an address; raises TooManyError where there were too many.
        count_call: counts a page against whoever opens it; raises TooManyError, too.
        verifier_keys: public keys of the checkpoints of the log, in the form in which they are handed around.
        statuses: of answers over HTTP, by slug of the refusal.
        sheets: the recovery sheet of the keyring.
        examine: what the doctor finds, worst first.
        outside: the folder of the log outside the database.
        export_log: the log up to its newest checkpoint, as one file.
    """

    settings: Settings
    database: Database
    clock: Clock
    secret: bytes = field(repr=False)
    count_stranger: Callable[[str], None]
    count_call: Callable[[str], None]
    verifier_keys: Callable[[Work], Sequence[str]]
    statuses: Mapping[str, int]
    sheets: Sheets
    examine: Callable[[], Sequence[Finding]]
    outside: Outside
    export_log: Callable[[Work], Handed]


def install(app: Flask, console: Console) -> None:
    """Make *console* known to the requests of *app*."""
    app.extensions[EXTENSION] = console


def current_console() -> Console:
    """The installation that the present request runs in."""
    console: Console = current_app.extensions[EXTENSION]
    return console
