"""What a rectification may ask for: fields of the person, extra fields and contacts; read, and sorted by risk.

Keys of changes: `city` and the like; `extra.KEY`; `contact.ID`, with the right value or null to remove it;
`contact.new`, `contact.new2`... with kind and value.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from governance.customers.codes import ContactKind
from governance.customers.contact_values import ContactSaid, read_contact
from governance.customers.contacts import home_region
from governance.customers.extra_types import ExtraField, written
from governance.customers.extras import known
from governance.customers.texts import Wrong
from governance.customers.values import FIELDS, read_fields
from governance.kernel.errors import InvalidError
from governance.kernel.work import Work
from governance.policies.classification import Compartment, Sensitivity

LOW_RISK: Final = frozenset(
    {"region", "city", "street", "postcode", "profession", "organisation", "interests", "preferred_payment", "language"}
)
"""Wrong in these fields harms nobody but whoever asked; they change once it is proved who asks."""
GRAVE: Final = frozenset(
    {"family_name", "given_name", "patronymic", "birth_date", "sex", "marital_status", "country", "deceased_on"}
)
"""By these a person is told from others, or rights hang on them; a steward looks first."""
KEYS_TO_THE_DOOR: Final = frozenset({ContactKind.EMAIL.value, ContactKind.PHONE.value, ContactKind.CARD.value})
"""By these somebody proves who they are, so that a steward looks first."""

EXTRA: Final = "extra."
CONTACT: Final = "contact."
_NEW: Final = re.compile(r"contact\.new\d{0,2}")
_SAID: Final = frozenset({"kind", "value", "region", "label", "extension"})
_UNKNOWN: Final = "This cannot be rectified so; say it in words (said)."


def contact_of(name: str) -> UUID | None:
    """The contact that a key of changes is about; None where it is no key of a contact that there is."""
    if not name.startswith(CONTACT):
        return None
    try:
        return UUID(name.removeprefix(CONTACT))
    except ValueError:
        return None


def is_new_contact(name: str) -> bool:
    """Whether a key of changes is that of a contact to be added."""
    return _NEW.fullmatch(name) is not None


def wrong_changes(work: Work, changes: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with the changes of a rectification, by field."""
    wrong: dict[str, list[str]] = {}
    own = {name: value for name, value in changes.items() if name in LOW_RISK | GRAVE and name in FIELDS}
    try:
        read_fields(own, today=work.now.date())
    except InvalidError as error:
        wrong.update({name: list(said) for name, said in error.errors.items()})
    extras = known(work) if any(name.startswith(EXTRA) for name in changes) else {}
    for name, value in changes.items():
        if name in own:
            continue
        try:
            _look(work, extras, name, value)
        except Wrong as error:
            wrong[_shown(name)] = [str(error)]
    return wrong


def _look(work: Work, extras: Mapping[str, ExtraField], name: str, value: object) -> None:
    if name.startswith(EXTRA):
        field = extras.get(name.removeprefix(EXTRA))
        if field is None or (field.retired_at is not None and value is not None):
            raise Wrong("No extra field of this key is defined.")
        if value is not None:
            written(field.type, value)
    elif is_new_contact(name):
        if not isinstance(value, Mapping) or "kind" not in value:
            raise Wrong("Give an object with kind and value.")
        _contact(work, value)
    elif contact_of(name) is not None:
        if value is None:
            return
        # Of which kind it is shows when it is known whose it is; until then the value is only looked at as text.
        if not isinstance(value, Mapping) or not isinstance(value.get("value"), str) or not value.keys() <= _SAID:
            raise Wrong("Give an object with the right value, or null to remove the contact.")
    else:
        raise Wrong(_UNKNOWN)


def _contact(work: Work, value: Mapping[str, Any]) -> None:
    said = contact_said(value, kind=None)
    read_contact(said, home=home_region(work, said.value) if said.region is None else None)


def contact_said(value: Mapping[str, Any], *, kind: str | None) -> ContactSaid:
    """A contact as a change has it; *kind* is that of the one which it replaces.

    Raises:
        Wrong: where it is no such object.
    """
    texts = {name: one for name, one in value.items() if one is not None}
    if not texts.keys() <= _SAID or not all(isinstance(one, str) for one in texts.values()) or "value" not in texts:
        raise Wrong("Give an object with kind and value, and region or label where they are known.")
    return ContactSaid(**{**texts, "kind": kind or texts.get("kind", "")})


def is_grave(extras: Mapping[str, ExtraField], name: str, value: object, before: object) -> bool:
    """Whether a steward looks at a change first.

    Args:
        extras: definitions of extra fields, by key.
        name: key of the change.
        value: what is wanted.
        before: what stands, of a contact with its kind; None where that is not known.
    """
    if name.startswith(EXTRA):
        field = extras.get(name.removeprefix(EXTRA))
        return field is None or field.sensitivity is Sensitivity.SPECIAL or field.compartment is Compartment.FINANCE
    if name.startswith(CONTACT):
        told = value if is_new_contact(name) else before
        kind = told.get("kind") if isinstance(told, Mapping) else None
        return kind is None or kind in KEYS_TO_THE_DOOR
    return name in GRAVE


def disclosed_name(name: str, value: object, before: object) -> str:
    """The name under which disclosures know what a change is about: `person.city`, `contact.email`, `extra.KEY`."""
    if name.startswith(EXTRA):
        return name
    if name.startswith(CONTACT):
        told = value if is_new_contact(name) else before
        return f"{CONTACT}{told.get('kind') if isinstance(told, Mapping) else ''}"
    return f"person.{name}"


def _shown(name: str) -> str:
    """A key as errors name it: nothing that somebody made up is told back."""
    listed = name in FIELDS or is_new_contact(name) or contact_of(name) is not None
    return name if listed or (name.startswith(EXTRA) and name.removeprefix(EXTRA).isidentifier()) else "_"
