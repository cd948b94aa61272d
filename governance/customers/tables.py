"""What is kept of people. Each row is sealed under the key owner of the person it was made for, and keeps that owner.

A person who is merged into another keeps row and owner; `merged_into` names the survivor, to whom the other rows move.
So the key owners of a person are those of the survivor and of all who were merged into it.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from governance.customers.codes import ContactKind, LinkKind, PersonKind
from governance.customers.extra_column import ExtraColumn
from governance.kernel.db import Base, Id, pk
from governance.policies.ages import AGES
from governance.policies.classification import Compartment
from governance.vault.blind import BlindIndex, normal_email, normal_phone
from governance.vault.kinds import JSON, TEXT
from governance.vault.orm import SealedField, SealedRow

CODE = String(32)
AGE_KNOWN = f"age_at_least IN ({', '.join(map(str, AGES))})"


def _one_of(column: str, codes: type[ContactKind | LinkKind | PersonKind]) -> CheckConstraint:
    listed = ", ".join(f"'{code.value}'" for code in codes)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


class PersonRow(SealedRow, Base):
    """A person. Dates of birth and death are ISO 8601, possibly of reduced precision (`1982-08`, `1982`)."""

    __tablename__ = "person"
    __table_args__ = (
        _one_of("kind", PersonKind),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_iso"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        CheckConstraint("merged_into <> id", name="merged_into_another"),
        CheckConstraint(AGE_KNOWN, name="age_known"),
        Index("ix_person_responsible_id", "responsible_id", "id", postgresql_where=text("responsible_id IS NOT NULL")),
        Index("ix_person_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        Index("ix_person_batch_id", "batch_id", postgresql_where=text("batch_id IS NOT NULL")),
        Index(
            "ix_person_checked",
            "id",
            unique=True,
            postgresql_include=["country", "ground", "age_at_least", "not_mailable", "deceased_at", "merged_into"],
        ),
        Index(
            "ix_person_inform_by",
            "inform_by",
            postgresql_where=text("inform_by IS NOT NULL AND informed_at IS NULL"),
        ),
    )

    subject_ref: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(CODE)
    language: Mapped[str | None] = mapped_column(String(8))
    country: Mapped[str | None] = mapped_column(String(2))
    source: Mapped[str | None] = mapped_column(CODE)
    ground: Mapped[str | None] = mapped_column(CODE)
    acquired_at: Mapped[datetime]
    customer_since: Mapped[date | None]
    inform_by: Mapped[datetime | None]
    informed_at: Mapped[datetime | None]
    not_mailable: Mapped[str | None] = mapped_column(CODE)
    responsible_id: Mapped[UUID | None]
    deceased_at: Mapped[datetime | None]
    age_at_least: Mapped[int | None] = mapped_column(SmallInteger)
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    batch_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    family_name = SealedField(TEXT, Compartment.PROFILE)
    given_name = SealedField(TEXT, Compartment.PROFILE)
    patronymic = SealedField(TEXT, Compartment.PROFILE)
    birth_date = SealedField(TEXT, Compartment.PROFILE)
    sex = SealedField(TEXT, Compartment.PROFILE)
    marital_status = SealedField(TEXT, Compartment.PROFILE)
    profession = SealedField(TEXT, Compartment.PROFILE)
    organisation = SealedField(TEXT, Compartment.PROFILE)
    region = SealedField(TEXT, Compartment.PROFILE)
    city = SealedField(TEXT, Compartment.PROFILE)
    street = SealedField(TEXT, Compartment.PROFILE)
    postcode = SealedField(TEXT, Compartment.PROFILE)
    source_note = SealedField(TEXT, Compartment.PROFILE)
    note = SealedField(TEXT, Compartment.PROFILE)
    tags = SealedField(JSON, Compartment.PROFILE)
    interests = SealedField(JSON, Compartment.PROFILE)
    preferred_payment = SealedField(TEXT, Compartment.PROFILE)
    deceased_on = SealedField(TEXT, Compartment.PROFILE)


class PersonLinkRow(Base):
    """Who acts for whom: the other person is guardian or representative of this one."""

    __tablename__ = "person_link"
    __table_args__ = (
        _one_of("kind", LinkKind),
        CheckConstraint("person_id <> other_id", name="two_people"),
        Index(
            "uq_person_link_standing",
            "person_id",
            "other_id",
            "kind",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
    )

    id: Id = pk()
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(CODE)
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class ContactRow(SealedRow, Base):
    """A way to reach a person. Several people may share one, but only one holds it verified to sign in with."""

    __tablename__ = "contact"
    __table_args__ = (
        _one_of("kind", ContactKind),
        Index(
            "uq_contact_login",
            "value_index",
            unique=True,
            postgresql_where=text("is_login AND verified_at IS NOT NULL"),
        ),
        Index(
            "uq_contact_login_next",
            "value_index_next",
            unique=True,
            postgresql_where=text("is_login AND verified_at IS NOT NULL"),
        ),
        Index("uq_contact_primary", "person_id", "kind", unique=True, postgresql_where=text("is_primary")),
        CheckConstraint("region ~ '^[A-Z]{2}$'", name="region_is_iso"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(CODE)
    region: Mapped[str | None] = mapped_column(String(2))
    label: Mapped[str | None] = mapped_column(CODE)
    is_primary: Mapped[bool]
    is_login: Mapped[bool]
    verified_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    opt_out_offered_at: Mapped[datetime | None]
    batch_id: Mapped[UUID | None]
    created_at: Mapped[datetime]

    value = SealedField(
        TEXT,
        Compartment.CONTACT,
        index_by="kind",
        indexes={
            ContactKind.EMAIL.value: BlindIndex("contact.value/email", normal_email),
            ContactKind.PHONE.value: BlindIndex("contact.value/phone", normal_phone),
            ContactKind.POSTAL.value: BlindIndex("contact.value/postal"),
            ContactKind.MESSENGER.value: BlindIndex("contact.value/messenger"),
            ContactKind.SOCIAL.value: BlindIndex("contact.value/social"),
            ContactKind.CARD.value: BlindIndex("contact.value/card"),
        },
    )
    extension = SealedField(TEXT, Compartment.CONTACT)


class PurchaseRow(SealedRow, Base):
    """A purchase, with the buyer as known at that time: it must prove something when the rest is erased.

    It names no person any more where they were erased and a law wants it kept: `kept` alone reads such rows.
    """

    __tablename__ = "purchase"
    __table_args__ = (
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso"),
        CheckConstraint("abs(total) < 1e14", name="total_is_plausible"),
        Index("ix_purchase_person_id", "person_id", "paid_at", "id"),
        Index("ix_purchase_kept", "paid_at", "id", postgresql_where=text("person_id IS NULL")),
        Index("ix_purchase_batch_id", "batch_id", postgresql_where=text("batch_id IS NOT NULL")),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), nullable=True)
    paid_at: Mapped[datetime]
    whole_day: Mapped[bool]
    total: Mapped[Decimal] = mapped_column(Numeric())
    currency: Mapped[str] = mapped_column(String(3))
    batch_id: Mapped[UUID | None]
    created_at: Mapped[datetime]

    number = SealedField(TEXT, Compartment.FINANCE, index=BlindIndex("purchase.number"))
    items = SealedField(JSON, Compartment.FINANCE)
    buyer = SealedField(JSON, Compartment.FINANCE)
    note = SealedField(TEXT, Compartment.FINANCE)


class InteractionRow(SealedRow, Base):
    """A call, meeting, letter or message between staff and customer."""

    __tablename__ = "interaction"
    __table_args__ = (
        CheckConstraint("seconds >= 0", name="seconds_not_negative"),
        Index("ix_interaction_person_id", "person_id", "at", "id"),
        Index("ix_interaction_batch_id", "batch_id", postgresql_where=text("batch_id IS NOT NULL")),
        Index(
            "ix_interaction_next_contact_at", "next_contact_at", postgresql_where=text("next_contact_at IS NOT NULL")
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(CODE)
    at: Mapped[datetime]
    whole_day: Mapped[bool]
    seconds: Mapped[int | None]
    next_contact_at: Mapped[datetime | None]
    next_whole_day: Mapped[bool]
    staff_id: Mapped[UUID | None]
    batch_id: Mapped[UUID | None]
    created_at: Mapped[datetime]

    result = SealedField(TEXT, Compartment.BEHAVIOUR)
    note = SealedField(TEXT, Compartment.BEHAVIOUR)


class ActivityRow(SealedRow, Base):
    """What a customer did by themselves: a visit, a click, an answer."""

    __tablename__ = "activity"
    __table_args__ = (Index("ix_activity_person_id", "person_id", "at", "id"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(CODE)
    at: Mapped[datetime]
    created_at: Mapped[datetime]

    detail = SealedField(JSON, Compartment.BEHAVIOUR)


class ExtraFieldRow(Base):
    """Definition of an extra field. Key, type, compartment and index never change; the database sees to it."""

    __tablename__ = "extra_field"
    __table_args__ = (UniqueConstraint("key"), CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name="key_is_a_name"))

    id: Id = pk()
    key: Mapped[str] = mapped_column(String(50))
    labels: Mapped[dict[str, Any]] = mapped_column(JSONB)
    type: Mapped[str] = mapped_column(CODE)
    category: Mapped[str] = mapped_column(String(80))
    sensitivity: Mapped[str] = mapped_column(CODE)
    compartment: Mapped[str] = mapped_column(CODE)
    mask: Mapped[str] = mapped_column(CODE)
    indexed: Mapped[bool]
    visibility: Mapped[str] = mapped_column(CODE)
    version: Mapped[int]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class ExtraValueRow(SealedRow, Base):
    """The value of an extra field, in the column of its compartment; of nobody once they were erased, as above."""

    __tablename__ = "extra_value"
    __table_args__ = (
        UniqueConstraint("person_id", "field_id"),
        CheckConstraint(
            "num_nonnulls(profile_sealed, contact_sealed, behaviour_sealed, finance_sealed) = 1", name="one_compartment"
        ),
        *(
            Index(f"ix_extra_value_{name}_index", f"{name}_index", postgresql_where=text(f"{name}_index IS NOT NULL"))
            for name in ("profile", "contact", "behaviour", "finance")
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), nullable=True)
    field_id: Mapped[UUID] = mapped_column(ForeignKey("extra_field.id"), index=True)
    indexed: Mapped[bool]
    batch_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    profile = ExtraColumn(Compartment.PROFILE)
    contact = ExtraColumn(Compartment.CONTACT)
    behaviour = ExtraColumn(Compartment.BEHAVIOUR)
    finance = ExtraColumn(Compartment.FINANCE)


class HoldRow(SealedRow, Base):
    """A legal hold: what lies in these compartments is kept until it is released (GDPR Art. 17(3)(e))."""

    __tablename__ = "person_hold"
    __table_args__ = (
        CheckConstraint("cardinality(compartments) >= 1", name="some_compartment"),
        Index("ix_person_hold_standing", "person_id", postgresql_where=text("released_at IS NULL")),
        Index("ix_person_hold_review_at", "review_at", postgresql_where=text("released_at IS NULL")),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    compartments: Mapped[list[str]] = mapped_column(ARRAY(CODE))
    placed_at: Mapped[datetime]
    placed_by: Mapped[UUID | None]
    review_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[UUID | None]

    reason = SealedField(TEXT, Compartment.EVIDENCE)
    case_ref = SealedField(TEXT, Compartment.EVIDENCE, index=BlindIndex("person_hold.case_ref"))


class RestrictionRow(Base):
    """Processing is restricted: the data are kept and nothing else is done with them (GDPR Art. 18)."""

    __tablename__ = "person_restriction"
    __table_args__ = (
        Index(
            "uq_person_restriction_standing",
            "person_id",
            "reason",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    id: Id = pk()
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    reason: Mapped[str] = mapped_column(CODE)
    placed_at: Mapped[datetime]
    placed_by: Mapped[UUID | None]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[UUID | None]


class EnrichmentRow(SealedRow, Base):
    """What an import changed in a person who was there already, with the values before, so that it can be undone."""

    __tablename__ = "person_enrichment"
    __table_args__ = (UniqueConstraint("batch_id", "person_id"),)

    batch_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    fields: Mapped[list[str]] = mapped_column(ARRAY(String(63)))
    version_after: Mapped[int]
    created_at: Mapped[datetime]

    before = SealedField(JSON, Compartment.PROFILE)


class PersonHistoryRow(Base):
    """What a send check goes by of a person, as it was until an instant. Written by the database itself (0013)."""

    __tablename__ = "person_history"
    __table_args__ = (Index("ix_person_history_person_id", "person_id", "until", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    person_id: Mapped[UUID]
    until: Mapped[datetime]
    country: Mapped[str | None] = mapped_column(String(2))
    ground: Mapped[str | None] = mapped_column(CODE)
    not_mailable: Mapped[str | None] = mapped_column(CODE)
    deceased_at: Mapped[datetime | None]
    age_at_least: Mapped[int | None] = mapped_column(SmallInteger)
    merged_into: Mapped[UUID | None]


class ContactHistoryRow(Base):
    """A contact as it was until an instant, or until it was removed. Written by the database itself (0013).

    The digest is of the version of the blind indexes that was in use then, and is never made anew.
    """

    __tablename__ = "contact_history"
    __table_args__ = (Index("ix_contact_history_contact_id", "contact_id", "until", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    contact_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(CODE)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    is_primary: Mapped[bool]
    opt_out_offered_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    until: Mapped[datetime]


class MergeRow(SealedRow, Base):
    """A person who was merged into another, sealed under the key owner of the one who was merged.

    `before` holds columns of the survivor that the merge filled or made stricter: by name, the values before and after.
    """

    __tablename__ = "person_merge"
    __table_args__ = (
        CheckConstraint("into_id <> other_id", name="two_people"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score_is_percent"),
        Index("uq_person_merge_standing", "other_id", unique=True, postgresql_where=text("undone_at IS NULL")),
        Index(
            "ix_person_merge_unreviewed",
            "id",
            postgresql_where=text("undone_at IS NULL AND reviewed_at IS NULL"),
        ),
    )

    into_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    by_kind: Mapped[str] = mapped_column(CODE)
    by_id: Mapped[UUID | None]
    score: Mapped[int | None] = mapped_column(SmallInteger)
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[UUID | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[UUID | None]

    reason = SealedField(TEXT, Compartment.EVIDENCE)
    before = SealedField(JSON, Compartment.EVIDENCE)


class MoveRow(Base):
    """A row that a merge moved to the survivor, made or closed, in whatever package.

    `mark_before` is of a contact whether it was the primary one, of a pair of duplicates whether it waited.
    """

    __tablename__ = "person_merge_move"

    merge_id: Mapped[UUID] = mapped_column(ForeignKey("person_merge.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(CODE, primary_key=True)
    row_id: Mapped[UUID] = mapped_column(primary_key=True)
    mark_before: Mapped[bool]
