"""Notices: the words that people agree to, and those that tell what is done with data; published, never changed."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.schemas import Instant, Schema, code, flag
from governance.api.service import current_work
from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.consent.operations import Draft, Notice, NoticeText, NoticeVersion
from governance.policies.permissions import Permission

blueprint = Blueprint("notices", __name__, description="Notices: words that people agree to or are told.")


class NoticeWords(Schema):
    """The words in one language."""

    title = ma.fields.String(required=True)
    body = ma.fields.String(required=True)

    @ma.post_load
    def text(self, told: dict[str, str], **_options: object) -> NoticeText:
        """What the operations take."""
        return NoticeText(**told)


class NoticeWordsShown(NoticeWords):
    """The words in one language, with their digest."""

    sha256 = ma.fields.Function(
        lambda text: text.digest.hex(),
        required=True,
        metadata={"type": "string", "description": "SHA-256 of title, line feed and body in UTF-8."},
    )


class NoticeNew(Schema):
    """A version of a notice, to be published."""

    kind = code(NoticeKind, required=True)
    key = ma.fields.String(
        required=True, metadata={"description": "Of the purpose, for a consent; a name of yours for a privacy notice."}
    )
    texts = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Nested(NoticeWords),
        required=True,
        metadata={"description": "By ISO 639 code of the language."},
    )
    material = flag(required=True, metadata={"description": "Whether consents to earlier versions stop counting."})
    effective_from = Instant(
        load_default=None, allow_none=True, metadata={"description": "Since when it rules; left out: now."}
    )


class NoticeVersionShown(Schema):
    """A version of a notice, without its words."""

    kind = ma.fields.String(required=True)
    key = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    material = ma.fields.Boolean(required=True)
    effective_from = Instant(required=True)
    published_at = Instant(required=True)
    languages = ma.fields.Function(
        lambda one: sorted(one.languages), required=True, metadata={"type": "array", "items": {"type": "string"}}
    )


class NoticeShown(Schema):
    """A version of a notice."""

    version = ma.fields.Nested(NoticeVersionShown, required=True)
    texts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Nested(NoticeWordsShown), required=True)


class NoticeList(Schema):
    """Versions of notices."""

    items = ma.fields.List(ma.fields.Nested(NoticeVersionShown), required=True)


class NoticeDraft(Schema):
    """A notice as it is proposed for this controller."""

    kind = ma.fields.String(required=True)
    key = ma.fields.String(required=True)
    texts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Nested(NoticeWordsShown), required=True)
    has_blanks = ma.fields.Boolean(
        required=True, metadata={"description": "Whether it holds places that only the controller can fill."}
    )
    in_force = ma.fields.Nested(NoticeVersionShown, required=True, allow_none=True)


class NoticeDrafts(Schema):
    """Drafts of notices."""

    items = ma.fields.List(ma.fields.Nested(NoticeDraft), required=True)


class NoticeQuery(Schema):
    """Which notices."""

    kind = code(NoticeKind, load_default=None)
    key = ma.fields.String(load_default=None)


@blueprint.route("/consent/notices")
class Notices(MethodView):
    """Notices."""

    @guarded(Permission.CONSENT_READ)
    @blueprint.arguments(NoticeQuery, location="query")
    @blueprint.response(200, NoticeList)
    def get(self, asked: Mapping[str, Any]) -> dict[str, list[NoticeVersion]]:
        """List all versions of notices, each notice's oldest first."""
        return {"items": consent.notices(current_work(), kind=asked["kind"], key=asked["key"])}

    @guarded(Permission.CONSENT_CONFIGURE)
    @blueprint.arguments(NoticeNew)
    @blueprint.response(201, NoticeShown)
    def post(self, new: Mapping[str, Any]) -> Notice:
        """Publish a version of a notice; it is never changed after that. A material one asks for consent anew."""
        return consent.publish_notice(current_work(), **new)


@blueprint.route("/consent/notices/drafts")
class NoticesProposed(MethodView):
    """Drafts."""

    @guarded(Permission.CONSENT_CONFIGURE)
    @blueprint.response(200, NoticeDrafts)
    def get(self) -> dict[str, list[Draft]]:
        """Propose the notices that this controller needs, in three languages; to be read, changed and published."""
        return {"items": consent.drafts(current_work())}


@blueprint.route("/consent/notices/<any(consent, privacy):kind>/<notice>/<int:version>")
class OneNotice(MethodView):
    """A version of a notice."""

    @guarded(Permission.CONSENT_READ)
    @blueprint.response(200, NoticeShown)
    def get(self, kind: str, notice: str, version: int) -> Notice:
        """Read a version of a notice with its words."""
        return consent.notice(current_work(), kind=NoticeKind(kind), key=notice, version=version)
