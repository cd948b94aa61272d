"""Rules of segments as rows of a form: read from one, shown in one, and told in words.

A form holds conditions of which all, or any, must hold. Rules that go deeper are written as text.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext

from governance.console import words_retention, words_segments
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.pages import naming
from governance.policies.documents import DocumentError, Node
from governance.policies.periods import parse_period
from governance.policies.segment_fields import FIELDS, Qualifier, ValueKind

MAY: Final = "may:"
"""Before the key of a purpose, in the place of a field."""
MOST_ROWS: Final = 30
_LISTS: Final = frozenset({"in", "not_in", "has_any"})
_SPANS: Final = frozenset({"within", "older_than"})
_VALUELESS: Final = frozenset({"known", "unknown"})
_NEGATED: Final = {"is_not": "is", "not_in": "in", "has_not": "has"}
_UNITS: Final = (("d", "D"), ("д", "D"), ("mo", "M"), ("m", "M"), ("м", "M"), ("w", "W"), ("н", "W"), ("т", "W"),
                 ("y", "Y"), ("г", "Y"), ("л", "Y"), ("р", "Y"))  # fmt: skip
"""First letters of units in English, Russian and Ukrainian."""
_SPAN: Final = re.compile(r"(\d{1,4})\s*([^\W\d_]+)\.?")
_DIGITS: Final = 20
_NUMBER: Final = re.compile(r"-?\d[\d\s\u00a0\u202f]*(?:[.,]\d+)?")
_COLUMNS: Final = ("field", "op", "value", "within", "currency", "only")


@frozen
class Row:
    """A condition as it stands in the form, or as it was typed.

    Attributes:
        only: code of the kind that is counted.
    """

    field: str = ""
    op: str = ""
    value: str = ""
    within: str = ""
    currency: str = ""
    only: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was chosen or written in it; a comparison always stands there."""
        return not any(one.strip() for one in (self.field, self.value, self.within, self.currency, self.only))


@frozen
class Clause:
    """A part of a rule in words; of a group, its parts."""

    words: str
    parts: Sequence["Clause"] = ()


def typed_rows(form: Mapping[str, Sequence[str]]) -> list[Row]:
    """Rows of the form that was sent, as they were typed."""
    columns = [[said[:2000] for said in form.get(name, ())] for name in _COLUMNS]
    return [Row(*cells) for cells in zip(*columns, strict=False)][:MOST_ROWS]


def rule_of(rows: Sequence[Row], join: str, kinds: Mapping[str, ValueKind]) -> Mapping[str, Any]:
    """The rule that rows of a form make.

    Args:
        rows: as typed; empty ones are left out.
        join: `all` or `any`.
        kinds: of extra fields, by `extra.KEY`.

    Raises:
        InvalidError: `errors` says by row what to do, in the visitor's language.
    """
    wrong: dict[str, list[str]] = {}
    parts = []
    for place, row in enumerate(rows):
        if row.is_empty:
            continue
        try:
            parts.append(_condition(row, kinds))
        except _RowError as error:
            wrong[f"row.{place}"] = [error.sentence]
    if not parts and not wrong:
        wrong["row.0"] = [gettext("Choose at least one condition.")]
    if wrong:
        raise InvalidError("This is no rule of a segment.", errors=wrong)
    return {"any" if join == "any" else "all": parts}


class _RowError(Exception):
    """A row is no condition; *sentence* says what to do, in the visitor's language."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def _condition(row: Row, kinds: Mapping[str, ValueKind]) -> Mapping[str, Any]:
    if row.field.startswith(MAY):
        if row.op not in {"by", "not_by"}:
            raise _RowError(gettext("Choose how it would be sent: may be sent by, or may not be sent by."))
        asked = {"may": row.field.removeprefix(MAY), "by": _code(row.value)}
        return {"not": asked} if row.op == "not_by" else asked
    kind = kinds.get(row.field) or (FIELDS[row.field].kind if row.field in FIELDS else None)
    if kind is None:
        raise _RowError(gettext("Choose what is asked after."))
    if row.op not in words_segments.COMPARISONS[kind]:
        said = words_segments.comparisons()
        fitting = ", ".join(said[one] for one in words_segments.COMPARISONS[kind])
        raise _RowError(gettext("This comparison does not fit; take one of: %(these)s.", these=fitting))
    told: dict[str, Any] = {"field": row.field, "op": "known" if row.op in _VALUELESS else _NEGATED.get(row.op, row.op)}
    told["value"] = _value(kind, row)
    told |= _qualifiers(row)
    return {"not": told} if row.op in _NEGATED else told


def _value(kind: ValueKind, row: Row) -> object:
    if row.op in _VALUELESS:
        return row.op == "known"
    said = row.value.strip()
    if not said:
        raise _RowError(gettext("Write what it is compared with."))
    if row.op in _LISTS:
        several = [one.strip() for one in re.split(r"[,;\n]", said) if one.strip()]
        return [_code(one, row.field) if kind is ValueKind.CODE else one for one in several]
    if row.op in _SPANS:
        return _span(said)
    if row.op == "between":
        ends = _NUMBER.findall(re.sub(r"(?<=\d)\s*[-–—]\s*(?=\d)", " ; ", said).replace("..", ";"))
        if len(ends) != 2:
            raise _RowError(gettext("Write two numbers, such as 30-39."))
        return [_number(one) for one in ends]
    if kind is ValueKind.NUMBER:
        return _number(said)
    if kind is ValueKind.FLAG:
        return _flag(said)
    return _code(said, row.field) if kind is ValueKind.CODE else said


def _qualifiers(row: Row) -> Mapping[str, str]:
    known = FIELDS.get(row.field)
    takes = frozenset() if known is None else known.takes
    found: dict[str, str] = {}
    if Qualifier.WITHIN in takes and row.within.strip():
        found["within"] = _span(row.within)
    if Qualifier.CURRENCY in takes and row.currency.strip():
        found["currency"] = row.currency.strip().upper()
    if known is not None and Qualifier.CURRENCY in known.needs and "currency" not in found:
        raise _RowError(gettext("Write the currency, such as EUR: amounts of several are never added up."))
    if Qualifier.KIND in takes and row.only.strip():
        found["kind"] = _code(row.only)
    return found


def _code(said: str, of: str = "") -> str:
    """The code that a word stands for in a field; what is typed where it stands for none."""
    wanted = said.strip().casefold()
    return next((code for code, word in _words(of).items() if word.casefold() == wanted), said.strip())


def _words(of: str) -> Mapping[str, str]:
    """Codes that a field is compared with, in words."""
    named = {"country": naming.countries, "language": naming.tongues}.get(of)
    return words_segments.values() if named is None else dict(named())


def _number(said: str) -> int | str:
    if not _NUMBER.fullmatch(said.strip()):
        raise _RowError(gettext("Write a number, such as 2000."))
    plain = re.sub(r"\s", "", said).replace(",", ".")
    if len(plain) > _DIGITS:
        raise _RowError(gettext("Write a number, such as 2000."))
    return int(plain) if plain.lstrip("-").isdigit() else plain


def _flag(said: str) -> bool:
    code = _code(said)
    if code not in {"true", "false"}:
        raise _RowError(gettext("Write yes or no."))
    return code == "true"


def _span(said: str) -> str:
    """A period as rules write it, from one in words: `90 days`, `6 months`, `2 years`, or in ISO 8601."""
    text = said.strip()
    try:
        return str(parse_period(Node("", "", text.upper())))
    except DocumentError:
        pass
    found = _SPAN.findall(text.casefold())
    units = [next((unit for begin, unit in _UNITS if word.startswith(begin)), None) for _, word in found]
    if not found or None in units or _SPAN.sub("", text.casefold()).strip(" ,"):
        raise _RowError(gettext("Write a time such as 90 days, 6 months or 2 years."))
    order = sorted(zip(units, found, strict=True), key=lambda one: "YMWD".index(str(one[0])))
    written = "P" + "".join(f"{int(number)}{unit}" for unit, (number, _) in order)
    try:
        return str(parse_period(Node("", "", written)))
    except DocumentError:
        raise _RowError(gettext("Write a time such as 90 days, 6 months or 2 years.")) from None


def rows_of(rule: Mapping[str, Any]) -> tuple[str, list[Row]] | None:
    """How the conditions of a rule are joined, and its rows; None where it goes deeper than the form does."""
    ((word, inner),) = rule.items() if len(rule) == 1 else (("all", [rule]),)
    if word == "not":
        word, inner = "all", [rule]
    rows = [_row(one) for one in inner]
    known = [one for one in rows if one is not None]
    return (word, known) if len(known) == len(rows) <= MOST_ROWS else None


def _row(part: Mapping[str, Any]) -> Row | None:
    negated = "not" in part
    leaf: Mapping[str, Any] = part["not"] if negated else part
    if "may" in leaf:
        return Row(f"{MAY}{leaf['may']}", "not_by" if negated else "by", words_segments.values().get(leaf["by"], ""))
    if "field" not in leaf:
        return None
    op = leaf["op"]
    if op == "known":
        op = "known" if leaf["value"] is not negated else "unknown"
    elif negated:
        op = {plain: other for other, plain in _NEGATED.items()}.get(op, "")
    if not op:
        return None
    only = str(leaf.get("kind", ""))
    within = str(leaf.get("within", ""))
    return Row(
        leaf["field"],
        op,
        _shown(op, leaf["value"], leaf["field"]),
        _spelled(within) if within else "",
        str(leaf.get("currency", "")),
        words_segments.values().get(only, only),
    )


def _shown(op: str, value: object, of: str) -> str:
    if op in _VALUELESS:
        return ""
    if isinstance(value, bool):
        return words_segments.values()["true" if value else "false"]
    if op in _SPANS:
        return _spelled(str(value))
    if isinstance(value, list):
        said = [_words(of).get(str(one), str(one)) for one in value]
        return "-".join(said) if op == "between" else ", ".join(said)
    return _words(of).get(str(value), str(value))


def _spelled(period: str) -> str:
    try:
        return words_retention.spelled(parse_period(Node("", "", period)))
    except DocumentError:
        return period


def clause(rule: Mapping[str, Any], names: Mapping[str, str]) -> Clause:
    """A rule in words.

    Args:
        rule: as it was written.
        names: of fields, extra ones included, and of purposes (`may:KEY`).
    """
    row = _row(rule) if {"field", "may", "not"} & rule.keys() else None
    if row is not None:
        return Clause(_sentence(row, names))
    ((word, inner),) = rule.items()
    if word == "not":
        return Clause(gettext("Not:"), [clause(inner, names)])
    head = gettext("All of these hold:") if word == "all" else gettext("At least one of these holds:")
    return Clause(head, [clause(one, names) for one in inner])


def _sentence(row: Row, names: Mapping[str, str]) -> str:
    said = [f"{names.get(row.field, row.field)}:", words_segments.comparisons()[row.op], row.value, row.currency]
    if row.only:
        said.append(gettext("(only: %(what)s)", what=row.only))
    if row.within:
        said.append(gettext("(in the last %(time)s)", time=row.within))
    return " ".join(one for one in said if one)
