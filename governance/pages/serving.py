"""The stylesheet, served to both faces, and what browsers may load on their pages."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, request, url_for

from governance import __version__

REPORTS: Final = "/pages/reports"
"""Where browsers tell of what they refused (`reporting`)."""

blueprint = Blueprint("pages", __name__, static_folder="static", static_url_path="/pages/static")

# Not report-to: browsers that know it then tell nothing of a page without TLS, and heed no report-uri beside it.
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {frames}; "
    f"report-uri {REPORTS}"
)
_SCRIPTS: Final = "; script-src 'self'; connect-src 'self'"
_IMAGES: Final = "; img-src 'self'"


def policy(*, frames: Sequence[str] = (), scripts: bool = False, images: bool = False) -> str:
    """What a browser may load on a page (CSP level 3): our own files, and nothing written into the page itself.

    Args:
        frames: sites that may show it in a frame; none by default.
        scripts: whether our own scripts may run on it.
        images: whether it shows images of ours.
    """
    told = _POLICY.format(frames=" ".join(frames) or "'none'")
    return told + (_SCRIPTS if scripts else "") + (_IMAGES if images else "")


def style_address() -> str:
    """Address of the stylesheet; it names the release, so that browsers may keep it."""
    return url_for("pages.static", filename="governance.css", v=__version__)


@blueprint.after_request
def _keep(response: Response) -> Response:
    if request.endpoint == "pages.static":
        response.headers["Cache-Control"] = "public, max-age=86400"  # its address names the release
    return response
