"""The audit log for systems: entries, proofs and checkpoints. What is read here is itself on record."""

import base64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import DEFAULT_LIMIT, LIMIT, Page, page_schema
from governance.api.schemas import Instant, Schema
from governance.api.service import current_work
from governance.audit import operations as log
from governance.audit.notes import Checkpoint, NoteError
from governance.audit.trail import Filter, Placed, Proof
from governance.audit.trees import SignedCheckpoint
from governance.kernel.errors import InvalidError
from governance.kernel.ids import EntryId
from governance.kernel.records import frozen
from governance.policies.permissions import Permission

blueprint = Blueprint("audit", __name__, description="The audit log: entries, and proofs that they are in it.")

CODE = ma.validate.Regexp(r"[a-z0-9:._-]{1,80}\Z", error="A code of lower-case letters, digits and signs.")


class EntryQuery(Schema):
    """What to search by; all that is given must hold."""

    action = ma.fields.String(validate=CODE, metadata={"description": "Code of the act: customers:person:revealed."})
    action_class = ma.fields.String(validate=ma.validate.OneOf(["read", "decision", "key", "system"]))
    actor = ma.fields.UUID(metadata={"description": "Id of the staff member or client."})
    actor_kind = ma.fields.String(validate=ma.validate.OneOf(["staff", "client", "customer", "operator", "system"]))
    subject = ma.fields.UUID(metadata={"description": "Random reference of the person concerned."})
    object_kind = ma.fields.String(validate=CODE)
    object_id = ma.fields.UUID()
    outcome = ma.fields.String(validate=ma.validate.OneOf(["done", "refused", "failed"]))
    since = Instant(metadata={"description": "This instant or later."})
    until = Instant(metadata={"description": "Strictly before this instant."})
    cursor = ma.fields.String(validate=ma.validate.Length(1, 200), load_default=None)
    limit = ma.fields.Integer(load_default=DEFAULT_LIMIT, validate=ma.validate.Range(1, LIMIT))


class EntryObject(Schema):
    """What was acted on."""

    kind = ma.fields.String(required=True)
    id = ma.fields.UUID(required=True)


class AuditEntry(Schema):
    """An entry."""

    id = ma.fields.UUID(required=True, attribute="entry.eid")
    at = Instant(required=True, attribute="entry.at")
    action = ma.fields.String(required=True, attribute="entry.action")
    action_class = ma.fields.String(required=True, attribute="entry.action_class")
    actor = ma.fields.Function(
        lambda placed: {
            "kind": placed.entry.actor_kind,
            "id": None if placed.entry.actor_id is None else str(placed.entry.actor_id),
            "name": placed.entry.actor_name,
        },
        metadata={"type": "object", "description": "Who acted: kind, and id or code name."},
    )
    subject = ma.fields.UUID(required=True, allow_none=True, attribute="entry.subject")
    object = ma.fields.Nested(EntryObject, required=True, allow_none=True, attribute="entry.object")
    outcome = ma.fields.String(required=True, attribute="entry.outcome")
    facts = ma.fields.Dict(required=True, attribute="entry.facts", metadata={"description": "Codes, instants, counts."})
    personal = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.String(),
        required=True,
        attribute="entry.personal",
        metadata={"description": "Keyed digests of personal details, which the entry itself does not hold."},
    )
    tree = ma.fields.Integer(required=True, allow_none=True, attribute="tree_id")
    index = ma.fields.Integer(required=True, allow_none=True, attribute="seq")


AuditEntryPage = page_schema(AuditEntry, "AuditEntryPage")


class InclusionProof(Schema):
    """That an entry is under a checkpoint (RFC 6962, 2.1.1). Bytes are base64."""

    leaf = ma.fields.String(required=True, allow_none=True, metadata={"description": "Bytes of the entry."})
    leaf_hash = ma.fields.String(required=True)
    index = ma.fields.Integer(required=True)
    size = ma.fields.Integer(required=True)
    path = ma.fields.List(ma.fields.String(), required=True)
    root = ma.fields.String(required=True)
    checkpoint = ma.fields.String(required=True, metadata={"description": "Signed note (C2SP), as text."})


class CheckpointKept(Schema):
    """A checkpoint that was kept: its three first lines say all that is asked for."""

    origin = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    size = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(0, 2**53))
    root = ma.fields.String(required=True, validate=ma.validate.Length(44, 44))


class ConsistencyProof(Schema):
    """That the newest checkpoint continues one that was kept (RFC 6962, 2.1.2). Bytes are base64."""

    path = ma.fields.List(ma.fields.String(), required=True)
    checkpoint = ma.fields.String(required=True)


@frozen
class _Told:
    """A proof in the form in which it is sent."""

    leaf: str | None
    leaf_hash: str
    index: int
    size: int
    path: list[str]
    root: str
    checkpoint: str


@blueprint.route("/audit/entries")
class Entries(MethodView):
    """Entries."""

    @guarded(Permission.AUDIT_READ)
    @blueprint.arguments(EntryQuery, location="query")
    @blueprint.response(200, AuditEntryPage)
    def get(self, query: dict[str, Any]) -> Page[Placed]:
        """Search the log, newest first."""
        cursor, limit = query.pop("cursor"), query.pop("limit")
        found = log.search(current_work(), by=Filter(**query), cursor=cursor, limit=limit)
        return Page(found.entries, found.cursor)


@blueprint.route("/audit/entries/<uuid:entry>")
class OneEntry(MethodView):
    """An entry."""

    @guarded(Permission.AUDIT_READ)
    @blueprint.response(200, AuditEntry)
    def get(self, entry: UUID) -> Placed:
        """Read an entry."""
        return log.entry(current_work(), eid=EntryId(entry))


@blueprint.route("/audit/entries/<uuid:entry>/proof")
class EntryProof(MethodView):
    """The proof of an entry."""

    @guarded(Permission.AUDIT_PROVE)
    @blueprint.response(200, InclusionProof)
    def get(self, entry: UUID) -> _Told:
        """Prove that an entry is under the newest checkpoint."""
        return _told(log.inclusion_proof(current_work(), eid=EntryId(entry)))


@blueprint.route("/audit/continuations")
class Continuations(MethodView):
    """Proofs that the log continues what was kept of it."""

    @guarded(Permission.AUDIT_PROVE, changes=False)
    @blueprint.arguments(CheckpointKept)
    @blueprint.response(200, ConsistencyProof)
    def post(self, kept: Mapping[str, Any]) -> Mapping[str, object]:
        """Prove that the newest checkpoint continues the one that you kept."""
        signed, path = log.consistency_proof(current_work(), first=_checkpoint(kept))
        return _continuation(signed, path)


def _checkpoint(kept: Mapping[str, Any]) -> Checkpoint:
    try:
        return Checkpoint.parse_text(f"{kept['origin']}\n{kept['size']}\n{kept['root']}\n")
    except (NoteError, ValueError):
        raise InvalidError("This is no checkpoint; send its first three lines.") from None


def _continuation(signed: SignedCheckpoint, path: list[bytes]) -> Mapping[str, object]:
    return {"path": [_base64(one) for one in path], "checkpoint": signed.note.decode()}


def _told(proof: Proof) -> _Told:
    return _Told(
        leaf=None if proof.leaf is None else _base64(proof.leaf),
        leaf_hash=_base64(proof.leaf_hash),
        index=proof.index,
        size=proof.size,
        path=[_base64(one) for one in proof.path],
        root=_base64(proof.root),
        checkpoint=proof.checkpoint.decode(),
    )


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
