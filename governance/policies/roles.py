"""Roles: named sets of permissions, with what each lets its holder see. Data, read from `roles.yaml`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from governance.policies.classification import Sensitivity, Visibility
from governance.policies.documents import Node, Titles, parse, titles
from governance.policies.permissions import FieldUse, Permission

_GRANT = re.compile(r"(?P<deny>!)?(?P<pattern>\*|(?P<area>[a-z_]+):(?:[a-z_]+|\*))(?P<own>@own)?")
EVERYTHING = "*"
"""What the system itself and the operator at the host hold; no role and no scope may."""


class RowScope(StrEnum):
    """Which rows a permission reaches."""

    NONE = "none"
    OWN = "own"
    """Only the customers whom the staff member is responsible for."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission granted or denied: `customers:read`, `customers:*`, `customers:read@own`, `!customers:reveal`.

    Attributes:
        pattern: one permission, all of an area (`customers:*`), or `*`.
        deny: whether it takes away; what is denied once is denied.
        rows: which rows it reaches.
    """

    pattern: str
    deny: bool = False
    rows: RowScope = RowScope.ALL

    def __str__(self) -> str:
        return f"{'!' if self.deny else ''}{self.pattern}{'@own' if self.rows is RowScope.OWN else ''}"

    def covers(self, permission: Permission) -> bool:
        """Whether *permission* falls under the pattern."""
        if self.pattern.endswith("*"):
            return permission.value.startswith(self.pattern[:-1])
        return permission.value == self.pattern


def parse_grant(text: str) -> Grant | None:
    """Read a grant; None where *text* is none, or denies for some rows only, which would widen by denying."""
    parts = _GRANT.fullmatch(text)
    if parts is None or (parts["deny"] and parts["own"]):
        return None
    return Grant(parts["pattern"], deny=bool(parts["deny"]), rows=RowScope.OWN if parts["own"] else RowScope.ALL)


@dataclass(frozen=True, slots=True)
class FieldScope:
    """A set of fields: a category with all below it, of some sensitivities.

    Attributes:
        category: fideslang key; `user.contact` covers `user.contact.email`.
        sensitivities: which are meant.
    """

    category: str
    sensitivities: frozenset[Sensitivity]

    def covers(self, category: str, sensitivity: Sensitivity) -> bool:
        """Whether a field of this *category* and *sensitivity* is in the set."""
        below = category == self.category or category.startswith(f"{self.category}.")
        return below and sensitivity in self.sensitivities


@dataclass(frozen=True, slots=True)
class FieldGrant:
    """What a role's own permissions show of a set of fields.

    Attributes:
        rule: name of this rule in explanations.
        scope: which fields.
        purposes: purposes that it holds for; None for any.
        read: the most that reading shows (the catalogue may show less).
        reveal: the most that a reveal shows.
        write: whether the fields may be written.
    """

    rule: str
    scope: FieldScope
    purposes: frozenset[str] | None
    read: Visibility
    reveal: Visibility
    write: bool

    def shows(self, use: FieldUse) -> Visibility:
        """The most that an act of this *use* shows."""
        return {FieldUse.READ: self.read, FieldUse.REVEAL: self.reveal, FieldUse.WRITE: self.read}.get(
            use, Visibility.HIDDEN
        )


@dataclass(frozen=True, slots=True)
class FieldCap:
    """The most that the holder of a role is ever shown of a set of fields, whatever other roles say.

    Attributes:
        rule: name of this rule in explanations.
        scope: which fields.
        at_most: hidden or masked.
    """

    rule: str
    scope: FieldScope
    at_most: Visibility


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of permissions.

    Attributes:
        name: code of the role.
        titles: what it is called.
        grants: permissions granted and denied.
        fields: what its own permissions show of which fields.
        caps: what is never shown to its holder.
        scopes: whether `fields` speaks for permissions that an API client holds as scopes; the role grants none itself.
    """

    name: str
    titles: Titles
    grants: tuple[Grant, ...]
    fields: tuple[FieldGrant, ...] = ()
    caps: tuple[FieldCap, ...] = ()
    scopes: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RoleBook:
    """All roles, by name."""

    roles: Mapping[str, Role]

    def held(self, names: Iterable[str]) -> tuple[Role, ...]:
        """The roles called *names*; a name that no role has grants nothing."""
        return tuple(self.roles[name] for name in dict.fromkeys(names) if name in self.roles)

    def grants_of(self, names: Iterable[str]) -> frozenset[str]:
        """All that the roles called *names* grant and deny, as an actor carries it."""
        return frozenset(str(grant) for role in self.held(names) for grant in role.grants)


def parse_roles(source: bytes, *, name: str) -> RoleBook:
    """Read roles.

    Raises:
        DocumentError: where the document is malformed or names a permission that does not exist.
    """
    entries = parse(source, name=name).fields(required=("roles",))["roles"].entries()
    return RoleBook(MappingProxyType({word: _role(node, word) for word, node in entries.items()}))


def _role(node: Node, name: str) -> Role:
    said = node.fields(required=("titles",), optional=("rows", "allow", "deny", "fields", "never", "scopes"))
    rows = said["rows"].choice(RowScope) if "rows" in said else RowScope.ALL
    if rows is RowScope.NONE:
        said["rows"].wrong("must be all or own")
    allowed = [_grant(item, deny=False, rows=rows) for item in said["allow"].items()] if "allow" in said else []
    denied = [_grant(item, deny=True, rows=RowScope.ALL) for item in said["deny"].items()] if "deny" in said else []
    fields = said["fields"].items() if "fields" in said else []
    caps = said["never"].items() if "never" in said else []
    scopes = "scopes" in said and said["scopes"].flag()
    if scopes and allowed:
        said["allow"].wrong("a role that speaks for scopes grants nothing itself")
    return Role(
        name=name,
        titles=titles(said["titles"]),
        grants=(*allowed, *denied),
        fields=tuple(_field_grant(item, f"{name}/fields/{place}") for place, item in enumerate(fields, 1)),
        caps=tuple(_field_cap(item, f"{name}/never/{place}") for place, item in enumerate(caps, 1)),
        scopes=scopes,
    )


def _grant(node: Node, *, deny: bool, rows: RowScope) -> Grant:
    word = node.text()
    grant = parse_grant(word)
    if grant is None or grant.deny or grant.rows is not RowScope.ALL or word == EVERYTHING:
        node.wrong("must be a permission such as customers:read, or customers:*")
    if not any(grant.covers(permission) for permission in Permission):
        node.wrong(f"{word!r} is no permission")
    return Grant(grant.pattern, deny=deny, rows=rows)


def _scope(said: Mapping[str, Node]) -> FieldScope:
    listed = said["sensitivity"].choices(Sensitivity) if "sensitivity" in said else list(Sensitivity)
    return FieldScope(category=said["category"].text(), sensitivities=frozenset(listed))


def _field_grant(node: Node, rule: str) -> FieldGrant:
    said = node.fields(required=("category", "read"), optional=("sensitivity", "purposes", "reveal", "write"))
    return FieldGrant(
        rule=rule,
        scope=_scope(said),
        purposes=frozenset(said["purposes"].texts()) if "purposes" in said else None,
        read=said["read"].choice(Visibility),
        reveal=said["reveal"].choice(Visibility) if "reveal" in said else Visibility.HIDDEN,
        write="write" in said and said["write"].flag(),
    )


def _field_cap(node: Node, rule: str) -> FieldCap:
    said = node.fields(required=("category", "at_most"), optional=("sensitivity",))
    return FieldCap(rule=rule, scope=_scope(said), at_most=said["at_most"].choice(Visibility))
