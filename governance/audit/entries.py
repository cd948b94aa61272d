"""The bytes of an entry: RFC 8785 JSON of closed codes, instants, counts and random references; nothing personal.

Version 1, keys in the order that RFC 8785 gives them::

    {"action": "customers:person:edited",            # see `actions`
     "actor": {"id": "…", "kind": "staff"},          # id: staff, client or a customer's subject reference; name: a code
     "at": "2026-11-22T12:00:00.123456Z",            # the instant of the transaction
     "class": "decision", "eid": "…", "facts": {…},
     "object": {"id": "…", "kind": "contact"},
     "outcome": "done",
     "personal": {"reason": "HMAC-SHA-256 in hex"},  # key: a random salt, sealed in audit_detail with the value
     "subject": "…",                                 # the person's random reference
     "v": 1}

What does not apply is left out. Bytes once written are never migrated: a later version gets its own reader.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple, TypeAlias
from uuid import UUID

from governance.audit.actions import Action, Outcome
from governance.audit.errors import AuditBrokenError, EntryError
from governance.audit.merkle import leaf_hash
from governance.kernel.ids import EntryId, OwnerId, SubjectRef, spelled, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Actor, ActorKind

VERSION = 1
MAX_LEAF_BYTES = 16 * 1024
SALT_BYTES = 32

Fact: TypeAlias = "str | int | bool | date | datetime | UUID | Sequence[Fact] | Mapping[str, Fact] | None"
"""A closed code, an instant, a count, a random reference, or a collection of such."""
Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"

# A code has no spaces and no @: what a person wrote, a name or an address does not pass for one by accident.
_CODE = re.compile(r"[!-?A-~]{0,1024}")


@frozen
class ObjectRef:
    """What was acted on, where that is not the subject.

    Attributes:
        kind: a code (`contact`, `import-batch`).
        id: its id.
    """

    kind: str
    id: UUID


@frozen
class NewEntry:
    """What is to be told.

    Attributes:
        action: the act.
        subject: the random reference of the person concerned.
        object: what was acted on.
        facts: closed codes, instants, counts, random references.
        personal: free text and other personal details by name; the entry holds only their keyed digests.
        owner: key owner under whom the details are sealed; needed where there are any.
        outcome: how the act ended.
    """

    action: Action
    subject: SubjectRef | None = None
    object: ObjectRef | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    owner: OwnerId | None = None
    outcome: Outcome = Outcome.DONE


@frozen
class Detail:
    """A personal detail on its way into the vault: *content* is salt and value."""

    name: str
    content: bytes


class EncodedEntry(NamedTuple):
    """An entry as it will be stored (a tuple, since thousands are made at once)."""

    eid: EntryId
    new: NewEntry
    leaf: bytes
    leaf_hash: bytes
    details: tuple[Detail, ...]


@frozen
class Entry:
    """An entry as it is read back from its bytes.

    Attributes:
        personal: by name, the keyed digest of each detail in hex.
        action: the code, which may be of a later release.
    """

    eid: EntryId
    at: datetime
    action: str
    action_class: str
    actor_kind: str
    actor_id: UUID | None
    actor_name: str | None
    subject: SubjectRef | None
    object: ObjectRef | None
    outcome: str
    facts: Mapping[str, Json]
    personal: Mapping[str, str]


Told = dict[tuple[object, ...], str]
"""JSON of facts by the facts: entries of thousands of acts at once tell the same few."""


def encode(new: NewEntry, *, actor: Actor, at: datetime, told_before: Told | None = None) -> EncodedEntry:
    """Make the bytes of an entry (version 1).

    Args:
        new: what is to be told.
        actor: who acts.
        at: the instant of the transaction.
        told_before: for many entries of one transaction; begins empty, and remembers from one to the next.

    Raises:
        EntryError: where a fact is no code, instant, count or reference, a detail has no owner, or the entry is longer
            than 16 KiB.
    """
    if new.personal and new.owner is None:
        raise EntryError("Personal details of an entry need the key owner under whom they are sealed.")
    eid = EntryId(uuid7())
    details = tuple(
        Detail(_code(name), secrets.token_bytes(SALT_BYTES) + value.encode("utf-8", "surrogatepass"))
        for name, value in new.personal.items()
    )
    told = _head(new.action, actor.kind, actor.id, actor.name, at) + f',"eid":"{spelled(eid)}"'
    if new.facts:
        facts = _canonical(new.facts) if told_before is None else _as_before(new.facts, told_before)
        told += f',"facts":{facts}'
    if new.object is not None:
        told += f',"object":{_canonical({"id": new.object.id, "kind": new.object.kind})}'
    told += f',"outcome":"{new.outcome.value}"'
    if details:
        told += f',"personal":{_canonical({detail.name: digest(detail.content) for detail in details})}'
    if new.subject is not None:
        told += f',"subject":"{spelled(new.subject)}"'
    leaf = f'{told},"v":{VERSION}}}'.encode("ascii")
    if len(leaf) > MAX_LEAF_BYTES:
        raise EntryError(f"The entry would be {len(leaf)} bytes long; {MAX_LEAF_BYTES} is the limit. Tell less in it.")
    return EncodedEntry(eid, new, leaf, leaf_hash(leaf), details)


def digest(content: bytes) -> str:
    """The keyed digest that an entry holds of a detail, from the sealed *content*: salt, then value."""
    return hmac.digest(content[:SALT_BYTES], content[SALT_BYTES:], "sha256").hex()


def decode(leaf: bytes) -> Entry:
    """Read the bytes of an entry, whatever their version.

    Raises:
        AuditBrokenError: where they are no entry of a version that is known.
    """
    try:
        told = json.loads(leaf)
        if told["v"] != VERSION:
            raise AuditBrokenError("An entry is of a version that this release cannot read.")
        return _read_version_1(told)
    except (ValueError, KeyError, TypeError):
        raise AuditBrokenError("The bytes of an entry are no entry.") from None


def _read_version_1(told: dict[str, Json]) -> Entry:
    actor, about = _mapping(told["actor"]), _mapping(told.get("object", {}))
    actor_id, actor_name = actor.get("id"), actor.get("name")
    subject = told.get("subject")
    return Entry(
        eid=EntryId(UUID(str(told["eid"]))),
        at=datetime.fromisoformat(str(told["at"])),
        action=str(told["action"]),
        action_class=str(told["class"]),
        actor_kind=str(actor["kind"]),
        actor_id=UUID(str(actor_id)) if actor_id is not None else None,
        actor_name=str(actor_name) if actor_name is not None else None,
        subject=SubjectRef(UUID(str(subject))) if subject is not None else None,
        object=ObjectRef(str(about["kind"]), UUID(str(about["id"]))) if about else None,
        outcome=str(told["outcome"]),
        facts=_mapping(told.get("facts", {})),
        personal={name: str(value) for name, value in _mapping(told.get("personal", {})).items()},
    )


def _mapping(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


@lru_cache(maxsize=16)
def _head(action: Action, kind: ActorKind, actor_id: UUID | None, actor_name: str, at: datetime) -> str:
    """The beginning of an entry, which all entries about one kind of act share within a transaction."""
    who: dict[str, Fact] = {"kind": kind.value}
    if actor_id is not None:
        who["id"] = actor_id
    if actor_name:
        who["name"] = actor_name
    return (
        f'{{"action":{_canonical(action.value)},"actor":{_canonical(who)},"at":"{instant(at)}"'
        f',"class":{_canonical(action.action_class.value)}'
    )


_LARGEST = 2**53 - 1


def _canonical(fact: Fact) -> str:
    """The JSON of a fact as RFC 8785 writes it; refuses what could be somebody's words.

    Without fractions, and with nothing but printable ASCII in texts and names, that is sorted and unspaced JSON. A test
    holds it to the reference implementation, which takes many times as long.
    """
    if isinstance(fact, str):
        return _quoted(fact)
    if isinstance(fact, UUID):
        return f'"{spelled(fact)}"'
    if fact is None or isinstance(fact, bool):
        return _CONSTANTS[fact]
    if isinstance(fact, int):
        if abs(fact) > _LARGEST:
            raise EntryError("A count in an entry is beyond what JSON numbers hold exactly (2**53).")
        return int.__repr__(fact)
    if isinstance(fact, datetime):
        return f'"{instant(fact)}"'
    if isinstance(fact, date):
        return f'"{fact.isoformat()}"'
    if isinstance(fact, Mapping):
        return "{" + ",".join([f"{_quoted(name)}:{_canonical(fact[name])}" for name in sorted(fact)]) + "}"
    if isinstance(fact, list | tuple):
        return "[" + ",".join(map(_canonical, fact)) + "]"
    raise EntryError(f"A fact of type {type(fact).__name__} cannot be told in an entry; give codes, instants, counts.")


def _as_before(facts: Mapping[str, Fact], told_before: Told) -> str:
    key: list[object] = []
    for name, fact in facts.items():
        # A truth value equals a number, and is told otherwise; collections may hold either.
        kind = type(fact)
        if kind not in _ALONE:
            return _canonical(facts)
        key += (name, kind, fact)
    of = tuple(key)
    known = told_before.get(of)
    if known is None:
        known = told_before[of] = _canonical(facts)
    return known


_ALONE = frozenset({str, int, bool, UUID, type(None)})
_CONSTANTS = {None: "null", True: "true", False: "false"}


def instant(at: datetime) -> str:
    """An instant as entries spell it: UTC, always with six decimals."""
    if at.tzinfo is None:
        raise EntryError("An instant in an entry needs a time zone.")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise EntryError("A fact holds free text. Facts are closed codes; what a person wrote is a personal detail.")
    return text


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    """A code in quotation marks; the same few codes come again and again."""
    return json.dumps(_code(text))
