"""What all pages of the portal share: frame and headers."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from governance import __version__
from governance.customers.visiting import Visitor
from governance.kernel import packs
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.pages import forms
from governance.pages.languages import COOKIE, PARAMETER, language
from governance.pages.serving import policy, style_address
from governance.policies.access import allows
from governance.policies.permissions import Permission
from governance.portal.place import current_portal
from governance.reference.operations import find_controller
from governance.reference.record import ProtectionOfficer

blueprint = Blueprint("portal", __name__, template_folder="templates")

LABEL: Final = b"portal/form"
_SENDER: Final = b"portal/sender"
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
        until: when the session ends. who: by which contact, masked.
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
    who: str
    alone: bool
    seal: str
    number: str


def page(
    work: Work | None,
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
        work: the transaction, for the frame; None where the store does not answer, and the frame tells what is known.
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


def sealed_for(holder: str, *, sender: str = "") -> str:
    """The seal of forms that are shown to a session, or to a browser before it has one.

    Where it is known who has the session, the seal tells, too: a form that outlives it waits for them alone.
    """
    whole = forms.seal(current_portal().secret, LABEL, holder)
    return f"{whole}.{sender}" if sender else whole


def sender_of(visitor: Visitor) -> str:
    """Whom a form is shown to, over all their sessions: whoever controls this contact."""
    contact = visitor.visit.contact
    return forms.seal(current_portal().secret, _SENDER, f"{contact.line.value}:{contact.value}")


def sent_by() -> str:
    """Whom the form of the present request was shown to; empty where it does not say."""
    return request.form.get(forms.SEAL, "").partition(".")[2]


def _frame(work: Work | None, seal: str, part: str, scripts: Sequence[str], *, alone: bool) -> Frame:
    controller = g.get("controller") or (None if work is None else find_controller(work))
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
        who="" if visitor is None else visitor.shown,
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
    said = {name: value for name, value in request.args.items() if name != PARAMETER}
    return [
        Link(code, name, f"?{urlencode({**said, PARAMETER: code})}", current=code == language())
        for code, name in packs.names().items()
    ]


@blueprint.after_request
def _describe(response: Response) -> Response:
    response.headers.add("Vary", "Accept-Language")
    chosen = request.args.get(PARAMETER, "")
    if chosen in packs.names() and request.path.startswith(OWN_PATH):
        response.set_cookie(COOKIE, chosen, path=OWN_PATH, httponly=True, samesite="Lax", secure=request.is_secure)
    return response
