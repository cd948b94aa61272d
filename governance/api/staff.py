"""Staff: invited, given roles, recovered, and leaving."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.accounts import operations as accounts
from governance.accounts.operations import Invitation, Proposal, SeenReport
from governance.accounts.seen import DAYS, MOST_DAYS, MOST_REVEALS
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.proposals import ProposalShown
from governance.api.schemas import Instant, Schema
from governance.api.service import current_work
from governance.customers import operations as customers
from governance.customers.operations import Leaving
from governance.kernel.ids import StaffId
from governance.policies.permissions import Permission

blueprint = Blueprint("staff", __name__, description="People who work with the store.")


class RoleGrant(Schema):
    """A role to be granted."""

    role = ma.fields.String(required=True, validate=ma.validate.Length(1, 32))
    reason = ma.fields.String(required=True, metadata={"description": "Sealed."})


class StaffNew(Schema):
    """A person to be invited."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    email = ma.fields.String(required=True, validate=ma.validate.Length(3, 254))


class StaffInvited(Schema):
    """A person who was sent an invitation."""

    staff = ma.fields.UUID(required=True)
    expires_at = Instant(required=True)


@blueprint.route("/staff")
class Staff(MethodView):
    """People."""

    @guarded(Permission.ACCOUNTS_INVITE)
    @blueprint.arguments(StaffNew)
    @blueprint.response(201, StaffInvited)
    def post(self, new: Mapping[str, str]) -> Invitation:
        """Add a person without roles, and send an invitation by mail."""
        made = accounts.create_staff(current_work(), name=new["name"], email=new["email"])
        return accounts.invite(current_work(), staff=made.id)


@blueprint.route("/staff/<uuid:member>/invitations")
class StaffInvitations(MethodView):
    """Invitations of a person."""

    @guarded(Permission.ACCOUNTS_INVITE)
    @blueprint.response(201, StaffInvited)
    def post(self, member: UUID) -> Invitation:
        """Send an invitation by mail; an earlier one is taken no more."""
        return accounts.invite(current_work(), staff=StaffId(member))


@blueprint.route("/staff/<uuid:member>/roles")
class StaffRoles(MethodView):
    """Roles of a staff member."""

    @guarded(Permission.ACCOUNTS_GRANT)
    @blueprint.arguments(RoleGrant)
    @blueprint.response(202, ProposalShown)
    def post(self, grant: Mapping[str, str], member: UUID) -> Proposal:
        """Propose to give a staff member a role; it is given once another person has approved it.

        Where nobody else may approve it, it is given at once, and `state` is `executed`.
        """
        return accounts.propose_grant(current_work(), staff=StaffId(member), role=grant["role"], reason=grant["reason"])


@blueprint.route("/staff/<uuid:member>/factor-resets")
class FactorResets(MethodView):
    """Resets of a person's second factor."""

    @guarded(Permission.ACCOUNTS_DEACTIVATE)
    @blueprint.response(201, StaffInvited)
    def post(self, member: UUID) -> Invitation:
        """Reset the lost second factor of another person, whose sessions end, and send an invitation by mail."""
        return accounts.reset_factor(current_work(), staff=StaffId(member))


_days = partial(ma.fields.Integer, load_default=DAYS, validate=ma.validate.Range(1, MOST_DAYS))


class SeenQuery(Schema):
    """How far back to look."""

    days = _days()


class PersonSeenShown(Schema):
    """A person of whom fields were revealed."""

    subject = ma.fields.UUID(required=True, metadata={"description": "Random reference, as the audit log has it."})
    fields_ = ma.fields.List(ma.fields.String(), required=True, data_key="fields", attribute="fields")
    times = ma.fields.Integer(required=True)
    last_at = Instant(required=True)


class FileTakenShown(Schema):
    """A file that was taken out."""

    action = ma.fields.String(required=True)
    object = ma.fields.UUID(required=True, allow_none=True)
    at = Instant(required=True)


class SeenShown(Schema):
    """What somebody has seen in the clear and taken out."""

    staff = ma.fields.UUID(required=True)
    since = Instant(required=True)
    people = ma.fields.List(ma.fields.Nested(PersonSeenShown), required=True)
    cut = ma.fields.Boolean(
        required=True, metadata={"description": f"Whether only the last {MOST_REVEALS} reveals are told of."}
    )
    files = ma.fields.List(ma.fields.Nested(FileTakenShown), required=True)
    readings = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Integer(),
        required=True,
        metadata={"description": "How often each act of reading was done, masked reading included."},
    )


@blueprint.route("/staff/<uuid:member>/seen")
class Seen(MethodView):
    """What was seen."""

    @guarded(Permission.AUDIT_READ)
    @blueprint.arguments(SeenQuery, location="query")
    @blueprint.response(200, SeenShown)
    def get(self, query: Mapping[str, int], member: UUID) -> SeenReport:
        """Read what a member of staff has seen in the clear and taken out, in codes and random references."""
        return accounts.seen_by(current_work(), staff=StaffId(member), days=query["days"])


class Departure(Schema):
    """That somebody leaves."""

    days = _days(metadata={"description": "How far back the report goes."})

    successor = ma.fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "Who is responsible for the clients from now on; nobody where left out."},
    )


class Departed(Schema):
    """What was done."""

    staff = ma.fields.UUID(required=True)
    successor = ma.fields.UUID(required=True, allow_none=True)
    clients_handed = ma.fields.Integer(required=True)
    report = ma.fields.Nested(SeenShown, required=True)


@blueprint.route("/staff/<uuid:member>/departures")
class Departures(MethodView):
    """Departures."""

    @guarded(Permission.ACCOUNTS_DEACTIVATE)
    @blueprint.arguments(Departure)
    @blueprint.response(201, Departed)
    def post(self, departure: Mapping[str, Any], member: UUID) -> Leaving:
        """Let a person leave: access is cut at once, the clients are handed to another, and what was seen is told."""
        successor = departure["successor"]
        return customers.leave(
            current_work(),
            staff=StaffId(member),
            successor=None if successor is None else StaffId(successor),
            days=departure["days"],
        )
