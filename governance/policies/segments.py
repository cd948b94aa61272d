"""Rules of segments: a small tree of conditions, read strictly from JSON or YAML.

    all:
      - {field: sex, op: is, value: female}
      - {field: city, op: in, value: [Kyiv, Київ]}
      - {field: purchases.last_at, op: within, value: P90D}
      - {field: purchases.average, op: over, value: 2000, currency: UAH}
      - {may: newsletter, by: email}

Complaints name the place and the remedy and never repeat what stands there, which may be anything.
`segment_logic` says what a rule means.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Final, NoReturn, TypeAlias

from governance.policies.documents import DocumentError, Node
from governance.policies.periods import Period, parse_period
from governance.policies.purposes import KEY, Channel
from governance.policies.segment_fields import EXTRA, FIELDS, Place, Qualifier, SegmentField, ValueKind

MOST_CONDITIONS: Final = 100
MOST_VALUES: Final = 1000
DEEPEST: Final = 10
LONGEST: Final = 200
_CURRENCY = re.compile(r"[A-Z]{3}")
_CODE = re.compile(r"[A-Za-z_]{1,32}")
_NUMBER = re.compile(r"-?\d{1,18}(?:\.\d{1,9})?", re.ASCII)

Value: TypeAlias = str | Decimal | bool | datetime | Period


class RuleError(ValueError):
    """A rule cannot be used.

    Attributes:
        path: where, such as `all.2.value`; empty for the whole.
        pattern: what to do about it, with places for values; catalogues of pages know it by this.
        values: what stands in these places; never what stands in the rule.
    """

    def __init__(self, path: str, pattern: str, **values: object) -> None:
        super().__init__(f"{path or 'rule'}: {pattern % values if values else pattern}")
        self.path = path
        self.pattern = pattern
        self.values = values


@dataclass(frozen=True, slots=True)
class Compare:
    """A field compared with values.

    Attributes:
        field: which.
        op: how; one of `OPS` of its kind.
        values: with what; texts folded, see `folded`.
        qualifiers: what narrows a figure down: a period, a currency, a code.
    """

    field: SegmentField
    op: str
    values: tuple[Value, ...]
    qualifiers: tuple[tuple[Qualifier, "str | Period"], ...] = ()


@dataclass(frozen=True, slots=True)
class May:
    """Whether a purpose may reach the person by a channel, as a send check answers."""

    purpose: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some part holds."""

    parts: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part is certainly false; of what is unknown, the opposite is unknown too."""

    part: "Rule"


Leaf: TypeAlias = Compare | May
Rule: TypeAlias = Compare | May | AllOf | AnyOf | Not

OPS: Final[Mapping[ValueKind, tuple[str, ...]]] = MappingProxyType(
    {
        ValueKind.CODE: ("is", "in", "known"),
        ValueKind.TEXT: ("is", "in", "known"),
        ValueKind.LIST: ("has", "has_any", "known"),
        ValueKind.NUMBER: ("is", "over", "at_least", "under", "at_most", "between", "known"),
        ValueKind.INSTANT: ("within", "older_than", "on_or_after", "before", "known"),
        ValueKind.FLAG: ("is", "known"),
    }
)
"""Operators by kind. `over` and `under` are strict; `between` includes both ends; `before` is strict."""


def folded(text: str) -> str:
    """Text as it is compared: without regard to case, compatible forms of letters, and spaces around and between."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def leaves(rule: Rule) -> Iterator[Leaf]:
    """All conditions of a rule, from left to right."""
    if isinstance(rule, Compare | May):
        yield rule
    elif isinstance(rule, Not):
        yield from leaves(rule.part)
    else:
        for part in rule.parts:
            yield from leaves(part)


def parse_rule(document: object, *, extras: Mapping[str, ValueKind] = MappingProxyType({})) -> Rule:
    """Read a rule.

    Args:
        document: as JSON or YAML has it.
        extras: kinds of the extra fields that may be asked about, by key.

    Raises:
        RuleError: where it is none; `path` and `problem` say where and what to do.
    """
    rule = _rule(document, "", 0, extras)
    if sum(1 for _ in leaves(rule)) > MOST_CONDITIONS:
        _wrong("", "Use at most %(most)s conditions.", most=MOST_CONDITIONS)
    return rule


def _rule(told: object, path: str, depth: int, extras: Mapping[str, ValueKind]) -> Rule:
    if depth > DEEPEST:
        _wrong(path, "Nest at most %(most)s deep.", most=DEEPEST)
    said = _mapping(told, path)
    if "field" in said:
        return _compare(said, path, extras)
    if "may" in said:
        return _may(said, path)
    if len(said) != 1 or not said.keys() <= {"all", "any", "not"}:
        _wrong(path, "Give one of all, any, not; or a condition with field, op and value; or one with may and by.")
    ((word, inner),) = said.items()
    here = f"{path}.{word}" if path else word
    if word == "not":
        return Not(_rule(inner, here, depth + 1, extras))
    if not isinstance(inner, list) or not inner:
        _wrong(here, "Give a list of at least one condition.")
    if len(inner) > MOST_CONDITIONS:
        _wrong(here, "Use at most %(most)s conditions.", most=MOST_CONDITIONS)
    parts = tuple(_rule(part, f"{here}.{place}", depth + 1, extras) for place, part in enumerate(inner))
    return AllOf(parts) if word == "all" else AnyOf(parts)


def _compare(said: Mapping[str, object], path: str, extras: Mapping[str, ValueKind]) -> Compare:
    _known_keys(said, path, ("field", "op", "value", *Qualifier))
    asked = _field(said["field"], path, extras)
    op = said.get("op")
    known = OPS[asked.kind]
    if not isinstance(op, str) or op not in known:
        _wrong(f"{path}.op" if path else "op", "Give one of %(known)s.", known=", ".join(known))
    if "value" not in said:
        _wrong(path, "The value is missing.")
    qualifiers = _qualifiers(said, asked, path)
    values = _values(asked, op, said["value"], f"{path}.value" if path else "value")
    return Compare(asked, op, values, tuple(qualifiers.items()))


def _field(name: object, path: str, extras: Mapping[str, ValueKind]) -> SegmentField:
    here = f"{path}.field" if path else "field"
    if isinstance(name, str) and name in FIELDS:
        return FIELDS[name]
    if isinstance(name, str) and name.startswith(EXTRA):
        kind = extras.get(name.removeprefix(EXTRA))
        if kind is None:
            _wrong(here, "No extra field of this key is defined that rules may ask about.")
        return SegmentField(name, kind, Place.EXTRA)
    raise RuleError(here, "Rules may ask about %(known)s and extra.KEY.", known=", ".join(FIELDS))


def _may(said: Mapping[str, object], path: str) -> May:
    _known_keys(said, path, ("may", "by"))
    purpose, channel = said["may"], said.get("by")
    if not isinstance(purpose, str) or not KEY.fullmatch(purpose):
        _wrong(f"{path}.may" if path else "may", "Give the key of a purpose.")
    if not isinstance(channel, str) or channel not in set(Channel):
        _wrong(f"{path}.by" if path else "by", "Give one of %(known)s.", known=", ".join(Channel))
    return May(purpose, Channel(channel))


def _qualifiers(said: Mapping[str, object], asked: SegmentField, path: str) -> dict[Qualifier, str | Period]:
    found: dict[Qualifier, str | Period] = {}
    for one in Qualifier:
        here = f"{path}.{one}" if path else one.value
        if one not in said:
            if one in asked.needs:
                _wrong(path, "This field needs %(key)s: amounts of several are never added up.", key=one.value)
            continue
        if one not in asked.takes:
            _wrong(here, "This field does not take it.")
        told = said[one]
        if one is Qualifier.WITHIN:
            found[one] = _period(told, here)
        elif one is Qualifier.CURRENCY:
            if not isinstance(told, str) or not _CURRENCY.fullmatch(told):
                _wrong(here, "Give an ISO 4217 code, such as UAH.")
            found[one] = told
        else:
            if not isinstance(told, str) or not _CODE.fullmatch(told):
                _wrong(here, "Give a code.")
            found[one] = told
    return found


def _values(asked: SegmentField, op: str, told: object, path: str) -> tuple[Value, ...]:
    if op == "known":
        return (_flag(told, path),)
    if op in {"in", "has_any"}:
        if not isinstance(told, list) or not 1 <= len(told) <= MOST_VALUES:
            _wrong(path, "Give a list of 1 to %(most)s texts.", most=MOST_VALUES)
        return tuple(dict.fromkeys(_text(asked.kind, one, f"{path}.{place}") for place, one in enumerate(told)))
    if op == "between":
        if not isinstance(told, list) or len(told) != 2:
            _wrong(path, "Give a list of two numbers, the lower one first.")
        low, high = (_number(one, f"{path}.{place}") for place, one in enumerate(told))
        if low > high:
            _wrong(path, "Give the lower number first.")
        return low, high
    if asked.kind is ValueKind.FLAG:
        return (_flag(told, path),)
    if asked.kind is ValueKind.NUMBER:
        return (_number(told, path),)
    if asked.kind is ValueKind.INSTANT:
        return (_period(told, path) if op in {"within", "older_than"} else _instant(told, path),)
    return (_text(asked.kind, told, path),)


def _text(kind: ValueKind, told: object, path: str) -> str:
    if kind is ValueKind.CODE:
        if not isinstance(told, str) or not _CODE.fullmatch(told):
            _wrong(path, "Give a code.")
        return told
    text = folded(told) if isinstance(told, str) else ""
    if not text or len(text) > LONGEST:
        _wrong(path, "Give a text of 1 to %(most)s characters.", most=LONGEST)
    return text


def _number(told: object, path: str) -> Decimal:
    if isinstance(told, int | str | float) and not isinstance(told, bool):
        try:
            number = Decimal(str(told))
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite() and _NUMBER.fullmatch(f"{number:f}"):
            return number
    raise RuleError(path, "Give a number.")


def _flag(told: object, path: str) -> bool:
    if not isinstance(told, bool):
        _wrong(path, "Give true or false.")
    return told


def _instant(told: object, path: str) -> datetime:
    if isinstance(told, str):
        try:
            day = date.fromisoformat(told)
        except ValueError:
            pass
        else:
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
    raise RuleError(path, "Give a day as YYYY-MM-DD.")


def _period(told: object, path: str) -> Period:
    try:
        return parse_period(Node("", "", told))
    except DocumentError:
        _wrong(path, "Give a period (ISO 8601), such as P90D, P18M or P2Y.")


def _mapping(told: object, path: str) -> Mapping[str, object]:
    if not isinstance(told, Mapping) or not all(isinstance(name, str) for name in told):
        _wrong(path, "Give a mapping: a condition, or one of all, any, not.")
    return told


def _known_keys(said: Mapping[str, object], path: str, known: Sequence[str]) -> None:
    if not said.keys() <= set(known):
        _wrong(path, "Of the keys here only these are known: %(known)s.", known=", ".join(known))


def _wrong(path: str, pattern: str, **values: object) -> NoReturn:
    raise RuleError(path, pattern, **values)
