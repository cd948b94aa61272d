"""The link in a warning: a page with a button, by which people who are to be erased soon stay. GET changes nothing."""

from flask import Response

from governance.portal.pages import blueprint, page
from governance.portal.place import visit
from governance.retention import operations as retention


@blueprint.get("/keep/<token>")
def keeping(token: str) -> Response:
    """What the link leads to, and a button for it."""
    with visit() as work:
        shown = retention.show_keeping(work, token=token)
        return page(work, "kept" if shown.kept else "keep", anonymised=shown.anonymised)


@blueprint.post("/keep/<token>")
def keep(token: str) -> Response:
    """Let the person stay; no consent is renewed by it."""
    with visit() as work:
        retention.keep(work, token=token)
        return page(work, "kept")
