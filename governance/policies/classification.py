"""The field catalogue: what every column holds, how delicate it is, and who is told of it by default.

A column is either *sealed* (it holds a personal value, and the vault encrypts it) or *readable*, and then the catalogue
says why it may be. There is one document per area in `catalogue/`; categories are keys of the fideslang taxonomy.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from governance.policies.documents import DocumentError, Titles
from governance.policies.masking import Mask, mask

Value = TypeVar("Value")


class Sensitivity(StrEnum):
    """How much harm a disclosure does, in rising order."""

    BASIC = "basic"
    PERSONAL = "personal"
    SPECIAL = "special"
    """GDPR Art. 9 and 10: health, faith, opinions, origin, sex life, biometrics, criminal record."""


class Visibility(StrEnum):
    """How much of a value somebody is shown."""

    HIDDEN = "hidden"
    MASKED = "masked"
    CLEAR = "clear"

    @property
    def rank(self) -> int:
        """Greater where more is shown."""
        return _RANK[self]


_RANK = {Visibility.HIDDEN: 0, Visibility.MASKED: 1, Visibility.CLEAR: 2}


class Compartment(StrEnum):
    """A group of fields that one retention rule governs and one key seals; a field's compartment never changes."""

    PROFILE = "profile"
    CONTACT = "contact"
    BEHAVIOUR = "behaviour"
    FINANCE = "finance"
    EVIDENCE = "evidence"
    AUDIT = "audit"
    OPERATION = "operation"
    """Batches, exports, messages and staff: what is not a customer's."""


class ValueType(StrEnum):
    """What a sealed value is once it is opened."""

    TEXT = "text"
    DATE = "date"
    DECIMAL = "decimal"
    JSON = "json"
    BYTES = "bytes"


class ReadableKind(StrEnum):
    """Why a column can lie in the clear: what sort of value it is."""

    ID = "id"
    INSTANT = "instant"
    AMOUNT = "amount"
    COUNT = "count"
    CODE = "code"
    MARK = "mark"
    DIGEST = "digest"
    KEY = "key"
    """Wrapped or public key material."""
    DOCUMENT = "document"
    """A text made of other readable values only, such as the bytes of an audit entry."""
    LABEL = "label"
    """Words that name a thing of the controller's, not a person."""


@dataclass(frozen=True, slots=True)
class Category:
    """A data category of the fideslang taxonomy.

    Attributes:
        key: dotted key, for example `user.contact.email`.
        titles: what it is called.
        special: GDPR Art. 9 or 10 applies to it.
        guessable: so few values exist that whoever sees digests can guess them; never indexed alone.
    """

    key: str
    titles: Titles
    special: bool
    guessable: bool


CategoryBook = Mapping[str, Category]


@dataclass(frozen=True, slots=True)
class Field:
    """A sealed field.

    Attributes:
        table: table it lies in.
        name: attribute name; the column is `name_sealed`.
        titles: what it is called.
        category: fideslang key.
        sensitivity: how delicate it is.
        compartment: which key seals it.
        mask: how it is shown in part.
        visibility: the most that ordinary reading shows to anybody; a reveal may show more.
        type: what it is once opened.
        indexed: whether it is found by exact value through a blind index.
        varies_by: readable column that tells which variant a row is.
        variants: by the value of that column, the field as it is there.
    """

    table: str
    name: str
    titles: Titles
    category: str
    sensitivity: Sensitivity
    compartment: Compartment
    mask: Mask
    visibility: Visibility
    type: ValueType = ValueType.TEXT
    indexed: bool = False
    varies_by: str | None = None
    variants: Mapping[str, "Field"] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def path(self) -> str:
        """`table.name`."""
        return f"{self.table}.{self.name}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the field takes: the sealed value, and its digests where it is indexed."""
        digests = (f"{self.name}_index", f"{self.name}_index_next") if self.indexed else ()
        return (f"{self.name}_sealed", *digests)

    def variant(self, value: str) -> "Field":
        """The field in rows whose `varies_by` column says *value*; itself where nothing is said of that."""
        return self.variants.get(value, self)

    def shown(self, value: Value, visibility: Visibility) -> Value | str | None:
        """*value* as somebody sees it to whom so much is shown: itself, its mask, or None where it is hidden."""
        if visibility is Visibility.CLEAR:
            return value
        return mask(self.mask, value) if visibility is Visibility.MASKED else None


@dataclass(frozen=True, slots=True)
class Readable:
    """A column in the clear, and the reason why it may be.

    Attributes:
        table: table it lies in.
        name: column name.
        kind: what sort of value it is.
        reason: why it tells nothing that must be sealed, or why the service cannot work with it sealed.
        category: fideslang key, where the value is personal data all the same.
    """

    table: str
    name: str
    kind: ReadableKind
    reason: str
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """All columns of one table."""

    area: str
    name: str
    titles: Titles
    fields: Mapping[str, Field]
    readable: Mapping[str, Readable]

    def columns(self) -> dict[str, Field | Readable]:
        """What the catalogue says of each column, by column name."""
        sealed: dict[str, Field | Readable] = {column: one for one in self.fields.values() for column in one.columns}
        return {**sealed, **self.readable}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The tables of all packages."""

    tables: Mapping[str, Table]

    def field(self, path: str) -> Field:
        """The sealed field named *path* (`table.name`).

        Raises:
            KeyError: where the catalogue has no such field.
        """
        table, _, name = path.partition(".")
        return self.tables[table].fields[name]

    def fields(self) -> Iterable[Field]:
        """All sealed fields."""
        for table in self.tables.values():
            yield from table.fields.values()


def join(parts: Iterable[Catalogue]) -> Catalogue:
    """One catalogue of all areas.

    Raises:
        DocumentError: where two areas describe the same table.
    """
    tables: dict[str, Table] = {}
    for part in parts:
        for name, table in part.tables.items():
            if name in tables:
                raise DocumentError(table.area, f"tables.{name}", f"stands in the area {tables[name].area!r} already")
            tables[name] = table
    return Catalogue(MappingProxyType(tables))


def problems(one: Field, categories: CategoryBook) -> list[str]:
    """What is wrong with a field, as sentences; the same rules for shipped fields and those defined at run time."""
    category = categories.get(one.category)
    if category is None:
        return [f"the category {one.category!r} is not known"]
    found = []
    if category.special and one.sensitivity is not Sensitivity.SPECIAL:
        found.append("a special category (GDPR Art. 9, 10) has the sensitivity special")
    if one.sensitivity is Sensitivity.SPECIAL and one.visibility is Visibility.CLEAR:
        found.append("a special field is not shown in the clear by ordinary reading")
    if one.indexed and category.guessable:
        found.append("a field with few possible values is not indexed: its digests could be guessed")
    if one.indexed and one.type is not ValueType.TEXT:
        found.append("only text is indexed")
    return found
