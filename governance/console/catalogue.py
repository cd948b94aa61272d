"""What is kept of people: the catalogue of fields with who sees them, and fields of the controller's own."""

from functools import cache
from typing import Final

from flask import Response, request

from governance.console import words, words_fields
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.customers import operations as customers
from governance.customers.codes import ExtraType
from governance.customers.extra_types import COMPARTMENTS
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.policies import shipped
from governance.policies.classification import Compartment, Field, Sensitivity, Visibility
from governance.policies.documents import Titles
from governance.policies.sight import READ_BY, readers_of

PART: Final = "settings"


@frozen
class Kept:
    """A field as the page shows it; `seen` has role, what it sees, and whether it may open the field."""

    title: str
    path: str
    category: str
    field: Field
    seen: list[tuple[str, str, bool]]


@cache
def _known() -> list[tuple[str, Field, dict[str, tuple[Visibility, bool]]]]:
    found = []
    for one in shipped.catalogue().fields():
        table = one.path.partition(".")[0]
        if table in READ_BY:
            named = one.variants.items() if one.variants else [("", one)]
            found += [(value, each, dict(readers_of(each, table=table))) for value, each in named]
    return found


@screen("/settings/fields", "fields")
def fields(visit: Visit, typed: Typed = EMPTY, **_names: object) -> Response:
    """All fields of a customer, shipped ones and one's own."""
    tongue, titles = language(), {name: role.titles for name, role in shipped.roles().roles.items()}
    categories, kinds = shipped.categories(), words.contact_kinds()
    rows = [
        Kept(
            title=one.titles.get(tongue) + (f" ({kinds.get(value, value).lower()})" if value else ""),
            path=one.path,
            category=categories[one.category].titles.get(tongue),
            field=one,
            seen=[(titles[role].get(tongue), seen.value, opens) for role, (seen, opens) in readers.items()],
        )
        for value, one, readers in _known()
    ]
    choices = sorted(((key, one.titles.get(tongue)) for key, one in categories.items()), key=lambda one: one[1].lower())
    return page(
        visit,
        "fields",
        part=PART,
        tab="fields",
        rows=rows,
        own=[(one, one.labels.get(tongue), categories[one.category].titles.get(tongue))
             for one in customers.definitions(visit.work)],
        categories=choices,
        said=words_fields.said(),
        compartments=[(one.value, words_fields.compartments()[one.value]) for one in COMPARTMENTS],
        typed=typed,
    )  # fmt: skip


@act("/settings/fields", "define_field", shows=fields, of="fields", then=lambda: go("fields"))
def define(visit: Visit) -> Response:
    """Define a field of one's own; key, type, compartment and index stay as they are for ever."""
    said = request.form
    try:
        made = {
            "type": ExtraType(said.get("type", "")),
            "sensitivity": Sensitivity(said.get("sensitivity", "")),
            "compartment": Compartment(said.get("compartment", "")),
            "visibility": Visibility(said.get("visibility", "")),
        }
    except ValueError:
        raise InvalidError("A choice is none.", errors={"type": ["Choose one of the list."]}) from None
    if said.get("category", "") not in shipped.categories():
        raise InvalidError("A choice is none.", errors={"category": ["Choose one of the list."]})
    labels = Titles(
        said.get("labels.en", "").strip(), said.get("labels.ru", "").strip(), said.get("labels.uk", "").strip()
    )
    customers.define(
        visit.work,
        key=said.get("key", "").strip(),
        labels=labels,
        category=said["category"],
        indexed=said.get("indexed") == "yes",
        **made,  # type: ignore[arg-type]  # each of the type that its name wants
    )
    return go("fields")


@act("/settings/fields/<field>/retirement", "retire_field", shows=fields, of="fields",
     then=lambda **_names: go("fields"))  # fmt: skip
def retire(visit: Visit, field: str) -> Response:
    """Have a field take no new values, or take it up again; values that it has stay."""
    customers.edit_definition(visit.work, key=field, retired=request.form.get("retired") == "yes")
    return go("fields")
