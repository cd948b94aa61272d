"""Staff, their roles, and how they prove who they are; API clients and their keys; proposals; alerts and readings."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.accounts.proposed import Code
from governance.kernel.db import Base, Id, pk
from governance.policies.classification import Compartment
from governance.vault.blind import BlindIndex, normal_email
from governance.vault.kinds import TEXT
from governance.vault.orm import SealedField, SealedRow


class StaffRow(SealedRow, Base):
    """A staff member; stays after leaving, so that history names somebody."""

    __tablename__ = "staff"
    __table_args__ = (
        Index("uq_staff_email_index", "email_index", unique=True),
        Index("uq_staff_email_index_next", "email_index_next", unique=True),
    )

    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    name = SealedField(TEXT, Compartment.OPERATION)
    email = SealedField(TEXT, Compartment.OPERATION, index=BlindIndex("staff.email", normal_email))

    roles: Mapped[list["StaffRoleRow"]] = relationship(
        lazy="selectin", order_by="StaffRoleRow.role", cascade="all, delete-orphan"
    )


class StaffRoleRow(Base):
    """A role that a staff member holds now; who held which when is in the audit log."""

    __tablename__ = "staff_role"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    granted_at: Mapped[datetime]


class CredentialRow(SealedRow, Base):
    """What a staff member signs in with; hash and secret are sealed, so nobody guesses at a stolen table."""

    __tablename__ = "staff_credential"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), unique=True)
    password_set_at: Mapped[datetime]
    factor_set_at: Mapped[datetime]
    factor_confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)

    password = SealedField(TEXT, Compartment.OPERATION)
    secret = SealedField(TEXT, Compartment.OPERATION)


class RecoveryCodeRow(Base):
    """A code that stands in once for the second factor."""

    __tablename__ = "staff_recovery_code"
    __table_args__ = (CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),)

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class InvitationRow(Base):
    """An invitation to set a password and a second factor; spent by doing so."""

    __tablename__ = "staff_invitation"
    __table_args__ = (CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    digest: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SessionRow(Base):
    """A session of a staff member."""

    __tablename__ = "staff_session"
    __table_args__ = (CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    digest: Mapped[bytes]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    confirmed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SavedViewRow(Base):
    """A list that a staff member comes back to."""

    __tablename__ = "staff_view"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    page: Mapped[str] = mapped_column(String(32), primary_key=True)
    filter: Mapped[str] = mapped_column(String(200), primary_key=True)
    saved_at: Mapped[datetime]


class SetupLinkRow(Base):
    """A link by which a store is set up in the browser."""

    __tablename__ = "setup_link"
    __table_args__ = (CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    digest: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class AttemptRow(Base):
    """Failed attempts to sign in, by account, by address, and by both together; under keyed digests."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        CheckConstraint("kind IN ('account', 'address', 'pair')", name="kind_known"),
        CheckConstraint("failures >= 0", name="failures_counted"),
    )

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    failures: Mapped[int]
    tried_at: Mapped[datetime] = mapped_column(index=True)
    blocked_until: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]


class ApiClientRow(Base):
    """A connected system."""

    __tablename__ = "api_client"
    __table_args__ = (
        Index("uq_api_client_name_in_use", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
        CheckConstraint("cardinality(scopes) >= 1", name="some_scope"),
        CheckConstraint("cardinality(purposes) >= 1", name="some_purpose"),
        CheckConstraint("cardinality(channels) >= 1", name="some_channel"),
    )

    id: Id = pk()
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    purposes: Mapped[list[str] | None] = mapped_column(ARRAY(String(50)))
    channels: Mapped[list[str] | None] = mapped_column(ARRAY(String(32)))
    is_test: Mapped[bool]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    keys: Mapped[list["ApiClientKeyRow"]] = relationship(lazy="selectin", order_by="ApiClientKeyRow.created_at")


class ApiClientKeyRow(Base):
    """A key of a connected system; two are in use while it is being rotated."""

    __tablename__ = "api_client_key"
    __table_args__ = (CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("api_client.id"), index=True)
    digest: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class DemonstrationRow(Base):
    """Stands in a store whose people are made up, and in no other."""

    __tablename__ = "demonstration"
    __table_args__ = (CheckConstraint("id = 1", name="one_at_most"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    since: Mapped[datetime]


class ProposalRow(SealedRow, Base):
    """Something that a second person decides. What is proposed never changes; the service may not even try."""

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint(
            "state IN ('open', 'approved', 'refused', 'expired', 'executed', 'failed')", name="state_known"
        ),
        CheckConstraint("jsonb_typeof(payload) = 'object'", name="payload_is_object"),
        CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),
        CheckConstraint("(state IN ('open', 'approved')) = (ended_at IS NULL)", name="ended_where_it_says_so"),
        CheckConstraint(
            "state <> 'approved' OR approved_digest IS NOT NULL AND decided_at IS NOT NULL", name="approved_by_somebody"
        ),
        CheckConstraint(
            "state <> 'executed' OR alone OR approved_digest IS NOT NULL AND decided_at IS NOT NULL",
            name="executed_once_approved",
        ),
        CheckConstraint(
            "approved_digest IS NULL OR (proposed_by_kind, proposed_by) IS DISTINCT FROM (decided_by_kind, decided_by)",
            name="approved_by_another",
        ),
        Index("ix_proposal_pending", "until", postgresql_where=text("state IN ('open', 'approved')")),
        Index("ix_proposal_ended_at", "ended_at", postgresql_where=text("NOT forgotten")),
    )

    own_keys: Mapped[bool]
    kind: Mapped[str] = mapped_column(String(32))
    payload: Mapped[Mapping[str, Code]] = mapped_column(JSONB)
    digest: Mapped[bytes]
    state: Mapped[str] = mapped_column(String(32))
    alone: Mapped[bool]
    proposed_by_kind: Mapped[str] = mapped_column(String(32))
    proposed_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    until: Mapped[datetime]
    deputy_due_at: Mapped[datetime | None]
    approved_digest: Mapped[bytes | None]
    decided_by_kind: Mapped[str | None] = mapped_column(String(32))
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(String(32))
    failure_words: Mapped[str | None] = mapped_column(Text)
    forgotten: Mapped[bool]

    reason = SealedField(TEXT, Compartment.EVIDENCE)
    salt = SealedField(TEXT, Compartment.EVIDENCE)
    answer = SealedField(TEXT, Compartment.EVIDENCE)


class AlertRow(Base):
    """Something that officers should know of. The service may note who saw it, and change nothing else."""

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint("jsonb_typeof(facts) = 'object'", name="facts_is_object"),
        CheckConstraint("(seen_at IS NULL) = (seen_by_kind IS NULL)", name="seen_by_somebody"),
        Index("ix_alert_unseen", "id", postgresql_where=text("seen_at IS NULL")),
    )

    id: Id = pk()
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    facts: Mapped[Mapping[str, object]] = mapped_column(JSONB)
    seen_by_kind: Mapped[str | None] = mapped_column(String(32))
    seen_by: Mapped[UUID | None]
    seen_at: Mapped[datetime | None]


class ReadingRulesRow(Base):
    """How much a member of staff may read in a day, and whether unusual reading is watched."""

    __tablename__ = "reading_rules"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_at_most"),
        CheckConstraint("people_per_day >= 1", name="somebody_a_day"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    people_per_day: Mapped[int]
    watch_unusual: Mapped[bool]
    changed_at: Mapped[datetime]


class ReadingDayRow(Base):
    """How many people a member of staff has seen in the clear on a day, and how many were granted for it."""

    __tablename__ = "reading_day"
    __table_args__ = (
        CheckConstraint("people >= 0", name="people_counted"),
        CheckConstraint("granted >= 1", name="granted_something"),
    )

    staff_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    people: Mapped[int]
    granted: Mapped[int | None]
    refused_told: Mapped[bool]
    unusual_told: Mapped[bool]


class ReadingRow(Base):
    """Whom a member of staff has seen in the clear on a day, so that nobody is counted twice."""

    __tablename__ = "reading"

    staff_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    subject_ref: Mapped[UUID] = mapped_column(primary_key=True)
