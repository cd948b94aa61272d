"""The operator's colours and logo, as files of this service."""

from flask import Response

from governance.kernel.errors import NotFoundError
from governance.portal.pages import blueprint
from governance.portal.place import current_portal

KEPT: dict[str, str] = {"Cache-Control": "public, max-age=3600"}


@blueprint.get("/brand/colours.css")
def brand_style() -> Response:
    """The tokens of the operator's colour."""
    return Response(current_portal().brand.style, content_type="text/css; charset=utf-8", headers=KEPT)


@blueprint.get("/brand/logo")
def brand_logo() -> Response:
    """The operator's logo; opened by itself it may load and run nothing.

    Raises:
        NotFoundError: where there is none.
    """
    logo = current_portal().brand.logo
    if logo is None:
        raise NotFoundError("There is no logo.")
    policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return Response(logo.content, content_type=logo.media_type, headers={**KEPT, "Content-Security-Policy": policy})
