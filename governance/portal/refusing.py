"""What customers read where a page is refused, where nothing is at an address, and where the service is disturbed."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from flask import Response, redirect, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from governance.consent.errors import ClosedFormError, SharedContactError, SpentTokenError
from governance.kernel.errors import (
    ConflictError,
    ForbiddenError,
    GovernanceError,
    NotFoundError,
    TooManyError,
    UnavailableError,
)
from governance.kernel.logs import get_logger
from governance.kernel.outage import OUTAGES, outage_of
from governance.pages.languages import speak_as
from governance.portal.pages import OWN_PATH, blueprint, page
from governance.portal.place import visit
from governance.rights.errors import NoSuchRequestError, NotProvenError, WrongActError

AGAIN_SECONDS: Final = 60
"""After which a browser may ask again, where the store does not answer."""

log = get_logger(__name__)


def refusal(status: int, heading: str, text: str, *, certified: bool = False) -> Response:
    """A page that says why not, and what to do; without what the store knows, where that does not answer.

    Args:
        status: of the answer.
        heading: what is the matter.
        text: what to do.
        certified: whether a certificate may tell more.
    """
    try:
        with visit() as work:
            return page(work, "refusal", status=status, heading=heading, text=text, certified=certified)
    except OUTAGES:
        return page(None, "refusal", status=status, heading=heading, text=text, certified=certified)


def _nothing_here() -> tuple[int, str, str]:
    return (
        404,
        gettext("There is nothing at this address"),
        gettext("Check the address, or take the link from the message again."),
    )


_SAYINGS: Final[Mapping[type[GovernanceError], Callable[[], tuple[int, str, str]]]] = {
    SpentTokenError: lambda: (
        404,
        gettext("This link is not valid any more"),
        gettext(
            "It was used already, is too old, or was not copied as a whole. Open it from the newest message, or fill "
            "in the form again. If you want no more messages from us, you can also write to the address below."
        ),
    ),
    SharedContactError: lambda: (
        409,
        gettext("We cannot tell whose subscription this is"),
        gettext("Several of our customers use this address, and consent is one person's own. Please contact us."),
    ),
    ClosedFormError: lambda: (
        409,
        gettext("This form is closed"),
        gettext("It takes no subscriptions at the moment."),
    ),
    TooManyError: lambda: (
        429,
        gettext("Too many forms were sent from your network"),
        gettext("Please wait a minute, then try again."),
    ),
    ConflictError: lambda: (
        409,
        gettext("What you chose is no longer offered"),
        gettext("Please fill in the form again."),
    ),
    **dict.fromkeys(
        (WrongActError, NotProvenError),
        lambda: (
            409,
            gettext("This is no longer possible"),
            gettext("Something has changed since. Open the page again to see how it stands."),
        ),
    ),
    NoSuchRequestError: lambda: (
        404,
        gettext("This request is not shown here"),
        gettext(
            "Either it is not yours, or all of your data was deleted by it: then it is done, and the certificate is "
            "had by its number."
        ),
    ),
    NotFoundError: _nothing_here,
    ForbiddenError: lambda: (
        403,
        gettext("This needs more proof of who you are"),
        gettext("Open your pages again: they say what is missing. You can also write to the address below."),
    ),
}
"""What a page says of a refusal; the first kind that fits."""


@blueprint.get("/")
def front() -> Response:
    """The address of the service alone leads customers to their pages."""
    return _lead(OWN_PATH, HTTPStatus.FOUND)


@blueprint.get(f"{OWN_PATH}/<path:place>")
@blueprint.get(f"{OWN_PATH}/", defaults={"place": ""})
def nowhere(place: str) -> Response:
    """An address among the customers' pages at which nothing is; one with a stroke at the end leads to the page."""
    if request.path.endswith("/"):
        return _lead(f"{OWN_PATH}/{place.strip('/')}".rstrip("/"), HTTPStatus.PERMANENT_REDIRECT)
    return refusal(*_nothing_here())


def _lead(address: str, status: HTTPStatus) -> Response:
    answer = redirect(address, code=status)
    return Response(answer.get_data(), status=answer.status_code, headers=answer.headers)


def of_address(error: HTTPException) -> Response:
    """What a browser reads at an address that belongs to none of the pages."""
    speak_as(blueprint.name)
    nothing = error.code == HTTPStatus.NOT_FOUND
    answer = refusal(*(_nothing_here() if nothing else _unreadable(error)))
    answer.headers.add("Vary", "Accept, Accept-Language")
    return answer


def is_for_reader() -> bool:
    """Whether a browser asks to show something to somebody, and no system asks for an answer of the interface."""
    machine = "application/problem+json"
    best = request.accept_mimetypes.best_match([machine, "text/html"], default=machine)
    return best == "text/html" and not request.path.startswith("/v1/")


@blueprint.errorhandler(GovernanceError)
def _on_refusal(error: GovernanceError) -> Response:
    if isinstance(error, UnavailableError):
        return _disturbed(error.slug, error)
    say = next((said for kind, said in _SAYINGS.items() if isinstance(error, kind)), None)
    if say is None:
        log.error("portal.failed", slug=error.slug, exc_info=error)
        return refusal(503, gettext("This does not work at the moment"), gettext("Please try again later."))
    response = refusal(*say(), certified=isinstance(error, NoSuchRequestError))
    if isinstance(error, TooManyError):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _on_outage(error: Exception) -> Response:
    return _disturbed(outage_of(error).slug, error)


for _outage in OUTAGES:
    blueprint.register_error_handler(_outage, _on_outage)


def _disturbed(slug: str, error: Exception) -> Response:
    """The store does not answer, so the page asks nothing of it."""
    log.error("portal.failed", slug=slug, exc_info=error)
    response = page(
        None,
        "refusal",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        heading=gettext("This does not work at the moment"),
        text=gettext("Please try again in a few minutes. A form that you sent may have to be sent once more."),
        certified=False,
    )
    response.headers["Retry-After"] = str(AGAIN_SECONDS)
    return response


def _unreadable(error: HTTPException) -> tuple[int, str, str]:
    text = gettext("The form was not sent as a form. Go back and try again.")
    return error.code or 400, gettext("This cannot be read"), text


@blueprint.errorhandler(HTTPException)
def _on_http(error: HTTPException) -> Response:
    return refusal(*_unreadable(error))


@blueprint.errorhandler(Exception)
def _on_failure(error: Exception) -> Response:
    log.error("portal.failed", slug="error", exc_info=error)
    return refusal(500, gettext("This does not work at the moment"), gettext("Please try again later."))
