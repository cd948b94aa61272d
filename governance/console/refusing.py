"""What the console answers where a page is refused: a sign-in that keeps what was typed, or a page that says why."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from governance.accounts.errors import ConfirmationNeededError
from governance.console import cookies, forms, sayings
from governance.console.frame import door_page, go
from governance.console.guard import StaleFormError, blueprint, roles_that_may
from governance.console.pages_table import PAGES
from governance.console.signing import confirm_page, continue_page, sign_in_page
from governance.kernel.errors import (
    ForbiddenError,
    GovernanceError,
    TooManyError,
    UnauthenticatedError,
    UnavailableError,
)
from governance.kernel.logs import get_logger
from governance.kernel.outage import OUTAGES, outage_of
from governance.pages.forms import is_from_here
from governance.policies import access

AGAIN_SECONDS: Final = 60
"""After which a browser may ask again, where the store does not answer."""

log = get_logger(__name__)


def refusal(status: int, heading: str, text: str) -> Response:
    """A page that says why not, and what to do."""
    return door_page("refusal", seal=forms.seal(cookies.session_token()), status=status, heading=heading, text=text)


@blueprint.get("/")
def front() -> Response:
    """The start page, by its address with a stroke at the end."""
    return go("today")


@blueprint.route("/<path:place>", methods=["GET", "POST"])
def nowhere(place: str) -> Response:
    """An address of the console at which nothing is; one with a stroke at the end leads to the page without it."""
    if place.endswith("/") and request.method == "GET":
        answer = redirect(f"{url_for('console.today')}/{place.strip('/')}", code=HTTPStatus.PERMANENT_REDIRECT)
        return Response(answer.get_data(), status=answer.status_code, headers=answer.headers)
    return refusal(
        404,
        gettext("There is no such page"),
        gettext("Check the address, or go on from the start page."),
    )


@blueprint.errorhandler(StaleFormError)
def _on_stale_form(_error: StaleFormError) -> Response:
    if is_from_here() and forms.is_of(g.actor):
        return continue_page(cookies.session_token(), g.actor, then=request.path, kept=forms.waiting_fields())
    if is_from_here():
        return refusal(
            403,
            gettext("This form was shown to somebody else"),
            gettext("You are signed in as another person than the form was shown to. Open the page again."),
        )
    return refusal(403, gettext("This form did not come from here"), gettext("Open the page again, and send it there."))


@blueprint.errorhandler(ConfirmationNeededError)
def _on_unconfirmed(_error: ConfirmationNeededError) -> Response:
    if request.method == "POST" and not (forms.is_sealed() and is_from_here()):
        return refusal(
            403, gettext("This form did not come from here"), gettext("Open the page again, and send it there.")
        )
    then = request.path if request.method == "POST" else request.full_path.rstrip("?")
    return confirm_page(staff=g.actor, then=then, kept=forms.put_by(), status=HTTPStatus.UNAUTHORIZED)


@blueprint.errorhandler(UnauthenticatedError)
def _on_stranger(_error: UnauthenticatedError) -> Response:
    if request.method == "GET":
        here = request.full_path.rstrip("?")
        if request.headers.get("HX-Request"):
            answer = Response(status=HTTPStatus.UNAUTHORIZED)
            answer.headers["HX-Redirect"] = url_for("console.sign_in")
            return answer
        return go("sign_in", next=here)
    kept = forms.put_by() if is_from_here() else ""
    heading = gettext("Your session is over") if kept else None
    then = request.path if kept else "/console"
    return sign_in_page(then=then, kept=kept, status=HTTPStatus.UNAUTHORIZED, heading=heading)


@blueprint.errorhandler(GovernanceError)
def _on_refusal(error: GovernanceError) -> Response:
    status, heading, text = sayings.of_refusal(error)
    if isinstance(error, ForbiddenError) and (may := _who_may()):
        told = gettext("Roles that may: %(roles)s.", roles=", ".join(may))
        text = f"{text} {told}"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("console.failed", slug=error.slug, exc_info=error)
    answer = refusal(status, heading, text)
    if isinstance(error, TooManyError):
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    elif isinstance(error, UnavailableError):
        answer.headers["Retry-After"] = str(AGAIN_SECONDS)
    return answer


def _on_outage(error: Exception) -> Response:
    told = outage_of(error)
    told.__cause__ = error  # for the log
    return _on_refusal(told)


for _outage in OUTAGES:
    blueprint.register_error_handler(_outage, _on_outage)


def _who_may() -> Sequence[str]:
    """Roles that may open what was refused, where the visitor's do not."""
    endpoint, actor = (request.endpoint or "").removeprefix("console."), g.get("refusable")
    permission = PAGES.get(endpoint)
    if actor is None or permission is None or access.allows(actor, permission).allowed:
        return []
    return roles_that_may(endpoint)


@blueprint.errorhandler(HTTPException)
def _on_http(error: HTTPException) -> Response:
    if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return refusal(
            413, gettext("The file is too large for this page"), gettext("Larger lists go by the command line or API.")
        )
    return refusal(error.code or 400, gettext("This cannot be read"), gettext("Go back and try again."))


@blueprint.errorhandler(Exception)
def _on_failure(error: Exception) -> Response:
    log.error("console.failed", slug="error", exc_info=error)
    return refusal(500, gettext("This does not work at the moment"), gettext("Please try again in a moment."))


@blueprint.after_request
def _describe(response: Response) -> Response:
    if request.endpoint == "console.static":
        response.headers["Cache-Control"] = "public, max-age=86400"  # its address names the release
    else:
        response.headers.add("Vary", "Accept-Language, Cookie")
    return response
