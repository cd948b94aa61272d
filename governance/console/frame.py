"""What all pages of the console share: the frame around them, and what they say where something is refused."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from flask import Response, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from governance import __version__
from governance.console import sayings
from governance.console.guard import Visit
from governance.console.pages_table import GROUPS
from governance.kernel import packs
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed, new_number
from governance.pages.languages import by_language, language
from governance.pages.serving import policy, style_address
from governance.policies import shipped

_OF_ALL_PAGES: Final = frozenset({"once.js", "proofs.js"})


@frozen
class Link:
    """A link of the menu, or a choice of language."""

    key: str
    name: str
    address: str
    current: bool


@frozen
class Group:
    """Links of the menu that belong together; the first ones need no title."""

    title: str
    links: Sequence[Link]


@frozen
class Frame:
    """What stands around a page.

    Attributes:
        menu: pages that the visitor may open; empty before the sign-in.
        roles: the visitor's, in words.
        seal, number: what each form of the page carries.
    """

    language: str
    languages: Sequence[Link]
    controller: str
    menu: Sequence[Group]
    roles: str
    seal: str
    number: str
    here: str
    style: str
    scripts: Sequence[str]


def page(
    visit: Visit,
    template: str,
    *,
    part: str,
    status: int = HTTPStatus.OK,
    scripts: Sequence[str] = (),
    typed: Typed = EMPTY,
    **view: object,
) -> Response:
    """A page for somebody signed in.

    Args:
        visit: who opens it.
        template: name of the template, without folder and ending.
        part: page of the menu that it belongs to.
        status: of the answer.
        scripts: further files of ours that it runs.
        typed: what was typed into a form of it that was not taken; its errors are shown in the visitor's language.
        **view: what the template shows; its own `errors`, where they are more than those of *typed*.
    """
    titles, groups = names_of_pages(), names_of_groups()
    links = {
        group: [
            Link(one, titles[one], url_for(f"console.{one}"), current=one == part)
            for one in pages
            if visit.may_open(one)
        ]
        for group, pages in GROUPS.items()
    }
    menu = [Group(groups[group], found) for group, found in links.items() if found]
    roles = ", ".join(shipped.roles().roles[one].titles.get(language()) for one in visit.work.actor.roles)
    shown = {"typed": typed, "errors": sayings.by_field(typed.errors), **view, "visit": visit}
    return _answer(_frame(menu, roles, visit.seal, visit.number, scripts), template, status, shown)


def door_page(template: str, *, seal: str, status: int = HTTPStatus.OK, **view: object) -> Response:
    """A page for somebody who has yet to sign in, or to show again who they are; its forms carry this *seal*."""
    return _answer(_frame([], "", seal, new_number(), ()), template, status, view)


def _frame(menu: Sequence[Group], roles: str, seal: str, number: str, scripts: Sequence[str]) -> Frame:
    controller = g.get("controller")
    files = ("once.js", *(("htmx-2.0.11.min.js", "console.js") if menu else ()), *scripts)
    return Frame(
        language=language(),
        languages=[Link(code, name, "", current=code == language()) for code, name in packs.names().items()],
        controller="" if controller is None else controller.legal_name,
        menu=menu,
        roles=roles,
        seal=seal,
        number=number,
        here=request.full_path.rstrip("?") if request.method == "GET" else url_for("console.today"),
        style=style_address(),
        scripts=[_script(one) for one in files],
    )


def _script(name: str) -> str:
    return url_for("pages.static" if name in _OF_ALL_PAGES else "console.static", filename=name, v=__version__)


def _answer(frame: Frame, template: str, status: int, view: Mapping[str, object]) -> Response:
    body = render_template(f"console/{template}.html", frame=frame, **view)
    response = make_response(body, int(status))
    response.headers["Content-Security-Policy"] = policy(scripts=True)
    response.headers["Content-Language"] = language()
    response.headers["Referrer-Policy"] = "same-origin"  # else a browser would not say that a form is from here
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def go(endpoint: str, **names: object) -> Response:
    """Lead the browser to a page after an act (303), so that reloading it repeats nothing."""
    response = redirect(url_for(f"console.{endpoint}", **names), code=HTTPStatus.SEE_OTHER)  # type: ignore[arg-type]  # ids
    return Response(response.get_data(), status=response.status_code, headers=response.headers)


@by_language
def names_of_groups() -> Mapping[str, str]:
    """What the menu calls its groups."""
    return {
        "now": "",
        "base": gettext("Customer base"),
        "consent": gettext("Consent"),
        "keeping": gettext("Keeping and proof"),
        "service": gettext("Service"),
    }


@by_language
def names_of_pages() -> Mapping[str, str]:
    """What the menu calls its pages."""
    return {
        "today": gettext("Today"),
        "requests": gettext("Requests"),
        "customers": gettext("Customers"),
        "duplicates": gettext("Duplicates"),
        "imports": gettext("Imports"),
        "segments": gettext("Segments"),
        "exports": gettext("Exports"),
        "reach": gettext("Who may be written to"),
        "retention": gettext("Retention"),
        "audit": gettext("Audit log"),
        "consent": gettext("Purposes and notices"),
        "send_check": gettext("Send check"),
        "clean_list": gettext("Clean my list"),
        "proposals": gettext("Proposals"),
        "alerts": gettext("Alerts"),
        "staff": gettext("Staff"),
        "clients": gettext("Connected systems"),
        "settings": gettext("Settings"),
        "health": gettext("Health"),
    }
