"""What is left to do in the first hour: the recovery sheet, mail, the list; each may be left and gone on with."""

import base64

from flask import Response, request
from flask_babel import get_locale, gettext

from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.console.place import current_console
from governance.custody.errors import RecoveryError
from governance.custody.recovery import Sheet
from governance.intake import operations as intake
from governance.kernel.errors import InvalidError
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.policies.permissions import Permission
from governance.reference import operations as reference

_LEAST = 12


@screen("/first-steps", "first_steps")
def first_steps(visit: Visit) -> Response:
    """How far the set-up is."""
    console, controller = current_console(), reference.find_controller(visit.work)
    countries = get_locale().territories if get_locale() is not None else {}
    return page(
        visit,
        "first_steps",
        part="",
        controller=controller,
        country="" if controller is None else countries.get(controller.country, controller.country),
        sheet=console.sheets.status(),
        mail=console.settings.smtp_url is not None and console.settings.mail_folder is None,
        imported=bool(intake.batches(visit.work, limit=1)) if visit.may(Permission.INTAKE_READ) else None,
    )


@screen("/recovery-sheet", "recovery_sheet")
def recovery_page(visit: Visit, typed: Typed = EMPTY, made: Sheet | None = None) -> Response:
    """The form to make a recovery sheet by; with the sheet, from when it is made until it is confirmed."""
    text = typed.get("text") if made is None else made.text
    return page(
        visit,
        "recovery_sheet",
        part="",
        stands=current_console().sheets.status(),
        text=text,
        printed=_printed(text),
        typed=typed,
    )


def _printed(text: str) -> str | None:
    """An address that holds the page to print itself; None where there is no sheet, or one that was changed."""
    try:
        page_to_print = current_console().sheets.page(text)
    except RecoveryError:
        return None
    return f"data:text/html;charset=utf-8;base64,{base64.b64encode(page_to_print.encode()).decode('ascii')}"


@act("/recovery-sheet", "make_recovery_sheet", shows=recovery_page, of="recovery_sheet")
def make_sheet(visit: Visit) -> Response:
    """Make a sheet; it stands on this one answer and is kept nowhere."""
    passphrase = request.form.get("passphrase", "")
    if len(passphrase) < _LEAST:
        raise InvalidError("Too short.", errors={"passphrase": ["Take at least 12 characters."]})
    if passphrase != request.form.get("again", ""):
        raise InvalidError("They differ.", errors={"again": [gettext("The two passphrases differ.")]})
    made = current_console().sheets.make(visit.work, passphrase, language())
    return recovery_page(visit, made=made)


@act("/recovery-sheet/confirmation", "confirm_recovery_sheet", shows=recovery_page, of="recovery_sheet",
     then=lambda: go("first_steps"))  # fmt: skip
def confirm_sheet(visit: Visit) -> Response:
    """Take the sheet for good: whoever has it knows its check code and its passphrase."""
    said = request.form
    try:
        current_console().sheets.confirm(
            visit.work, said.get("text", ""), said.get("passphrase", ""), said.get("check_code", "").strip()
        )
    except RecoveryError as error:
        raise InvalidError(error.detail, errors={"check_code": ["See the paper."]}) from error
    return go("first_steps")
