"""One-click unsubscription exactly as RFC 8058 has it: a POST without login or cookie; a GET changes nothing."""

from http import HTTPStatus
from typing import Final

from flask import Response, request

from governance.consent import operations as consent
from governance.pages.languages import language
from governance.policies.consent_facts import Scope
from governance.portal.pages import blueprint, page
from governance.portal.place import visit

FIELD: Final = "List-Unsubscribe"
ONE_CLICK: Final = "one-click"
BUTTON: Final = "leave"


@blueprint.get("/unsubscribe/<token>")
def leaving(token: str) -> Response:
    """What the link leads to, and a button for it."""
    return _leaving(token, HTTPStatus.OK)


@blueprint.post("/unsubscribe/<token>")
def leave(token: str) -> Response:
    """Unsubscribe: by the mail program's one click, or by a button of the page."""
    scope = _scope()
    if scope is None:
        return _leaving(token, HTTPStatus.BAD_REQUEST)
    with visit() as work:
        left = consent.unsubscribe(work, token=token, scope=scope)
        title = None if left.titles is None else left.titles.get(language())
        return page(work, "unsubscribed", title=title, all_advertising=scope is Scope.ADVERTISING)


def _scope() -> Scope | None:
    if request.form.get(FIELD, "").strip().lower() == ONE_CLICK:
        return Scope.PURPOSE
    pressed = request.form.get(BUTTON)
    return Scope(pressed) if pressed in (Scope.PURPOSE, Scope.ADVERTISING) else None


def _leaving(token: str, status: int) -> Response:
    with visit() as work:
        shown = consent.show_leaving(work, token=token)
        title = None if shown.titles is None else shown.titles.get(language())
        return page(
            work,
            "unsubscribe",
            status=status,
            title=title,
            advertising=shown.advertising,
            button=BUTTON,
            purpose=Scope.PURPOSE.value,
            everything=Scope.ADVERTISING.value,
        )
