"""Purposes: what data is used for, by which channels, on which grounds; versions that a controller publishes."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import marshmallow as ma
from flask.views import MethodView

from governance.api.answers import location
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.schemas import Instant, Schema
from governance.api.service import current_work
from governance.consent import operations as consent
from governance.consent.operations import PurposeVersion
from governance.policies.permissions import Permission

blueprint = Blueprint("purposes", __name__, description="Purposes of processing, with their lawful grounds.")

_FORM = (
    "As a purpose stands in purposes.yaml: titles and descriptions in en, ru and uk, channels, advertising, "
    "categories, bases with the channels that each holds for; optional third_parties, own_goods, double_opt_in, "
    "valid_for, sale_within, minimum_age."
)


class PurposeTitles(Schema):
    """Words in the languages that are shipped."""

    en = ma.fields.String(required=True)
    ru = ma.fields.String(required=True)
    uk = ma.fields.String(required=True)


class PurposeBasis(Schema):
    """A lawful ground in one jurisdiction, with the channels that it holds for."""

    key = ma.fields.String(required=True)
    ground = ma.fields.String(required=True)
    jurisdiction = ma.fields.String(required=True)
    citation = ma.fields.String(required=True)
    verified = ma.fields.Boolean(
        required=True, metadata={"description": "Whether the citation was compared with a published text."}
    )
    channels = ma.fields.List(ma.fields.String(), required=True)


class PurposeNew(Schema):
    """A version of a purpose, to be published."""

    key = ma.fields.String(required=True, metadata={"description": "Of a shipped purpose, or one of your own."})
    document = ma.fields.Dict(keys=ma.fields.String(), required=True, metadata={"description": _FORM})
    effective_from = Instant(
        load_default=None, allow_none=True, metadata={"description": "Since when it rules; left out: now."}
    )


class PurposeShown(Schema):
    """A purpose in one version."""

    key = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True, metadata={"description": "0 as shipped, then 1, 2, 3."})
    titles = ma.fields.Nested(PurposeTitles, required=True)
    descriptions = ma.fields.Nested(PurposeTitles, required=True)
    channels = ma.fields.List(ma.fields.String(), required=True)
    advertising = ma.fields.Boolean(required=True)
    third_parties = ma.fields.Boolean(required=True)
    own_goods = ma.fields.Boolean(required=True)
    double_opt_in = ma.fields.List(ma.fields.String(), required=True)
    categories = ma.fields.List(ma.fields.String(), required=True)
    valid_for = ma.fields.String(required=True, allow_none=True)
    sale_within = ma.fields.String(required=True, allow_none=True)
    minimum_age = ma.fields.Integer(required=True, allow_none=True)
    bases = ma.fields.List(ma.fields.Nested(PurposeBasis), required=True)
    effective_from = Instant(required=True, allow_none=True)
    published_at = Instant(required=True, allow_none=True)


class PurposeList(Schema):
    """Purposes."""

    items = ma.fields.List(ma.fields.Nested(PurposeShown), required=True)


class _Items(TypedDict):
    items: Sequence[Mapping[str, object]]


@blueprint.route("/consent/purposes")
class Purposes(MethodView):
    """Purposes."""

    @guarded(Permission.CONSENT_READ)
    @blueprint.response(200, PurposeList)
    def get(self) -> _Items:
        """List the purposes in force."""
        return {"items": [_shown(one) for one in consent.purposes(current_work())]}

    @guarded(Permission.CONSENT_CONFIGURE)
    @blueprint.arguments(PurposeNew)
    @blueprint.response(201, PurposeShown)
    def post(self, new: Mapping[str, Any]) -> tuple[Mapping[str, object], int, dict[str, str]]:
        """Publish a version of a purpose, or a purpose of your own; it is never changed after that."""
        made = consent.publish_purpose(
            current_work(), key=new["key"], document=new["document"], effective_from=new["effective_from"]
        )
        return _shown(made), 201, location(made.purpose.key)


@blueprint.route("/consent/purposes/<purpose>")
class OnePurpose(MethodView):
    """A purpose."""

    @guarded(Permission.CONSENT_READ)
    @blueprint.response(200, PurposeList)
    def get(self, purpose: str) -> _Items:
        """List all versions of a purpose, the shipped one and those that begin later included."""
        return {"items": [_shown(one) for one in consent.purpose_versions(current_work(), key=purpose)]}


def _shown(one: PurposeVersion) -> Mapping[str, object]:
    purpose = one.purpose
    return {
        "key": purpose.key,
        "version": one.version,
        "titles": purpose.titles,
        "descriptions": purpose.descriptions,
        "channels": sorted(purpose.channels),
        "advertising": purpose.advertising,
        "third_parties": purpose.third_parties,
        "own_goods": purpose.own_goods,
        "double_opt_in": sorted(purpose.double_opt_in),
        "categories": purpose.categories,
        "valid_for": purpose.valid_for and str(purpose.valid_for),
        "sale_within": purpose.sale_within and str(purpose.sale_within),
        "minimum_age": purpose.minimum_age,
        "bases": [
            {
                "key": basis.key,
                "ground": basis.ground.value,
                "jurisdiction": basis.jurisdiction,
                "citation": basis.citation,
                "verified": basis.verified,
                "channels": sorted(channels),
            }
            for basis, channels in purpose.bases
        ],
        "effective_from": one.effective_from,
        "published_at": one.published_at,
    }
