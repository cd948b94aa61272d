"""The privacy notice by version: the one in force, and those before it, each as it was."""

from flask import Response

from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.kernel.errors import NotFoundError
from governance.pages.languages import language
from governance.portal.guard import look_up_controller
from governance.portal.pages import blueprint, page
from governance.portal.place import visit


@blueprint.get("/privacy")
def privacy() -> Response:
    """What is in force now."""
    with visit() as work:
        look_up_controller(work)
        every = consent.notices(work, kind=NoticeKind.PRIVACY)
        versions = [one for one in every if one.effective_from <= work.now]
        now = [
            found
            for key in dict.fromkeys(one.key for one in versions)
            if (found := consent.notice_in_force(work, kind=NoticeKind.PRIVACY, key=key)) is not None
        ]
        shown = [(one, consent.words_of(work, one, language())) for one in now]
        return page(work, "privacy", shown=shown, versions=list(reversed(versions)), now={one.id for one in now})


@blueprint.get("/privacy/<notice>/<int:version>")
def privacy_version(notice: str, version: int) -> Response:
    """A version as it was published.

    Raises:
        NotFoundError: where there is none, or it is not in force yet.
    """
    with visit() as work:
        look_up_controller(work)
        found = consent.notice(work, kind=NoticeKind.PRIVACY, key=notice, version=version).version
        if found.effective_from > work.now:
            raise NotFoundError("There is no such version.")
        words = consent.words_of(work, found, language())
        return page(work, "privacy_version", version=found, notice=words)
