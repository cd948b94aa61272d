"""Reads the documents of the field catalogue, and refuses what does not hold together."""

import re
from dataclasses import replace
from types import MappingProxyType

from governance.policies.classification import (
    Catalogue,
    Category,
    CategoryBook,
    Compartment,
    Field,
    Readable,
    ReadableKind,
    Sensitivity,
    Table,
    ValueType,
    Visibility,
    problems,
)
from governance.policies.documents import Node, parse, titles
from governance.policies.masking import Mask

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
"""A table or field name: what PostgreSQL takes unquoted."""


def parse_categories(source: bytes, *, name: str) -> CategoryBook:
    """Read the data categories.

    Raises:
        DocumentError: where the document is malformed.
    """
    entries = parse(source, name=name).fields(required=("taxonomy", "categories"))["categories"].entries()
    known = {}
    for key, node in entries.items():
        said = node.fields(required=("titles",), optional=("special", "guessable"))
        known[key] = Category(
            key=key,
            titles=titles(said["titles"]),
            special="special" in said and said["special"].flag(),
            guessable="guessable" in said and said["guessable"].flag(),
        )
    return MappingProxyType(known)


def parse_catalogue(source: bytes, *, name: str, categories: CategoryBook) -> Catalogue:
    """Read the catalogue of one area.

    Args:
        source: YAML, see `catalogue/customers.yaml`.
        name: what complaints call the document.
        categories: the known data categories.

    Raises:
        DocumentError: where the document is malformed; the text names the document and the key.
    """
    top = parse(source, name=name).fields(required=("area", "tables"))
    area = top["area"].text()
    tables = {
        table: _table(node, area=area, name=_name(node, table), categories=categories)
        for table, node in top["tables"].entries().items()
    }
    return Catalogue(MappingProxyType(tables))


def _name(node: Node, word: str) -> str:
    if not NAME.fullmatch(word):
        node.wrong("a name is lower-case letters, digits and underscores")
    return word


def _table(node: Node, *, area: str, name: str, categories: CategoryBook) -> Table:
    said = node.fields(required=("titles",), optional=("sealed", "readable"))
    sealed = said["sealed"].entries() if "sealed" in said else {}
    readable = said["readable"].entries() if "readable" in said else {}
    fields = {word: _field(field, table=name, name=_name(field, word)) for word, field in sealed.items()}
    columns = {word: _readable(column, table=name, name=_name(column, word)) for word, column in readable.items()}
    for word, field in fields.items():
        for one in (field, *field.variants.values()):
            for problem in problems(one, categories):
                sealed[word].wrong(problem)
        if field.varies_by is not None and field.varies_by not in columns:
            sealed[word].wrong(f"varies by {field.varies_by!r}, which is no readable column of the table")
        for column in field.columns:
            if column in columns:
                readable[column].wrong(f"belongs to the sealed field {word!r} already")
    for word, plain in columns.items():
        if plain.category is not None and plain.category not in categories:
            readable[word].wrong(f"the category {plain.category!r} is not known")
    return Table(area, name, titles(said["titles"]), MappingProxyType(fields), MappingProxyType(columns))


def _field(node: Node, *, table: str, name: str) -> Field:
    said = node.fields(
        required=("titles", "category", "sensitivity", "compartment", "mask", "visibility"),
        optional=("type", "indexed", "varies_by", "variants"),
    )
    field = Field(
        table=table,
        name=name,
        titles=titles(said["titles"]),
        category=said["category"].text(),
        sensitivity=said["sensitivity"].choice(Sensitivity),
        compartment=said["compartment"].choice(Compartment),
        mask=said["mask"].choice(Mask),
        visibility=said["visibility"].choice(Visibility),
        type=said["type"].choice(ValueType) if "type" in said else ValueType.TEXT,
        indexed="indexed" in said and said["indexed"].flag(),
        varies_by=said["varies_by"].text() if "varies_by" in said else None,
    )
    if ("variants" in said) != (field.varies_by is not None):
        node.wrong("'varies_by' and 'variants' go together")
    if "variants" not in said:
        return field
    variants = {value: _variant(variant, field) for value, variant in said["variants"].entries().items()}
    return replace(field, variants=MappingProxyType(variants))


def _variant(node: Node, field: Field) -> Field:
    said = node.fields(required=("category", "mask"), optional=("titles", "sensitivity", "visibility"))
    return replace(
        field,
        titles=titles(said["titles"]) if "titles" in said else field.titles,
        category=said["category"].text(),
        mask=said["mask"].choice(Mask),
        sensitivity=said["sensitivity"].choice(Sensitivity) if "sensitivity" in said else field.sensitivity,
        visibility=said["visibility"].choice(Visibility) if "visibility" in said else field.visibility,
        varies_by=None,
    )


def _readable(node: Node, *, table: str, name: str) -> Readable:
    said = node.fields(required=("kind", "reason"), optional=("category",))
    return Readable(
        table=table,
        name=name,
        kind=said["kind"].choice(ReadableKind),
        reason=said["reason"].text(),
        category=said["category"].text() if "category" in said else None,
    )
