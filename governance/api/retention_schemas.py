"""What is said and answered about retention."""

import marshmallow as ma

from governance.api.paging import page_schema
from governance.api.schemas import Instant, Schema, code
from governance.kernel.work import ActorKind
from governance.policies.retention import Anchor, Clock, RetentionAction, TargetKind
from governance.policies.retention_conflicts import ConflictReason
from governance.reference.retention_rules import PolicyState
from governance.retention.operations import RunOrigin, RunState


class PolicyTarget(Schema):
    """What a policy is about."""

    kind = code(TargetKind, required=True)
    name = ma.fields.String(required=True, metadata={"description": "Of the table or log class; empty for people."})
    fields_ = ma.fields.List(ma.fields.String(), required=True, attribute="fields", data_key="fields")


class PolicyDraft(Schema):
    """Policies to be drafted."""

    document = ma.fields.String(
        required=True, metadata={"description": "YAML in the form of `retention.yaml`; see the guide on retention."}
    )


class PolicyShown(Schema):
    """A version of a policy."""

    id = ma.fields.UUID(required=True)
    key = ma.fields.String(required=True, attribute="policy.key")
    version = ma.fields.Integer(required=True, attribute="policy.version")
    state = code(PolicyState, required=True)
    target = ma.fields.Nested(PolicyTarget, required=True, attribute="policy.target")
    clock = code(Clock, required=True, attribute="policy.clock")
    anchor = code(Anchor, required=True, attribute="policy.anchor")
    keep = ma.fields.Function(
        lambda one: str(one.policy.keep), required=True, metadata={"type": "string", "description": "ISO 8601."}
    )
    action = code(RetentionAction, required=True, attribute="policy.action")
    citation = ma.fields.String(required=True, attribute="policy.citation")
    verified = ma.fields.Boolean(required=True, attribute="policy.verified")
    warning_days = ma.fields.Integer(required=True, attribute="policy.warning_days")
    reason = ma.fields.String(
        required=True,
        allow_none=True,
        attribute="policy.reason",
        metadata={"description": "Why entries of the log are kept longer than otherwise."},
    )
    drafted_at = Instant(required=True)
    drafted_by_kind = code(ActorKind, required=True)
    drafted_by = ma.fields.UUID(required=True, allow_none=True)
    simulated_at = Instant(required=True, allow_none=True)
    simulated_people = ma.fields.Integer(required=True, allow_none=True)
    simulated_rows = ma.fields.Integer(required=True, allow_none=True)
    wave_size = ma.fields.Integer(required=True, allow_none=True)
    waves_left = ma.fields.Integer(required=True)
    approved_at = Instant(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)


class PolicyReason(Schema):
    """Why."""

    reason = ma.fields.String(required=True, metadata={"description": "Sealed."})


class FiscalYear(Schema):
    """When the fiscal year begins."""

    begins = ma.fields.String(required=True, metadata={"description": "Month and day: `04-01`."})


class ForecastQuery(Schema):
    """The instant to look at."""

    at = Instant(load_default=None, metadata={"description": "Now where left out; nothing is taken down otherwise."})


class RetentionMonth(Schema):
    """What comes due in a month."""

    month = ma.fields.Date(required=True)
    people = ma.fields.Integer(required=True)
    rows = ma.fields.Integer(required=True)


class PolicyForecastShown(Schema):
    """What a policy would remove."""

    key = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    action = code(RetentionAction, required=True)
    cutoff = Instant(required=True, metadata={"description": "What has its clock strictly before this is due."})
    carried_out = ma.fields.Boolean(required=True)
    people = ma.fields.Integer(required=True)
    rows = ma.fields.Integer(required=True)
    emptied = ma.fields.Integer(required=True, attribute="fields", metadata={"description": "Values emptied."})
    consents = ma.fields.Integer(required=True, metadata={"description": "That stand, and would lapse."})
    invoices = ma.fields.Integer(required=True, metadata={"description": "Purchases that a law keeps."})
    held = ma.fields.Integer(required=True)
    restricted = ma.fields.Integer(required=True)
    curve = ma.fields.List(ma.fields.Nested(RetentionMonth), required=True)


class PolicyConflict(Schema):
    """Something that makes no sense about policies in force."""

    reason = code(ConflictReason, required=True)
    policy = ma.fields.String(required=True)
    other = ma.fields.String(required=True)
    citation = ma.fields.String(required=True)


class ForecastShown(Schema):
    """What all policies would remove at an instant."""

    at = Instant(required=True)
    store_people = ma.fields.Integer(required=True)
    due_people = ma.fields.Integer(required=True)
    fuse_people = ma.fields.Integer(required=True, metadata={"description": "More than this have to be approved."})
    policies = ma.fields.List(ma.fields.Nested(PolicyForecastShown), required=True)
    conflicts = ma.fields.List(ma.fields.Nested(PolicyConflict), required=True)


class RetentionRunNew(Schema):
    """A run to be begun."""

    policies = ma.fields.List(
        ma.fields.String(), load_default=None, metadata={"description": "Keys; all in force where left out."}
    )


class RetentionRunPart(Schema):
    """What a run did by a policy."""

    policy = ma.fields.UUID(required=True)
    key = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    is_done = ma.fields.Boolean(required=True)
    due_people = ma.fields.Integer(required=True)
    due_rows = ma.fields.Integer(required=True)
    at_most = ma.fields.Integer(required=True, allow_none=True)
    people = ma.fields.Integer(required=True)
    rows = ma.fields.Integer(required=True)
    batches = ma.fields.Integer(required=True)
    failed = ma.fields.Integer(required=True)
    left_over = ma.fields.Integer(required=True)


class RetentionRunShown(Schema):
    """A run."""

    id = ma.fields.UUID(required=True)
    origin = code(RunOrigin, required=True)
    state = code(RunState, required=True)
    at = Instant(required=True, metadata={"description": "The instant that decides what is due."})
    started_at = Instant(required=True)
    started_by_kind = code(ActorKind, required=True)
    started_by = ma.fields.UUID(required=True, allow_none=True)
    store_people = ma.fields.Integer(required=True)
    due_people = ma.fields.Integer(required=True)
    finished_at = Instant(required=True, allow_none=True)
    parts = ma.fields.List(ma.fields.Nested(RetentionRunPart), required=True)


class RetentionFailure(Schema):
    """Something that a run could not remove."""

    policy = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    object = ma.fields.UUID(
        required=True, metadata={"description": "Id of the row or person; of the policy where nothing could begin."}
    )
    slug = ma.fields.String(required=True, metadata={"description": "What hindered it."})
    attempts = ma.fields.Integer(required=True, metadata={"description": "How often runs of this version have tried."})
    at = Instant(required=True)


class HappenedShown(Schema):
    """How often something of a kind happened in a month."""

    kind = ma.fields.String(required=True)
    code = ma.fields.String(required=True, metadata={"description": "Currency of purchases, else the kind of it."})
    country = ma.fields.String(required=True, allow_none=True)
    month = ma.fields.Date(required=True)
    rows = ma.fields.Integer(required=True)
    total = ma.fields.Decimal(required=True, allow_none=True, as_string=True)


HappenedPage = page_schema(HappenedShown, "RetentionStatisticsPage")
PolicyPage = page_schema(PolicyShown, "RetentionPolicyPage")
FailurePage = page_schema(RetentionFailure, "RetentionFailurePage")
RunPage = page_schema(RetentionRunShown, "RetentionRunPage")
