"""What all pages of the door share: frame, headers, and what they say where something is refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, make_response, render_template
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from governance.consent.errors import ClosedFormError, SharedContactError, SpentTokenError
from governance.kernel.errors import ConflictError, GovernanceError, NotFoundError, TooManyError
from governance.kernel.logs import get_logger
from governance.kernel.work import Work
from governance.pages.languages import NAMES, PARAMETER, language
from governance.pages.serving import policy, style_address
from governance.portal.place import visit
from governance.reference.operations import find_controller

blueprint = Blueprint("portal", __name__, template_folder="templates")
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """A language that the page may be read in."""

    code: str
    name: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page.

    Attributes:
        controller: whose page it is.
        officer: mail address of the data protection officer.
        style: address of the stylesheet.
    """

    language: str
    languages: Sequence[LanguageLink]
    controller: str
    address: str
    officer: str | None
    style: str


def page(
    work: Work, template: str, *, status: int = HTTPStatus.OK, frames: Sequence[str] = (), **view: object
) -> Response:
    """A page as the answer.

    Args:
        work: the transaction, for the frame.
        template: name of the template, without folder and ending.
        status: of the answer.
        frames: sites that may show it in a frame; none by default.
        **view: what the template shows.
    """
    body = render_template(f"portal/{template}.html", frame=_frame(work), **view)
    response = make_response(body, int(status))
    response.headers["Content-Security-Policy"] = policy(frames=frames)
    response.headers["Content-Language"] = language()
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _frame(work: Work) -> Frame:
    controller = find_controller(work)
    officer = None if controller is None else controller.officer
    return Frame(
        language=language(),
        languages=_languages(),
        controller="" if controller is None else controller.legal_name,
        address="" if controller is None else controller.address,
        officer=None if officer is None else officer.email,
        style=style_address(),
    )


def _languages() -> list[LanguageLink]:
    """The same page in other languages; after a form was sent, the page that shows it."""
    return [
        LanguageLink(code, name, f"?{PARAMETER}={code}", current=code == language()) for code, name in NAMES.items()
    ]


def refusal(status: int, heading: str, text: str) -> Response:
    """A page that says why not, and what to do."""
    with visit() as work:
        return page(work, "refusal", status=status, heading=heading, text=text)


_SAYINGS: Final[Mapping[type[GovernanceError], Callable[[], tuple[int, str, str]]]] = {
    SpentTokenError: lambda: (
        404,
        gettext("This link is not valid any more"),
        gettext(
            "A link works only as a whole, and some for a limited time. Open it again from the newest message, or fill "
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
    NotFoundError: lambda: (
        404,
        gettext("There is nothing at this address"),
        gettext("Check the address, or take the link from the message again."),
    ),
}
"""What a page says of a refusal; the first kind that fits."""


@blueprint.errorhandler(GovernanceError)
def _on_refusal(error: GovernanceError) -> Response:
    say = next((said for kind, said in _SAYINGS.items() if isinstance(error, kind)), None)
    if say is None:
        log.error("portal.failed", slug=error.slug, exc_info=error)
        return refusal(503, gettext("This does not work at the moment"), gettext("Please try again later."))
    response = refusal(*say())
    if isinstance(error, TooManyError):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


@blueprint.errorhandler(HTTPException)
def _on_http(error: HTTPException) -> Response:
    text = gettext("The form was not sent as a form. Go back and try again.")
    return refusal(error.code or 400, gettext("This cannot be read"), text)


@blueprint.after_request
def _describe(response: Response) -> Response:
    response.headers.add("Vary", "Accept-Language")
    return response
