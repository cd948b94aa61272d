"""What stands in a package of the person themselves; `circumstances` tells what was done with it all."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from governance.customers.codes import NOT_FROM_THE_PERSON
from governance.customers.records import SEALED_FIELDS
from governance.customers.whole import Cell, Record, Row, extras_of, marks_of, rows_of
from governance.policies import shipped
from governance.policies.classification import Compartment
from governance.policies.retention import Clock
from governance.rights.packages.circumstances import circumstances, consents
from governance.rights.packages.gathering import (
    Gathered,
    Section,
    category_titles,
    instant_of,
    moment,
    rule_titles,
    section,
    streamed,
)
from governance.rights.packages.records import PackageKind

NOT_GIVEN: Final = ("note", "source_note", "tags")
"""What of a person's fields the controller wrote."""
GIVEN_PLAIN: Final = ("language", "country", "customer_since")
PERSONAL: Final = "user"
_BOTH: Final = ("about", "person", "extras", "contacts", "purchases")
SECTIONS: Final[Mapping[PackageKind, tuple[str, ...]]] = {
    PackageKind.ACCESS: (
        *_BOTH,
        *("interactions", "activity", "consents", "said", "notices", "links", "restrictions", "holds", "merges"),
        *("informed", "suppressions", "categories", "recipients", "possible_recipients", "sights", "requests"),
        *("messages", "rules", "remains", "logic", "segments", "rights"),
    ),
    PackageKind.PORTABILITY: (*_BOTH, "activity", "consents", "said"),
}
"""Keys of the sections of a package, in their order."""
_OFFICER: Final = ("name", "email", "phone")


def sections_of(found: Gathered) -> Iterator[Section]:
    """The sections of a package, in their order; rows are read as they are asked for."""
    yield _about(found)
    yield _person(found)
    yield _extras(found)
    yield _contacts(found)
    yield _purchases(found)
    if found.kind is PackageKind.ACCESS:
        yield _interactions(found)
    yield _activity(found)
    yield from consents(found)
    if found.kind is PackageKind.ACCESS:
        yield from _marks(found)
        yield from circumstances(found)


def _about(found: Gathered) -> Section:
    whose = found.controller
    told: dict[str, Cell] = {
        "legal_name": whose.legal_name,
        "registration": whose.registration,
        "address": whose.address,
        "country": whose.country,
        "authority": whose.authority,
    }
    if whose.officer is not None:
        told |= {f"officer_{name}": getattr(whose.officer, name) for name in _OFFICER}
    told["reference"] = str(found.records[0].ref)
    rows: list[Row] = [{"item": item, "told": said} for item, said in told.items() if said]
    return section("about", ("item", "told"), rows)


def _person(found: Gathered) -> Section:
    records = list(found.records)
    if found.kind is PackageKind.PORTABILITY:
        records = [one for one in records if one.values.get("source") not in NOT_FROM_THE_PERSON]
    rows = [row for number, one in enumerate(records, 1) for row in _values(found, number, one)]
    columns: tuple[str, ...]
    columns = ("record", "field", "value", "category", "source", "ground", "kept_until", "rule")
    if found.kind is PackageKind.PORTABILITY:
        columns = ("record", "field", "value")
    return section("person", columns, rows, codes=_field_titles(found))


def _values(found: Gathered, number: int, record: Record) -> Iterator[Row]:
    table = shipped.catalogue().tables["person"]
    categories = {name: one.category for name, one in table.fields.items()}
    categories |= {name: one.category or PERSONAL for name, one in table.readable.items()}
    given = found.kind is PackageKind.PORTABILITY
    for name, value in record.values.items():
        if (given and name in NOT_GIVEN) or (given and name not in (*SEALED_FIELDS, *GIVEN_PLAIN)):
            continue
        until = found.keeping.until("person", Compartment.PROFILE, {}, field=name)
        yield {
            "record": number,
            "field": name,
            "value": found.told(record.id, name, value),
            "category": categories[name],
            "source": record.values.get("source"),
            "ground": record.values.get("ground"),
            "kept_until": until.day,
            "rule": until.rule,
        }


def _field_titles(found: Gathered) -> dict[str, str]:
    fields = shipped.catalogue().tables["person"].fields
    told = {name: found.words.of(one.titles) for name, one in fields.items()}
    return told | rule_titles(found) | category_titles(found)


def _extras(found: Gathered) -> Section:
    rows: list[Row] = []
    titles: dict[str, str] = {}
    for one in extras_of(found.work, person=found.person):
        until = found.keeping.until("extra_value", one.field.compartment, {Clock.CREATED: one.updated_at})
        titles[one.field.key] = found.words.of(one.field.labels) or one.field.labels.en
        rows.append(
            {
                "field": one.field.key,
                "value": one.value,
                "category": one.field.category,
                "updated_at": one.updated_at,
                "kept_until": until.day,
                "rule": until.rule,
            }
        )
    columns = ("field", "value", "category", "updated_at", "kept_until", "rule")
    return section("extras", columns, rows, codes=titles | rule_titles(found) | category_titles(found))


def _contacts(found: Gathered) -> Section:
    def blocks() -> Iterator[Sequence[Row]]:
        for block in rows_of(found.work, person=found.person, table="contact"):
            for _, row in block:
                clocks = {
                    Clock.CONTACT_BOUNCED: instant_of(row["bounced_at"]),
                    Clock.CREATED: instant_of(row["created_at"]),
                }
                until = found.keeping.until("contact", Compartment.CONTACT, clocks, code=str(row["kind"]))
                row |= {"kept_until": until.day, "rule": until.rule}
            yield [row for _, row in block]

    columns = (
        *("kind", "value", "extension", "region", "label", "is_primary", "is_login", "verified_at", "bounced_at"),
        *("opt_out_offered_at", "created_at", "kept_until", "rule"),
    )
    return streamed("contacts", columns, blocks(), codes=rule_titles(found))


def _purchases(found: Gathered) -> Section:
    def blocks() -> Iterator[Sequence[Row]]:
        for block in rows_of(found.work, person=found.person, table="purchase"):
            for row_id, row in block:
                until = found.keeping.until(
                    "purchase", Compartment.FINANCE, {Clock.PURCHASE_PAID: instant_of(row["paid_at"])}
                )
                row["paid_at"] = moment(row["paid_at"], row["whole_day"], found.keeping)
                row["note"] = found.told(row_id, "note", row["note"])
                row |= {"kept_until": until.day, "rule": until.rule}
            yield [row for _, row in block]

    columns: tuple[str, ...]
    columns = ("paid_at", "number", "total", "currency", "items", "buyer", "note", "kept_until", "rule")
    if found.kind is PackageKind.PORTABILITY:
        columns = ("paid_at", "number", "total", "currency", "items", "buyer")
    return streamed("purchases", columns, blocks(), codes=_field_titles(found))


def _interactions(found: Gathered) -> Section:
    def blocks() -> Iterator[Sequence[Row]]:
        for block in rows_of(found.work, person=found.person, table="interaction"):
            for row_id, row in block:
                clocks, code = {Clock.INTERACTION_AT: instant_of(row["at"])}, str(row["kind"])
                until = found.keeping.until("interaction", Compartment.BEHAVIOUR, clocks, code=code)
                note = found.keeping.until("interaction", Compartment.BEHAVIOUR, clocks, code=code, field="note")
                row["at"] = moment(row["at"], row["whole_day"], found.keeping)
                row |= {name: found.told(row_id, name, row[name]) for name in ("note", "result")}
                row |= {
                    "kept_until": until.day,
                    "rule": until.rule,
                    "note_kept_until": note.day if row["note"] else None,
                }
            yield [row for _, row in block]

    columns = (
        *("at", "kind", "seconds", "result", "note", "next_contact_at", "kept_until", "note_kept_until", "rule"),
    )
    return streamed("interactions", columns, blocks(), codes=rule_titles(found))


def _activity(found: Gathered) -> Section:
    def blocks() -> Iterator[Sequence[Row]]:
        for block in rows_of(found.work, person=found.person, table="activity"):
            for _, row in block:
                until = found.keeping.until(
                    "activity",
                    Compartment.BEHAVIOUR,
                    {Clock.ACTIVITY_AT: instant_of(row["at"])},
                    code=str(row["kind"]),
                )
                row |= {"kept_until": until.day, "rule": until.rule}
            yield [row for _, row in block]

    given = found.kind is PackageKind.PORTABILITY
    columns = ("at", "kind", "detail") if given else ("at", "kind", "detail", "kept_until", "rule")
    return streamed("activity", columns, blocks(), codes=rule_titles(found))


def _marks(found: Gathered) -> Iterator[Section]:
    marks = marks_of(found.work, person=found.person)
    for key, columns in (
        ("links", ("kind", "side", "since", "until")),
        ("restrictions", ("reason", "placed_at", "lifted_at")),
        ("holds", ("compartments", "placed_at", "released_at")),
        ("merges", ("at", "automatic", "undone_at")),
    ):
        yield section(key, columns, marks[key])
