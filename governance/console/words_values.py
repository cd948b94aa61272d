"""What the facts of the log, of alerts and of proposals say, in words; what there are no words for stays a code."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from flask_babel import format_date, format_datetime, gettext
from flask_babel import format_decimal as format_number

from governance.consent import operations as consent
from governance.console import words_codes, words_facts
from governance.console.guard import Visit
from governance.console.words_codes import Words
from governance.kernel.records import frozen
from governance.pages import naming
from governance.pages.languages import language
from governance.policies import shipped
from governance.policies.permissions import Permission
from governance.reference import recipients as reference
from governance.reference.recipients import RecipientId
from governance.reference.times import law_titles

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")


@frozen
class Fact:
    """A fact in words.

    Attributes:
        name: what it is called.
        text: what it says; the code itself where there are no words for it.
        code: as it stands in the entry, where the text says it in words.
        is_code: whether there are no words for it.
    """

    name: str
    text: str
    code: str
    is_code: bool


def facts(visit: Visit, told: Mapping[str, object], known: Mapping[UUID, str], *, action: str = "") -> Sequence[Fact]:
    """The facts of an entry, alert or proposal.

    Args:
        visit: who reads.
        told: by name.
        known: names of staff and of connected systems.
        action: code of the act, by which words for many things, such as kinds, are told apart.
    """
    if not told:
        return []
    said = {**words_codes.by_fact(), **_of_store(visit, known, told)}
    return [_fact(name, value, _words_for(name, action, said)) for name, value in told.items()]


def _words_for(name: str, action: str, said: Mapping[str, Words]) -> Words:
    area = action.partition(":")[0]
    return said.get(f"{area}:{name}") or said.get(name) or {}


def _fact(name: str, value: object, said: Words) -> Fact:
    raw = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = _text(name, value, said)
    if text is None:
        several = [str(one) for one in value] if isinstance(value, list | tuple) else []
        return Fact(words_facts.name_of(name), ", ".join(several) or raw, "", True)
    simple = isinstance(value, bool | int | float) or value is None or value == []
    return Fact(words_facts.name_of(name), text, "" if simple or raw == text else raw, False)


def _text(name: str, value: object, said: Words) -> str | None:
    """The value in words; None where there are none, for a part of it at least."""
    if value is None or value == []:
        return "—"
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if isinstance(value, int | float):
        return str(format_number(value)) if name not in _PLAIN else str(value)
    if isinstance(value, list | tuple):
        parts = [_text(name, one, said) for one in value]
        told = (str(one) if part is None else part for one, part in zip(value, parts, strict=True))
        return ", ".join(told) if any(parts) else None
    if isinstance(value, Mapping):
        return _pairs(value, said)
    return _word(name, str(value), said)


def _pairs(value: Mapping[str, object], said: Words) -> str | None:
    """Counts by code."""
    if not all(isinstance(one, int) and name in said for name, one in value.items()):
        return None
    return "; ".join(f"{said[name]}: {format_number(one)}" for name, one in value.items())


def _word(name: str, value: str, said: Words) -> str | None:
    if value in said:
        return said[value]
    if _INSTANT.fullmatch(value):
        return str(format_datetime(datetime.fromisoformat(value), "medium"))
    if _DAY.fullmatch(value):
        return str(format_date(date.fromisoformat(value), "long"))
    if name == "country":
        return naming.country(value)
    if name == "calendar":
        return naming.calendar(value)
    if name == "currency":
        return naming.currency(value)
    return naming.tongue(value) if name == "language" else None


_PLAIN: Final = frozenset({"version", "year", "layers", "tree", "part"})
"""Numbers that are names: they are not grouped."""


def _of_store(visit: Visit, known: Mapping[UUID, str], told: Mapping[str, object]) -> Mapping[str, Words]:
    """Values that people here gave names to; only what is wanted is looked up."""
    wanted, people = told.keys(), {str(one): name for one, name in known.items()}
    spoken = language()
    found: dict[str, Words] = {
        **dict.fromkeys(("staff", "staff_id", "exporter", "successor", "client", "owner"), people),
        "by": {**words_codes.by_fact()["by"], **people},
    }
    policies = {key: one.titles.get(spoken) for key, one in shipped.retention_policies().items()}
    found |= dict.fromkeys(("policy", "policies"), policies)
    if wanted & {"purpose", "purposes", "key"}:
        purposes = {one.purpose.key: one.purpose.titles.get(spoken) for one in consent.purposes(visit.work)}
        found |= dict.fromkeys(("purpose", "purposes"), purposes)
        found["key"] = {**purposes, **policies}
    if "recipient" in wanted and visit.may(Permission.REFERENCE_READ):
        found["recipient"] = _recipient(visit, str(told["recipient"]))
    if wanted & {"law", "laws"}:
        laws = {key: one.get(spoken) for key, one in law_titles(visit.work).items()}
        found |= dict.fromkeys(("law", "laws"), laws)
    return found


def _recipient(visit: Visit, said: str) -> Words:
    """What a recipient is called, by the key that it is recorded under, or by the id of one of its versions."""
    try:
        version = RecipientId(UUID(said))
    except ValueError:
        return {one.key: one.name for one in reference.recipients(visit.work, retired=True)}
    return {str(one): found.name for one, found in reference.recipients_by_id(visit.work, [version]).items()}
