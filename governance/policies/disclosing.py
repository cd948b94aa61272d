"""Which fields can be handed out, and which of them a purpose needs.

A field is named `person.NAME`, `contact.KIND`, `extra.KEY`, or `TABLE.NAME` of purchases, interactions and activity.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from governance.policies import shipped
from governance.policies.classification import Field, Readable

TABLES: Final = ("person", "purchase", "interaction", "activity")
READABLE: Final = ("person.country", "person.language", "person.customer_since", "purchase.paid_at", "purchase.total")
"""Personal data that lie readable, and can be handed out."""
_EXTRA: Final = re.compile(r"extra\.[a-z][a-z0-9_]{0,49}")
_CONTACT: Final = "contact."


def catalogued(name: str) -> Field | Readable | None:
    """What the catalogue says of a field that can be handed out; None where there is none, or it is an extra field."""
    tables = shipped.catalogue().tables
    if name.startswith(_CONTACT):
        return tables["contact"].fields["value"].variants.get(name.removeprefix(_CONTACT))
    table, _, column = name.partition(".")
    if table not in TABLES:
        return None
    found = tables[table].fields.get(column)
    if found is not None:
        return found
    return tables[table].readable[column] if name in READABLE else None


def can_be_named(name: str) -> bool:
    """Whether a recipient may be said to get this field; extra fields are those that the controller defines."""
    return _EXTRA.fullmatch(name) is not None or catalogued(name) is not None


def is_needed(category: str, categories: Iterable[str]) -> bool:
    """Whether a purpose that uses *categories* needs a field of *category* (data minimisation, GDPR Art. 5(1)(c))."""
    return any(category == one or category.startswith(f"{one}.") for one in categories)


def unneeded(fields: Mapping[str, str], categories: Iterable[str]) -> list[str]:
    """Names of *fields*, given with their categories, that a purpose which uses *categories* does not need."""
    listed = tuple(categories)
    return [name for name, category in fields.items() if not is_needed(category, listed)]
