"""People, contacts, purchases, interactions, activity, extra fields, holds and restrictions."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import digest, grant, sealed

revision = "0006"
down_revision: str | None = "0005"

PROFILE = (
    "family_name", "given_name", "patronymic", "birth_date", "sex", "marital_status", "profession", "organisation",
    "region", "city", "street", "postcode", "source_note", "note", "tags", "interests", "preferred_payment",
    "deceased_on",
)  # fmt: skip
IN_COMPARTMENT = ("profile", "contact", "behaviour", "finance")
TABLES = (
    "person_enrichment", "person_restriction", "person_hold", "extra_value", "extra_field", "activity", "interaction",
    "purchase", "contact", "person_link", "person",
)  # fmt: skip
FROZEN = frozenset({"id", "owner_id", "subject_ref", "created_at"})
FROZEN_DEFINITION = FROZEN | {"key", "type", "compartment", "indexed"}


def _at(name: str, *, needed: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not needed)


def _code(name: str, *, needed: bool = False, length: int = 32) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=not needed)


def _mark(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _of_person(name: str = "person_id", *, needed: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), sa.ForeignKey("person.id"), nullable=not needed)


def _table(name: str, *parts: sa.schema.SchemaItem, owned: bool = True, frozen: frozenset[str] = FROZEN) -> None:
    """Make a table of this room; the service may change all but what ties a row to its keys."""
    parts = (sa.Column("id", sa.Uuid(), primary_key=True), *parts)
    if owned:
        parts = (*parts, sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False))
    op.create_table(name, *parts)
    if owned:
        op.create_index(f"ix_{name}_owner_id", name, ["owner_id"])
    columns = [part.name for part in parts if isinstance(part, sa.Column) and part.name not in frozen]
    grant(name, f"SELECT, INSERT, DELETE, UPDATE ({', '.join(columns)})")


def _index(table: str, name: str, columns: list[str], where: str | None = None, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, postgresql_where=None if where is None else sa.text(where))


def upgrade() -> None:
    """What is sealed is checked to look so; what is readable stands in the catalogue with its reason."""
    _people()
    _contacts()
    _events()
    _extra_fields()
    _marks()


def _people() -> None:
    _table(
        "person",
        sa.Column("subject_ref", sa.Uuid(), nullable=False),
        _code("kind", needed=True),
        _code("language", length=8),
        _code("country", length=2),
        _code("source"),
        _code("ground"),
        _at("acquired_at", needed=True),
        sa.Column("customer_since", sa.Date()),
        _at("inform_by"),
        _at("informed_at"),
        _code("not_mailable"),
        sa.Column("responsible_id", sa.Uuid()),
        _at("deceased_at"),
        sa.Column("age_at_least", sa.SmallInteger()),
        _of_person("merged_into", needed=False),
        sa.Column("batch_id", sa.Uuid()),
        sa.Column("version", sa.Integer(), nullable=False),
        _at("created_at", needed=True),
        _at("updated_at", needed=True),
        *sealed("person", *PROFILE),
        sa.UniqueConstraint("subject_ref"),
        sa.CheckConstraint("kind IN ('private', 'organisation_contact')", name="kind_known"),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_iso"),
        sa.CheckConstraint("version >= 1", name="version_counts_from_one"),
        sa.CheckConstraint("merged_into <> id", name="merged_into_another"),
        sa.CheckConstraint("age_at_least IN (0, 13, 14, 16, 18, 21)", name="age_known"),
    )
    _index("person", "ix_person_responsible_id", ["responsible_id", "id"], "responsible_id IS NOT NULL")
    _index("person", "ix_person_merged_into", ["merged_into"], "merged_into IS NOT NULL")
    _index("person", "ix_person_batch_id", ["batch_id"], "batch_id IS NOT NULL")
    checked = ["country", "ground", "age_at_least", "not_mailable", "deceased_at", "merged_into"]
    op.create_index("ix_person_checked", "person", ["id"], unique=True, postgresql_include=checked)
    _index("person", "ix_person_inform_by", ["inform_by"], "inform_by IS NOT NULL AND informed_at IS NULL")
    _table(
        "person_link",
        _of_person(),
        _of_person("other_id"),
        _code("kind", needed=True),
        _at("since", needed=True),
        _at("until"),
        sa.CheckConstraint("kind IN ('guardian', 'representative')", name="kind_known"),
        sa.CheckConstraint("person_id <> other_id", name="two_people"),
        owned=False,
    )
    _index("person_link", "ix_person_link_other_id", ["other_id"])
    standing = ["person_id", "other_id", "kind"]
    _index("person_link", "uq_person_link_standing", standing, "until IS NULL", unique=True)


def _contacts() -> None:
    _table(
        "contact",
        _of_person(),
        _code("kind", needed=True),
        _code("region", length=2),
        _code("label"),
        _mark("is_primary"),
        _mark("is_login"),
        _at("verified_at"),
        _at("bounced_at"),
        _at("opt_out_offered_at"),
        sa.Column("batch_id", sa.Uuid()),
        _at("created_at", needed=True),
        *sealed("contact", "value", "extension"),
        *digest("contact", "value"),
        sa.CheckConstraint("kind IN ('email', 'phone', 'postal', 'messenger', 'social', 'card')", name="kind_known"),
        sa.CheckConstraint("region ~ '^[A-Z]{2}$'", name="region_is_iso"),
    )
    _index("contact", "ix_contact_person_id", ["person_id"])
    # With what a send check wants besides, so that it need not look at the wide rows themselves.
    checked = ["person_id", "id", "opt_out_offered_at"]
    op.create_index("ix_contact_value_index", "contact", ["value_index"], postgresql_include=checked)
    _index("contact", "uq_contact_primary", ["person_id", "kind"], "is_primary", unique=True)
    verified_login = "is_login AND verified_at IS NOT NULL"
    _index("contact", "uq_contact_login", ["value_index"], verified_login, unique=True)
    _index("contact", "uq_contact_login_next", ["value_index_next"], verified_login, unique=True)


def _events() -> None:
    _table(
        "purchase",
        _of_person(),
        _at("paid_at", needed=True),
        _mark("whole_day"),
        sa.Column("total", sa.Numeric(), nullable=False),
        _code("currency", needed=True, length=3),
        sa.Column("batch_id", sa.Uuid()),
        _at("created_at", needed=True),
        *sealed("purchase", "number", "items", "buyer", "note"),
        *digest("purchase", "number"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso"),
        sa.CheckConstraint("abs(total) < 1e14", name="total_is_plausible"),
    )
    _index("purchase", "ix_purchase_number_index", ["number_index"])
    _table(
        "interaction",
        _of_person(),
        _code("kind", needed=True),
        _at("at", needed=True),
        _mark("whole_day"),
        sa.Column("seconds", sa.Integer()),
        _at("next_contact_at"),
        _mark("next_whole_day"),
        sa.Column("staff_id", sa.Uuid()),
        sa.Column("batch_id", sa.Uuid()),
        _at("created_at", needed=True),
        *sealed("interaction", "result", "note"),
        sa.CheckConstraint("seconds >= 0", name="seconds_not_negative"),
    )
    _table(
        "activity",
        _of_person(),
        _code("kind", needed=True),
        _at("at", needed=True),
        _at("created_at", needed=True),
        *sealed("activity", "detail"),
    )
    for table, clock in (("purchase", "paid_at"), ("interaction", "at"), ("activity", "at")):
        _index(table, f"ix_{table}_person_id", ["person_id", clock, "id"])
    for table in ("purchase", "interaction"):
        _index(table, f"ix_{table}_batch_id", ["batch_id"], "batch_id IS NOT NULL")
    _index("interaction", "ix_interaction_next_contact_at", ["next_contact_at"], "next_contact_at IS NOT NULL")


def _extra_fields() -> None:
    _table(
        "extra_field",
        _code("key", needed=True, length=50),
        sa.Column("labels", postgresql.JSONB(), nullable=False),
        _code("type", needed=True),
        _code("category", needed=True, length=80),
        _code("sensitivity", needed=True),
        _code("compartment", needed=True),
        _code("mask", needed=True),
        _mark("indexed"),
        _code("visibility", needed=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _at("created_at", needed=True),
        _at("retired_at"),
        sa.UniqueConstraint("key"),
        sa.CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name="key_is_a_name"),
        owned=False,
        frozen=FROZEN_DEFINITION,
    )
    _table(
        "extra_value",
        _of_person(),
        sa.Column("field_id", sa.Uuid(), sa.ForeignKey("extra_field.id"), nullable=False),
        _mark("indexed"),
        sa.Column("batch_id", sa.Uuid()),
        _at("created_at", needed=True),
        _at("updated_at", needed=True),
        *sealed("extra_value", *IN_COMPARTMENT),
        *digest("extra_value", *IN_COMPARTMENT),
        sa.UniqueConstraint("person_id", "field_id"),
        sa.CheckConstraint(
            "num_nonnulls(profile_sealed, contact_sealed, behaviour_sealed, finance_sealed) = 1", name="one_compartment"
        ),
    )
    _index("extra_value", "ix_extra_value_field_id", ["field_id"])
    for name in IN_COMPARTMENT:
        _index("extra_value", f"ix_extra_value_{name}_index", [f"{name}_index"], f"{name}_index IS NOT NULL")


def _marks() -> None:
    _table(
        "person_hold",
        _of_person(),
        sa.Column("compartments", postgresql.ARRAY(sa.String(32)), nullable=False),
        _at("placed_at", needed=True),
        sa.Column("placed_by", sa.Uuid()),
        _at("review_at", needed=True),
        _at("released_at"),
        sa.Column("released_by", sa.Uuid()),
        *sealed("person_hold", "reason", "case_ref"),
        *digest("person_hold", "case_ref"),
        sa.CheckConstraint("cardinality(compartments) >= 1", name="some_compartment"),
    )
    _index("person_hold", "ix_person_hold_person_id", ["person_id"])
    _index("person_hold", "ix_person_hold_case_ref_index", ["case_ref_index"])
    _index("person_hold", "ix_person_hold_standing", ["person_id"], "released_at IS NULL")
    _index("person_hold", "ix_person_hold_review_at", ["review_at"], "released_at IS NULL")
    _table(
        "person_restriction",
        _of_person(),
        _code("reason", needed=True),
        _at("placed_at", needed=True),
        sa.Column("placed_by", sa.Uuid()),
        _at("lifted_at"),
        sa.Column("lifted_by", sa.Uuid()),
        owned=False,
    )
    _index("person_restriction", "ix_person_restriction_person_id", ["person_id"])
    standing = ["person_id", "reason"]
    _index("person_restriction", "uq_person_restriction_standing", standing, "lifted_at IS NULL", unique=True)
    _table(
        "person_enrichment",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        _of_person(),
        sa.Column("fields", postgresql.ARRAY(sa.String(63)), nullable=False),
        sa.Column("version_after", sa.Integer(), nullable=False),
        _at("created_at", needed=True),
        *sealed("person_enrichment", "before"),
        sa.UniqueConstraint("batch_id", "person_id"),
    )
    _index("person_enrichment", "ix_person_enrichment_person_id", ["person_id"])


def downgrade() -> None:
    """Drop the customers with all that is kept of them."""
    for table in TABLES:
        op.drop_table(table)
