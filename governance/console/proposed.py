"""What a proposal is about, in words: what would be done, to whom, with what; codes stay where there are no words."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from governance.consent import operations as consent
from governance.console import words, words_facts
from governance.console.guard import Visit
from governance.pages.languages import language
from governance.policies import shipped

Told = tuple[str, str, bool]
"""What a fact is called, what it says, and whether that is a code."""


def told(visit: Visit, payload: Mapping[str, object], known: Mapping[UUID, str]) -> Sequence[Told]:
    """The facts of a proposal; *known* are names of staff and of connected systems."""
    said = _words(visit, known)
    return [(words_facts.name_of(name), *_value(value, said.get(name, {}))) for name, value in payload.items()]


def _value(value: object, said: Mapping[str, str]) -> tuple[str, bool]:
    if value is None:
        return "—", False
    several = [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
    text = ", ".join(said.get(one, one) for one in several)
    return text, not (isinstance(value, int) or all(one in said for one in several))


def _words(visit: Visit, known: Mapping[UUID, str]) -> Mapping[str, Mapping[str, str]]:
    """What the values of facts are called, by fact."""
    names = {str(one): name for one, name in known.items()}
    roles = {name: role.titles.get(language()) for name, role in shipped.roles().roles.items()}
    fields = {f"person.{name}": said for name, said in words.fields().items()}
    return {
        "staff": names,
        "exporter": names,
        "exporter_kind": words.actors(),
        "role": roles,
        "key": {key: one.titles.get(language()) for key, one in shipped.retention_policies().items()},
        "channels": words.channels(),
        "purpose": {one.purpose.key: one.purpose.titles.get(language()) for one in consent.purposes(visit.work)},
        "fields": fields
        | {"contact.email": words.contact_kinds()["email"], "contact.phone": words.contact_kinds()["phone"]},
        "format": {"csv": "CSV", "xlsx": "XLSX", "json": "JSON"},
    }
