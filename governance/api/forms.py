"""Subscription forms: published in versions, never changed. Their pages are public; see `governance.portal`."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import Page, page_schema
from governance.api.schemas import Instant, Schema, code, flag
from governance.api.service import current_work
from governance.consent import operations as consent
from governance.consent.operations import Form, FormField
from governance.policies.documents import Titles
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel

blueprint = Blueprint("consent-forms", __name__, description="Public subscription forms, with double opt-in.")


class FormTitles(Schema):
    """Words in every language of the pages."""

    en = ma.fields.String(required=True)
    ru = ma.fields.String(required=True)
    uk = ma.fields.String(required=True)


class FormBox(Schema):
    """A box to tick; what is agreed to is the purpose's notice, shown in full."""

    purpose = ma.fields.String(required=True, metadata={"description": "Key of the purpose."})
    channels = ma.fields.List(code(Channel), required=True, metadata={"description": "`email`, `audience` or both."})


class ConsentFormNew(Schema):
    """A version of a form, to be published."""

    titles = ma.fields.Nested(FormTitles, required=True)
    introductions = ma.fields.Nested(FormTitles)
    items = ma.fields.List(ma.fields.Nested(FormBox), required=True)
    privacy_notice = ma.fields.String(
        required=True, metadata={"description": "Key of the privacy notice that the page shows (GDPR Art. 13)."}
    )
    fields_ = ma.fields.List(
        code(FormField), data_key="fields", metadata={"description": "What is asked beside the address."}
    )
    frames = ma.fields.List(
        ma.fields.String(), metadata={"description": "Origins of sites that may show the page in a frame."}
    )
    open = flag(metadata={"description": "False closes the form."})


class ConsentForm(Schema):
    """The newest version of a form."""

    key = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    document = ma.fields.Nested(ConsentFormNew, required=True)
    published_at = Instant(required=True)
    published_by = ma.fields.UUID(required=True, allow_none=True)
    path = ma.fields.String(required=True, metadata={"description": "Where the page is, behind the public address."})


ConsentFormPage = page_schema(ConsentForm, "ConsentFormPage")


@blueprint.route("/consent/forms")
class ConsentForms(MethodView):
    """Forms."""

    @guarded(Permission.CONSENT_CONFIGURE)
    @blueprint.response(200, ConsentFormPage)
    def get(self) -> Page[dict[str, object]]:
        """List the newest version of all forms on one page, by key."""
        return Page([_told(one) for one in consent.forms(current_work())], None)


@blueprint.route("/consent/forms/<string:form>")
class OneConsentForm(MethodView):
    """A form."""

    @guarded(Permission.CONSENT_CONFIGURE)
    @blueprint.response(200, ConsentForm)
    def get(self, form: str) -> dict[str, object]:
        """Read the newest version of a form."""
        return _told(consent.form(current_work(), key=form))

    @guarded(Permission.CONSENT_CONFIGURE)
    @blueprint.arguments(ConsentFormNew)
    @blueprint.response(201, ConsentForm)
    def post(self, document: Mapping[str, Any], form: str) -> dict[str, object]:
        """Publish a version of a form; it is served at once, in the place of the one before."""
        return _told(consent.publish_form(current_work(), key=form, document=_plain(document)))


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    told = {"fields" if name == "fields_" else name: value for name, value in document.items()}
    told["items"] = [{**one, "channels": [channel.value for channel in one["channels"]]} for one in told["items"]]
    if "fields" in told:
        told["fields"] = [one.value for one in told["fields"]]
    return told


def _told(form: Form) -> dict[str, object]:
    said = form.document
    document: dict[str, object] = {
        "titles": _words(said.titles),
        "items": [{"purpose": one.purpose, "channels": one.channels} for one in said.items],
        "privacy_notice": said.privacy_notice,
        "fields_": said.fields,
        "frames": said.frames,
        "open": said.open,
    }
    if said.introductions is not None:
        document["introductions"] = _words(said.introductions)
    return {
        "key": form.key,
        "version": form.version,
        "document": document,
        "published_at": form.published_at,
        "published_by": form.published_by,
        "path": f"/subscribe/{form.key}",
    }


def _words(titles: Titles) -> dict[str, str]:
    return {"en": titles.en, "ru": titles.ru, "uk": titles.uk}
