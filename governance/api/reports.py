"""Reports: who may be written to and why not, and what is known of customers, day by day."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import CursorField, encode_cursor
from governance.api.schemas import Instant as InstantField
from governance.api.schemas import Schema, code
from governance.api.service import current_work
from governance.consent.freshness import Outcome
from governance.intake import operations as intake
from governance.intake.small_counts import FEWER, SOME
from governance.intake.snapshots import MOST_DAYS, MOST_LISTED, Freshness, People, QualityOfDay
from governance.kernel.ids import SubjectId
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel

_HIDDEN: Final = r"^(<5|5\+|>[0-9]+)$"
blueprint = Blueprint("reports", __name__, description="How the customer base stands, in numbers.")


def _counted(name: str, what: str, *, nullable: bool = False) -> ma.fields.Function:
    """A count that is hidden where it is small from those who may not read single consents."""
    told = [{"type": "integer"}, {"type": "string", "pattern": _HIDDEN}]
    return ma.fields.Function(
        attrgetter(name),
        required=True,
        metadata={
            "oneOf": [*told, {"type": "null"}] if nullable else told,
            "description": f"{what} To those who may not read single consents `{FEWER}` if fewer than five, "
            f"`{SOME}` where the number would give such a small one away, `>N` where fewer than five are not meant.",
        },
    )


class FreshnessQuery(Schema):
    """Of which day."""

    day = ma.fields.Date(load_default=None, allow_none=True, metadata={"description": "The newest by default."})


class FreshnessCount(Schema):
    """How many customers, with what may be done and why."""

    purpose = ma.fields.String(required=True)
    channel = code(Channel, required=True)
    outcome = code(
        Outcome,
        required=True,
        metadata={
            "description": "`mailable`; `may_be_asked` for consent by this channel; `ask_elsewhere`: at the till, by "
            "phone when they call, in the portal; `silent`: they are left alone."
        },
    )
    reason = ma.fields.String(required=True, metadata={"description": "As a send check says, or `no_contact`."})
    people = _counted("people", "A number.")


class FreshnessShown(Schema):
    """Who may be written to."""

    day = ma.fields.Date(required=True, metadata={"description": "In UTC."})
    at = InstantField(required=True)
    people = ma.fields.Integer(required=True)
    unverified = _counted("unverified", "Of how many no contact was verified for a year.")
    unreviewed = ma.fields.Integer(required=True, metadata={"description": "Merges that nobody has looked at."})
    counts = ma.fields.List(ma.fields.Nested(FreshnessCount), required=True)


class QualityQuery(Schema):
    """Of how many days."""

    days = ma.fields.Integer(
        load_default=30,
        validate=ma.validate.Range(1, MOST_DAYS),
        metadata={"description": "Days that were counted, the newest first."},
    )


class FieldShown(Schema):
    """Of how many customers a field is known."""

    field = ma.fields.String(required=True, metadata={"description": "Contacts are `contacts.KIND`."})
    filled = _counted("filled", "Of how many it holds something.")
    valid = _counted("valid", "Could be recorded as it is today; a contact that bounced is not.")
    verified = _counted("verified", "By its holder; null where nobody could.", nullable=True)


class QualityShown(Schema):
    """What was known of customers on a day."""

    day = ma.fields.Date(required=True)
    people = ma.fields.Integer(required=True)
    fields_ = ma.fields.List(ma.fields.Nested(FieldShown), required=True, attribute="fields", data_key="fields")


class QualityDays(Schema):
    """The newest first."""

    items = ma.fields.List(ma.fields.Nested(QualityShown), required=True)


class PeoplePage(Schema):
    """Customers by id."""

    items = ma.fields.List(ma.fields.UUID(), required=True)
    next_cursor = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "A page may be empty; go on while this is set."}
    )


class PeopleQuery(Schema):
    """Query of customers, by id."""

    cursor = CursorField(UUID, load_default=None, metadata={"description": "`next_cursor` of the page before."})
    limit = ma.fields.Integer(
        load_default=MOST_LISTED, validate=ma.validate.Range(1, MOST_LISTED), metadata={"description": "On a page."}
    )


class AskableQuery(PeopleQuery):
    """Who may be asked what, and how."""

    purpose = ma.fields.String(required=True, metadata={"description": "Key of the purpose to ask consent to."})
    channel = code(Channel, required=True)


@blueprint.route("/reports/freshness")
class FreshnessReport(MethodView):
    """Who may be written to."""

    @guarded(Permission.REPORTS_READ)
    @blueprint.arguments(FreshnessQuery, location="query")
    @blueprint.response(200, FreshnessShown)
    def get(self, query: Mapping[str, Any]) -> Freshness:
        """How many customers may be written to, may be asked, or are left alone, and why.

        Counted every night and after each import, by the same rules as a send check. Of each purpose and channel the
        counts add up to all customers.
        """
        return intake.freshness_report(current_work(), day=query["day"])


@blueprint.route("/reports/quality")
class QualityReport(MethodView):
    """What is known of customers."""

    @guarded(Permission.REPORTS_READ)
    @blueprint.arguments(QualityQuery, location="query")
    @blueprint.response(200, QualityDays)
    def get(self, query: Mapping[str, Any]) -> dict[str, tuple[QualityOfDay, ...]]:
        """Of how many customers each field is filled, valid and verified, day by day."""
        return {"items": intake.quality_report(current_work(), days=query["days"])}


@blueprint.route("/reports/askable")
class Askable(MethodView):
    """Whom to ask."""

    @guarded(Permission.CUSTOMERS_LIST)
    @blueprint.arguments(AskableQuery, location="query")
    @blueprint.response(200, PeoplePage)
    def get(self, query: Mapping[str, Any]) -> dict[str, object]:
        """List customers who may be asked for consent by a channel, since some other advertising by it is allowed.

        To those who may not read single consents, nobody is named whose reason fewer than five
        shared in the newest count.

        As it stands now. It is no send check: put each message to the check of its own purpose.
        """
        return _page(
            intake.askable_people(
                current_work(),
                purpose=query["purpose"],
                channel=query["channel"],
                after=_after(query),
                limit=query["limit"],
            )
        )


@blueprint.route("/reports/unverified")
class Unverified(MethodView):
    """Whose contacts have grown old."""

    @guarded(Permission.CUSTOMERS_LIST)
    @blueprint.arguments(PeopleQuery, location="query")
    @blueprint.response(200, PeoplePage)
    def get(self, query: Mapping[str, Any]) -> dict[str, object]:
        """List customers who have been here for a year, and of whom no contact was verified as long.

        To those who may not read single consents, nobody is named where the newest count found fewer than five.
        """
        return _page(intake.unverified_people(current_work(), after=_after(query), limit=query["limit"]))


def _after(query: Mapping[str, Any]) -> SubjectId | None:
    return None if query["cursor"] is None else SubjectId(query["cursor"][0])


def _page(found: People) -> dict[str, object]:
    return {
        "items": found.items,
        "next_cursor": None if found.next_after is None else encode_cursor(found.next_after),
    }
