"""What a package tells of what was done with the data: consents, recipients, readers, rules, rights (GDPR Art. 15)."""

from collections.abc import Iterator, Sequence
from typing import Final

from governance.consent.informing import informings_of
from governance.consent.notices import notice_words
from governance.consent.whole import Said, grants_of, said_by, standing_of, suppressed
from governance.customers.codes import ContactKind
from governance.customers.whole import Cell, Row, latest_purchase, marks_of, rows_of
from governance.disclosures.operations import recipients_of
from governance.policies import shipped
from governance.policies.classification import Compartment
from governance.policies.consent_state import Standing
from governance.policies.erasure import CompartmentFacts, Fate, plan
from governance.policies.purposes import Purpose
from governance.policies.retention import Clock, RetentionPolicy
from governance.reference.recipients import Recipient, recipients
from governance.reference.safeguards import safeguards
from governance.rights.packages.dealings import messages, requests, segments
from governance.rights.packages.gathering import (
    Gathered,
    Section,
    category_titles,
    purpose_titles,
    rule_titles,
    section,
    streamed,
)
from governance.rights.packages.naming import named_to
from governance.rights.packages.records import PackageKind
from governance.rights.packages.sights import sights_of

TABLES: Final = ("person", "contact", "purchase", "interaction", "activity")
"""Tables whose categories a package speaks of."""
COMPARTMENTS: Final = (
    *(Compartment.PROFILE, Compartment.CONTACT, Compartment.BEHAVIOUR, Compartment.FINANCE, Compartment.EVIDENCE),
)
_ENDED: Final = (Standing.WITHDRAWN, Standing.REFUSED, Standing.OBJECTED, Standing.EXPIRED)
_ABROAD: Final = ("name", "kind", "country", "purposes", "fields", "safeguard", "citation")
_RIGHTS: Final = ("rectify", "erase", "restrict", "object", "port", "complain")
_LOGIC: Final = ("check", "merge", "segment", "none")


def consents(found: Gathered) -> Iterator[Section]:
    """What the person said, where it stands, and the words that it was said to."""
    said = said_by(found.work, person=found.person)
    yield _standing(found, said)
    columns: tuple[str, ...] = ("recorded_at", "valid_at", "purpose", "channel", "kind", "method", "notice", "language")
    if found.kind is PackageKind.ACCESS:
        columns = (*columns, "evidence")
    yield section("said", columns, map(_event, said), codes=purpose_titles(found))
    if found.kind is PackageKind.ACCESS:
        yield _notices(found, said)


def circumstances(found: Gathered) -> Iterator[Section]:
    """All else that an answer to a request of access tells."""
    yield _informed(found)
    yield _suppressions(found)
    yield categories(found)
    yield from _recipients(found)
    subjects = [one.ref for one in found.records]
    roles = {key: found.words.of(one.titles) for key, one in shipped.roles().roles.items()}
    named = named_to(found.work, [one.id for one in found.records])
    sights = sights_of(found.work, subjects=subjects, named=named)
    yield streamed(
        "sights", ("at", "act", "role", "reader", "purpose", "fields"), sights, codes=roles | purpose_titles(found)
    )
    yield requests(found)
    yield messages(found)
    yield _rules(found)
    yield _remains(found)
    texts = found.words.texts
    logic: list[Row] = [{"logic": texts[f"logic_{one}"], "told": texts[f"logic_{one}_told"]} for one in _LOGIC]
    yield section("logic", ("logic", "told"), logic)
    yield segments(found)
    told: list[Row] = [{"right": texts[f"right_{one}"], "told": texts[f"right_{one}_told"]} for one in _RIGHTS]
    if found.controller.authority:
        told.append({"right": found.words.codes["authority"], "told": found.controller.authority})
    yield section("rights", ("right", "told"), told)


def _event(one: Said) -> Row:
    return {
        "recorded_at": one.recorded_at,
        "valid_at": one.valid_at,
        "purpose": one.purpose,
        "channel": one.channel,
        "kind": one.kind,
        "method": one.method,
        "notice": one.notice,
        "language": one.language,
        "evidence": one.evidence,
    }


def _standing(found: Gathered, said: Sequence[Said]) -> Section:
    granted = grants_of(said)
    rows: list[Row] = []
    for one in standing_of(found.work, person=found.person):
        state = one.state
        given = granted.get((one.purpose, one.channel))
        clocks = {
            Clock.CONSENT_GIVEN: given,
            Clock.CONSENT_WITHDRAWN: state.since if state.standing in _ENDED else None,
            Clock.CONSENT_LAST_USED: max(filter(None, (given, one.last_used_at)), default=None),
        }
        until = found.keeping.until("consent_event", Compartment.EVIDENCE, clocks, code=one.channel.value)
        rows.append(
            {
                "purpose": one.purpose,
                "channel": one.channel.value,
                "standing": state.standing.value,
                "since": state.since,
                "valid_until": one.valid_until,
                "last_used_at": one.last_used_at,
                "kept_until": until.day,
                "rule": until.rule,
            }
        )
    columns: tuple[str, ...]
    columns = ("purpose", "channel", "standing", "since", "valid_until", "last_used_at", "kept_until", "rule")
    if found.kind is PackageKind.PORTABILITY:
        columns = ("purpose", "channel", "standing", "since", "valid_until")
    return section("consents", columns, rows, codes=purpose_titles(found) | rule_titles(found))


def _notices(found: Gathered, said: list[Said]) -> Section:
    wanted = {(one.purpose, one.notice, one.language) for one in said if one.notice is not None}
    kept = notice_words(found.work, {(purpose, version) for purpose, version, _ in wanted})
    rows: list[Row] = []
    for (purpose, version), notice in sorted(kept.items()):
        shown = {language for key, number, language in wanted if (key, number) == (purpose, version)}
        for language, text in notice.texts.items():
            if language in shown or None in shown or not shown & notice.texts.keys():
                rows.append(
                    {
                        "purpose": purpose,
                        "version": version,
                        "language": language,
                        "title": text.title,
                        "body": text.body,
                    }
                )
    return section("notices", ("purpose", "version", "language", "title", "body"), rows, codes=purpose_titles(found))


def _informed(found: Gathered) -> Section:
    told = informings_of(found.work, [found.person], until=found.work.now)
    rows: list[Row] = [
        {
            "at": one.at,
            "notice": one.notice,
            "version": one.version,
            "language": one.language,
            "method": one.method.value,
        }
        for one in told
    ]
    return section("informed", ("at", "notice", "version", "language", "method"), rows)


def _suppressions(found: Gathered) -> Section:
    contacts: list[tuple[ContactKind, str]] = [
        (ContactKind(str(row["kind"])), row["value"])
        for block in rows_of(found.work, person=found.person, table="contact")
        for _, row in block
        if isinstance(row["value"], str)
    ]
    rows: list[Row] = [
        {
            "contact": contacts[place][1],
            "channel": line.channel.value,
            "scope": line.scope.value,
            "purpose": line.purpose,
            "reason": line.reason.value,
            "at": line.at,
            "lifted_at": line.lifted_at,
        }
        for place, lines in suppressed(found.work, contacts=contacts).items()
        for line in lines
    ]
    columns = ("contact", "channel", "scope", "purpose", "reason", "at", "lifted_at")
    return section("suppressions", columns, rows, codes=purpose_titles(found))


def categories(found: Gathered) -> Section:
    """By category of data: which purposes use it, and on what grounds in the controller's and the person's country."""
    tables = [shipped.catalogue().tables[name] for name in TABLES]
    fields = [one for table in tables for one in table.fields.values()]
    used = {one.category for field in fields for one in (field, *field.variants.values())}
    used |= {one.category for table in tables for one in table.readable.values() if one.category is not None}
    places = {found.controller.country, *(one.values.get("country") for one in found.records)}
    rows: list[Row] = []
    for category in sorted(used):
        purposes = [one for one in found.purposes.purposes.values() if _covers(one, category)]
        grounds = dict.fromkeys(ground for one in purposes for ground in _grounds(found, one, places))
        rows.append({"category": category, "purposes": [one.key for one in purposes], "grounds": [*grounds]})
    codes = category_titles(found) | purpose_titles(found)
    return section("categories", ("category", "purposes", "grounds"), rows, codes=codes)


def _covers(purpose: Purpose, category: str) -> bool:
    return any(category == one or category.startswith(f"{one}.") for one in purpose.categories)


def _grounds(found: Gathered, purpose: Purpose, places: set[Cell]) -> list[str]:
    jurisdictions = found.purposes.jurisdictions
    return [
        basis.citation for basis, _ in purpose.bases if jurisdictions[basis.jurisdiction].countries.intersection(places)
    ]


def _recipients(found: Gathered) -> Iterator[Section]:
    titles = {key: found.words.of(one.titles) for key, one in safeguards().items()} | purpose_titles(found)
    told: list[Row] = [
        {**_recipient(one.recipient), "at": one.at, "purpose": one.purpose, "fields": list(one.fields)}
        for one in recipients_of(found.work, person=found.person)
    ]
    columns = ("at", "name", "kind", "country", "purpose", "fields", "safeguard", "citation")
    yield section("recipients", columns, told, codes=titles)
    standing = [_recipient(one) for one in recipients(found.work)]
    yield section("possible_recipients", _ABROAD, standing, codes=titles)


def _recipient(one: Recipient) -> Row:
    safeguard = safeguards().get(one.safeguard)
    return {
        "name": one.name,
        "kind": one.kind.value,
        "country": one.country,
        "purposes": list(one.purposes),
        "fields": list(one.fields),
        "safeguard": one.safeguard,
        "citation": None if safeguard is None else safeguard.citation,
    }


def _rules(found: Gathered) -> Section:
    rows = [_rule(found, one) for one in found.keeping.rules.values()]
    columns = ("rule", "period", "clock", "anchor", "citation", "minimum", "minimum_citation", "in_force")
    return section("rules", columns, rows, codes=rule_titles(found))


def _rule(found: Gathered, one: RetentionPolicy) -> Row:
    least = one.minimum
    return {
        "rule": one.key,
        "period": str(one.keep),
        "clock": one.clock.value,
        "anchor": one.anchor.value,
        "citation": one.citation,
        "minimum": None if least is None else str(least.keep),
        "minimum_citation": None if least is None else least.citation,
        "in_force": found.keeping.in_force,
    }


def _remains(found: Gathered) -> Section:
    """What would stay if the person asked to be erased now."""
    bought = latest_purchase(found.work, person=found.person)
    least = found.keeping.minimums("purchase", {Clock.PURCHASE_PAID: bought})
    held = {
        compartment
        for one in marks_of(found.work, person=found.person)["holds"]
        if one["released_at"] is None and isinstance(one["compartments"], list)
        for compartment in one["compartments"]
    }
    facts = [
        CompartmentFacts(
            one,
            requested=True,
            holds=("hold",) if one.value in held else (),
            minimums=tuple(least) if one is Compartment.FINANCE else (),
            empty=one is Compartment.FINANCE and bought is None,
        )
        for one in COMPARTMENTS
    ]
    steps = plan(facts, on=found.work.now.astimezone(found.keeping.zone).date())
    rows: list[Row] = [
        {
            "compartment": one.compartment.value,
            "fate": _fate(one.compartment, one.fate),
            "until": one.until,
            "citation": one.citation or ("GDPR Art. 17(3)(e)" if one.compartment is Compartment.EVIDENCE else None),
        }
        for one in steps
    ]
    return section("remains", ("compartment", "fate", "until", "citation"), rows)


def _fate(compartment: Compartment, fate: Fate) -> str:
    """Proof of what was agreed to and refused is kept for the defence of claims, by the rule for it."""
    return Fate.STAY.value if compartment is Compartment.EVIDENCE and fate is Fate.DELETE else fate.value
