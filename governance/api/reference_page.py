"""The reference page: the description of the interface, laid out for reading."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from governance.kernel.records import frozen

METHODS: Final = ("get", "post", "put", "patch", "delete")


@frozen
class FieldLine:
    """A field of a body, or a parameter.

    Attributes:
        place: where it stands: path, query, header or body.
        kind: what it takes, in words.
        link: anchor of the schema that it holds, if it has one of its own.
    """

    name: str
    place: str
    kind: str
    required: bool
    description: str
    link: str | None


@frozen
class Answer:
    """One possible answer of a call."""

    status: str
    description: str
    link: str | None


@frozen
class Call:
    """One method at one address."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    permission: str | None
    parameters: Sequence[FieldLine]
    body: str | None
    answers: Sequence[Answer]


@frozen
class Group:
    """The calls of a capability."""

    name: str
    description: str
    calls: Sequence[Call]


@frozen
class SchemaView:
    """A named shape of data."""

    anchor: str
    name: str
    fields: Sequence[FieldLine]


@frozen
class Page:
    """All of the reference page."""

    title: str
    version: str
    description: str
    groups: Sequence[Group]
    schemas: Sequence[SchemaView]


def build(document: Mapping[str, Any]) -> Page:
    """Lay out an OpenAPI document."""
    calls: dict[str, list[Call]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                shared = item.get("parameters", [])
                calls.setdefault(operation["tags"][0], []).append(_call(path, method, operation, shared))
    info = document["info"]
    told = {tag["name"]: tag.get("description", "") for tag in document.get("tags", [])}
    shapes = document["components"].get("schemas", {})
    return Page(
        title=info["title"],
        version=info["version"],
        description=info.get("description", ""),
        groups=[Group(name, told.get(name, ""), found) for name, found in calls.items()],
        schemas=[SchemaView(f"schema-{name}", name, _fields(shape)) for name, shape in sorted(shapes.items())],
    )


def _call(path: str, method: str, operation: Mapping[str, Any], shared: Iterable[Mapping[str, Any]]) -> Call:
    body = operation.get("requestBody", {}).get("content", {})
    return Call(
        anchor=f"{method}-{path.strip('/').translate(str.maketrans('/{}', '---'))}",
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        permission=operation.get("x-permission"),
        parameters=[_parameter(one) for one in [*shared, *operation.get("parameters", [])]],
        body=next((_link(media["schema"]) for media in body.values() if "schema" in media), None),
        answers=[_answer(status, answer) for status, answer in operation.get("responses", {}).items()],
    )


def _parameter(parameter: Mapping[str, Any]) -> FieldLine:
    schema = parameter.get("schema", {})
    required = bool(parameter.get("required"))
    told = parameter.get("description", schema.get("description", ""))
    return FieldLine(parameter["name"], parameter["in"], _kind(schema), required, told, _link(schema))


def _answer(status: str, answer: Mapping[str, Any]) -> Answer:
    if answer.get("$ref", "").endswith("/Problem"):
        return Answer("4xx, 5xx", "A refusal.", "schema-Problem")
    link = next((_link(media.get("schema", {})) for media in answer.get("content", {}).values()), None)
    return Answer(status, answer.get("description", ""), link)


def _fields(shape: Mapping[str, Any]) -> list[FieldLine]:
    required = set(shape.get("required", ()))
    return [
        FieldLine(name, "body", _kind(schema), name in required, schema.get("description", ""), _link(schema))
        for name, schema in shape.get("properties", {}).items()
    ]


def _target(schema: Mapping[str, Any]) -> str | None:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for inner in (schema.get("items"), *schema.get("allOf", ()), *schema.get("anyOf", ())):
        if isinstance(inner, Mapping) and (found := _target(inner)) is not None:
            return found
    return None


def _link(schema: Mapping[str, Any]) -> str | None:
    target = _target(schema)
    return None if target is None else f"schema-{target}"


def _kind(schema: Mapping[str, Any]) -> str:
    target = _target(schema)
    word = schema.get("type", target or ("" if "enum" in schema else "any"))
    words = [" or ".join(word) if isinstance(word, list) else str(word)] if word else []
    if schema.get("type") == "array" and "items" in schema:
        words = [f"list of {_kind(schema['items'])}"]
    if "format" in schema:
        words.append(f"({schema['format']})")
    if "enum" in schema:
        words.append("one of " + ", ".join(str(choice) for choice in schema["enum"] if choice is not None))
    for key, sentence in (("minLength", "from {} characters"), ("maxLength", "up to {} characters")):
        if key in schema:
            words.append(sentence.format(schema[key]))
    for key, sentence in (("minimum", "from {}"), ("maximum", "up to {}"), ("default", "else {}")):
        if schema.get(key) is not None:
            words.append(sentence.format(schema[key]))
    return " ".join(words)
