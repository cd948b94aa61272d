"""What all pages of the door share: frame, headers, and what they say where something is refused."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from governance import __version__
from governance.consent.errors import ClosedFormError, SharedContactError, SpentTokenError
from governance.customers.visiting import Visitor
from governance.kernel import packs
from governance.kernel.errors import ConflictError, ForbiddenError, GovernanceError, NotFoundError, TooManyError
from governance.kernel.logs import get_logger
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.pages import forms
from governance.pages.languages import COOKIE, PARAMETER, language
from governance.pages.serving import policy, style_address
from governance.policies.access import allows
from governance.policies.permissions import Permission
from governance.portal.place import current_portal, visit
from governance.reference.operations import find_controller
from governance.reference.record import ProtectionOfficer
from governance.rights.errors import NoSuchRequestError, NotProvenError, WrongActError

blueprint = Blueprint("portal", __name__, template_folder="templates")
log = get_logger(__name__)


LABEL: Final = b"portal/form"
OWN_PATH: Final = "/my"
"""Below it are the pages that need a session; here alone cookies are set."""


@frozen
class Link:
    """A link of the menu, or a language that the page may be read in."""

    code: str
    name: str
    address: str
    current: bool


@frozen
class Frame:
    """What stands around a page.

    Attributes:
        name: what customers know the company by.
        controller: whose page it is, by its legal name.
        officer: the data protection officer, as far as the record has one.
        styles, scripts: addresses of ours.
        logo: address of the picture; None where there is none.
        menu: pages of whoever is signed in; empty before.
        until: when the session ends.
        alone: whether the page stands in no frame of another site, where its links would lead nowhere.
        seal, number: what each form of the page carries.
    """

    language: str
    languages: Sequence[Link]
    name: str
    controller: str
    address: str
    officer: ProtectionOfficer | None
    styles: Sequence[str]
    scripts: Sequence[str]
    logo: str | None
    menu: Sequence[Link]
    until: datetime | None
    alone: bool
    seal: str
    number: str


def page(
    work: Work,
    template: str,
    *,
    status: int = HTTPStatus.OK,
    frames: Sequence[str] = (),
    seal: str = "",
    part: str = "",
    scripts: Sequence[str] = (),
    **view: object,
) -> Response:
    """A page as the answer.

    Args:
        work: the transaction, for the frame.
        template: name of the template, without folder and ending.
        status: of the answer.
        frames: sites that may show it in a frame; none by default.
        seal: of its forms, where it has such as only this browser may send.
        part: page of the menu that it belongs to.
        scripts: files of ours that make it nicer; it works without.
        **view: what the template shows.
    """
    frame = _frame(work, seal, part, scripts, alone=not frames)
    response = make_response(render_template(f"portal/{template}.html", frame=frame, **view), int(status))
    response.headers["Content-Security-Policy"] = policy(
        frames=frames, scripts=bool(frame.scripts), images=frame.logo is not None
    )
    response.headers["Content-Language"] = language()
    response.headers["X-Robots-Tag"] = "noindex"
    if seal:
        response.headers["Referrer-Policy"] = "same-origin"  # else a browser would not say that a form is from here
    return response


def sealed_for(holder: str) -> str:
    """The seal of forms that are shown to a session, or to a browser before it has one."""
    return forms.seal(current_portal().secret, LABEL, holder)


def _frame(work: Work, seal: str, part: str, scripts: Sequence[str], *, alone: bool) -> Frame:
    controller = g.get("controller") or find_controller(work)
    brand, visitor = current_portal().brand, g.get("visitor")
    legal_name = "" if controller is None else controller.legal_name
    files = ("once.js", *scripts) if seal else scripts
    return Frame(
        language=language(),
        languages=_languages(),
        name=brand.name or legal_name,
        controller=legal_name,
        address="" if controller is None else controller.address,
        officer=None if controller is None else controller.officer,
        styles=[
            style_address(),
            url_for("pages.static", filename="portal.css", v=__version__),
            *([url_for("portal.brand_style", v=_version(brand.style))] if brand.style else []),
        ],
        scripts=[url_for("pages.static", filename=one, v=__version__) for one in files],
        logo=None if brand.logo is None else url_for("portal.brand_logo"),
        menu=[] if visitor is None else _menu(visitor, part),
        until=None if visitor is None else visitor.expires_at,
        alone=alone,
        seal=seal,
        number=forms.new_number() if seal else "",
    )


def _version(style: str) -> str:
    return sha256(style.encode()).hexdigest()[:12]


def _menu(visitor: Visitor, part: str) -> list[Link]:
    """Pages that what was proved opens."""
    titles = {
        "start": (gettext("Overview"), None),
        "choices": (gettext("My choices"), None),
        "own_data": (gettext("My data"), Permission.PORTAL_READ),
        "own_requests": (gettext("My requests"), None),
        "sights": (gettext("Who saw my data"), Permission.PORTAL_READ),
    }
    return [
        Link(one, title, url_for(f"portal.{one}"), current=one == part)
        for one, (title, needs) in titles.items()
        if needs is None or allows(visitor.actor, needs).allowed
    ]


def go(endpoint: str, **names: object) -> Response:
    """Lead the browser to a page after an act (303), so that reloading it repeats nothing."""
    response = redirect(url_for(f"portal.{endpoint}", **names), code=HTTPStatus.SEE_OTHER)  # type: ignore[arg-type]  # ids
    return Response(response.get_data(), status=response.status_code, headers=response.headers)


def _languages() -> list[Link]:
    """The same page in other languages; after a form was sent, the page that shows it."""
    return [
        Link(code, name, f"?{PARAMETER}={code}", current=code == language()) for code, name in packs.names().items()
    ]


def refusal(status: int, heading: str, text: str) -> Response:
    """A page that says why not, and what to do."""
    with visit() as work:
        return page(work, "refusal", status=status, heading=heading, text=text)


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
    **dict.fromkeys(
        (WrongActError, NotProvenError),
        lambda: (
            409,
            gettext("This is no longer possible"),
            gettext("Something has changed since. Open the page again to see how it stands."),
        ),
    ),
    NoSuchRequestError: _nothing_here,
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


@blueprint.errorhandler(Exception)
def _on_failure(error: Exception) -> Response:
    log.error("portal.failed", slug="error", exc_info=error)
    return refusal(500, gettext("This does not work at the moment"), gettext("Please try again later."))


@blueprint.after_request
def _describe(response: Response) -> Response:
    response.headers.add("Vary", "Accept-Language")
    chosen = request.args.get(PARAMETER, "")
    if chosen in packs.names() and request.path.startswith(OWN_PATH):
        response.set_cookie(COOKIE, chosen, path=OWN_PATH, httponly=True, samesite="Lax", secure=request.is_secure)
    return response
