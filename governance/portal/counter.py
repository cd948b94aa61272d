"""A sheet for the counter: a QR code that leads to the portal, to be printed."""

from functools import lru_cache

from flask import Response, url_for

from governance.kernel.qr import qr_of
from governance.pages.languages import language
from governance.portal.guard import look_up_controller
from governance.portal.pages import blueprint, page
from governance.portal.place import current_portal, visit

_drawn = lru_cache(maxsize=1)(qr_of)
"""The address stays, and anybody may ask for the sheet: drawing it costs ten times the rest of the page."""


@blueprint.get("/counter")
def counter() -> Response:
    """The sheet, in the language of the page."""
    with visit() as work:
        look_up_controller(work)
        address = current_portal().settings.public_base + url_for("portal.start")
        return page(work, "counter", qr=_drawn(address), address=address, lang=language())
