"""The words that people are shown: versions side by side, the next one written and published."""

from collections.abc import Mapping, Sequence
from typing import Final

from flask import Response, abort, request

from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.consent.operations import Notice, NoticeText
from governance.console.consent import names_of_notices
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.kernel import packs
from governance.pages.forms import EMPTY, Typed, whole_number

PART: Final = "consent"


@screen("/consent/notices/<kind>/<notice>", "edit_notice")
def editor(visit: Visit, kind: str, notice: str, typed: Typed = EMPTY) -> Response:
    """The version in force beside the next one, language by language."""
    chosen, versions = _kind(kind), _versions(visit, kind, notice)
    newest = versions[0] if versions else None
    standing = None if newest is None else _read(visit, chosen, notice, newest)
    seen = whole_number(typed.get("newest"))
    compared = whole_number(request.args.get("with", "")) or seen
    other = compared if compared in versions and compared != newest else None
    proposed = consent.draft(visit.work, kind=chosen, key=notice).texts if standing is None else standing.texts
    return page(
        visit,
        "notice_edit",
        part=PART,
        kind=kind,
        notice=notice,
        name=names_of_notices(visit).get(notice, notice),
        versions=versions,
        standing=standing,
        other=None if other is None else _read(visit, chosen, notice, other),
        is_overtaken=seen is not None and seen != (newest or 0),
        texts=[(code, name, proposed.get(code)) for code, name in packs.names().items()],
        languages=packs.names(),
        typed=typed,
    )


def _kind(kind: str) -> NoticeKind:
    if kind not in set(NoticeKind):
        abort(404)
    return NoticeKind(kind)


def _versions(visit: Visit, kind: str, notice: str) -> Sequence[int]:
    found = consent.notices(visit.work)
    return sorted((one.version for one in found if (one.kind.value, one.key) == (kind, notice)), reverse=True)


def _read(visit: Visit, kind: NoticeKind, notice: str, version: int) -> Notice:
    return consent.notice(visit.work, kind=kind, key=notice, version=version)


@act("/consent/notices/<kind>/<notice>", "publish_notice", shows=editor, of="edit_notice",
     then=lambda **_names: go("consent"))  # fmt: skip
def publish(visit: Visit, kind: str, notice: str) -> Response:
    """Publish the next version; nobody can change it after that."""
    texts: Mapping[str, NoticeText] = {
        code: NoticeText(request.form.get(f"title.{code}", "").strip(), request.form.get(f"body.{code}", "").strip())
        for code in packs.names()
        if request.form.get(f"body.{code}", "").strip() or request.form.get(f"title.{code}", "").strip()
    }
    material, seen = request.form.get("material") == "yes", whole_number(request.form.get("newest", "")) or 0
    consent.publish_notice(visit.work, kind=_kind(kind), key=notice, texts=texts, material=material, newest=seen)
    return go("consent")
