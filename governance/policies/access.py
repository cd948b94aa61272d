"""Who may do what, see what, and on which rows.

Three questions, each answered *no* where nothing says yes:
1. Is the act granted, and not denied? A denial by any role wins over all grants.
2. Does the grant reach the row? Own clients are those whom the staff member is responsible for.
3. How much of the field does it show? The most that a role which itself grants the act shows, but never more than a
   `never` rule of any role held, and in ordinary reading never more than the catalogue's own visibility.
Hence a further role widens or leaves as is, unless it denies; a further denial narrows or leaves as is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from governance.policies.classification import Sensitivity, Visibility
from governance.policies.documents import Titles
from governance.policies.permissions import FieldUse, Permission
from governance.policies.roles import EVERYTHING, FieldGrant, FieldScope, Grant, Role, RoleBook, RowScope, parse_grant
from governance.policies.shipped import permissions as shipped_permissions
from governance.policies.shipped import roles as shipped_roles


class Reason(StrEnum):
    """Why an act is allowed or not."""

    GRANTED = "granted"
    UNKNOWN_PERMISSION = "unknown-permission"
    NOT_GRANTED = "not-granted"
    DENIED = "denied"
    NOT_OWN_ROW = "not-own-row"
    FIELD_HIDDEN = "field-hidden"


class Grantee(Protocol):
    """What access looks at in an actor."""

    @property
    def id(self) -> UUID | None:
        """Who it is."""

    @property
    def permissions(self) -> frozenset[str]:
        """Grants and denials, as `RoleBook.grants_of` writes them; scopes of an API client."""

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of roles, which tell what fields are shown."""


class Classified(Protocol):
    """What access looks at in a field; `classification.Field` has it."""

    @property
    def category(self) -> str:
        """Key of the data category (fideslang)."""

    @property
    def sensitivity(self) -> Sensitivity:
        """How delicate it is."""

    @property
    def visibility(self) -> Visibility:
        """The most that ordinary reading shows."""


@dataclass(frozen=True, slots=True)
class Row:
    """What access looks at in a row.

    Attributes:
        responsible: the staff member responsible for the customer; None where there is none.
    """

    responsible: UUID | None


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer.

    Attributes:
        allowed: whether the act may be done.
        visibility: how much of the field is shown; hidden where no field was asked about.
        rows: which rows the act reaches; whoever lists or searches must keep to them.
        reason: why.
        rule: the rule that decided, for example `sales/allow/customers:read@own`.
    """

    allowed: bool
    visibility: Visibility
    rows: RowScope
    reason: Reason
    rule: str


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule that spoke on the question.

    Attributes:
        rule: its name: role, part and number or text.
        effect: what it said: allow, deny, or a visibility.
    """

    rule: str
    effect: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, and all the rules that spoke on it, denials first."""

    decision: Decision
    rules: tuple[RuleHit, ...]


def allows(
    actor: Grantee,
    permission: str,
    *,
    field: Classified | None = None,
    row: Row | None = None,
    purpose: str | None = None,
    book: RoleBook | None = None,
) -> Decision:
    """Decide whether *actor* may do an act, and how much of a field it shows.

    Args:
        actor: who asks.
        permission: the act, `area:act`; an unknown one is refused.
        field: the field concerned. A field that is hidden refuses the act.
        row: the row concerned. Without it the answer holds for the rows that `Decision.rows` names.
        purpose: what it is done for, where some roles see more for some purposes.
        book: the roles; those shipped where none are given.
    """
    return explain(actor, permission, field=field, row=row, purpose=purpose, book=book).decision


def explain(
    actor: Grantee,
    permission: str,
    *,
    field: Classified | None = None,
    row: Row | None = None,
    purpose: str | None = None,
    book: RoleBook | None = None,
) -> Explanation:
    """Decide as `allows` does, and name every rule that spoke on the question."""
    return _explain(
        book or shipped_roles(),
        actor.permissions,
        actor.roles,
        permission,
        None if field is None else (field.category, field.sensitivity, field.visibility),
        None if row is None else row.responsible is not None and row.responsible == actor.id,
        purpose,
    )


_FieldFacts = tuple[str, Sensitivity, Visibility]


@lru_cache(maxsize=8192)
def _explain(
    book: RoleBook,
    held: frozenset[str],
    roles: tuple[str, ...],
    word: str,
    field: _FieldFacts | None,
    own: bool | None,  # noqa: FBT001 (a part of the cache's key)
    purpose: str | None,
) -> Explanation:
    if word not in set(Permission):
        return _refused(Reason.UNKNOWN_PERMISSION, word, ())
    permission = Permission(word)
    sources = _sources(book, held, roles)
    denials = tuple(RuleHit(rule, "deny") for rule, grant, _ in sources if grant.deny and grant.covers(permission))
    if denials:
        return _refused(Reason.DENIED, denials[0].rule, denials)
    granted = [source for source in sources if source[1].covers(permission)]
    if not granted:
        return _refused(Reason.NOT_GRANTED, word, ())
    reaching = [source for source in granted if own is not False or source[1].rows is RowScope.ALL]
    hits = tuple(RuleHit(rule, "allow") for rule, _, _ in granted)
    if not reaching:
        return _refused(Reason.NOT_OWN_ROW, hits[0].rule, hits)
    widest = max(reaching, key=lambda source: source[1].rows is RowScope.ALL)
    rows = widest[1].rows
    if field is None:
        return Explanation(Decision(True, Visibility.HIDDEN, rows, Reason.GRANTED, widest[0]), hits)
    carrying = tuple(dict.fromkeys(role for _, _, role in reaching))
    shown, speaking = _shown(book.held(roles), carrying, shipped_permissions()[permission].use, field, purpose)
    hits = (*hits, *speaking)
    if shown is None:
        return _refused(Reason.FIELD_HIDDEN, speaking[0].rule if speaking else "catalogue", hits)
    return Explanation(Decision(True, shown, rows, Reason.GRANTED, widest[0]), hits)


def _refused(reason: Reason, rule: str, hits: tuple[RuleHit, ...]) -> Explanation:
    return Explanation(Decision(False, Visibility.HIDDEN, RowScope.NONE, reason, rule), hits)


_Source = tuple[str, Grant, Role | None]
"""Name of a rule, what it grants, and the role whose field rules go with it; None shows every field."""

_NO_FIELDS = Role(name="", titles=Titles("", "", ""), grants=())


def _sources(book: RoleBook, held: frozenset[str], roles: tuple[str, ...]) -> list[_Source]:
    """The grants that an actor carries, each with the role whose field rules go with it.

    What an actor carries decides: a role it is named for, but whose grants it does not carry, only takes away.
    """
    known = book.held(roles)
    found: list[_Source] = [
        (f"{role.name}/{'deny' if grant.deny else 'allow'}/{grant}", grant, role)
        for role in known
        for grant in role.grants
        if grant.deny or str(grant) in held
    ]
    of_roles = {str(grant) for _, grant, _ in found}
    speakers = [role for role in known if role.scopes]
    for text in sorted(held):
        grant_held = parse_grant(text)
        if grant_held is None:
            continue
        if grant_held.pattern == EVERYTHING:
            found.append((f"scope/{text}", grant_held, None))
        elif speakers or text not in of_roles:
            found += [(f"scope/{text}", grant_held, role) for role in speakers or [_NO_FIELDS]]
    return found


def _shown(
    roles: Iterable[Role], carrying: Iterable[Role | None], use: FieldUse, field: _FieldFacts, purpose: str | None
) -> tuple[Visibility | None, list[RuleHit]]:
    """How much of a field is shown by an act of this *use* and by which rules; None where the act is refused."""
    category, sensitivity, by_catalogue = field
    caps = [cap for role in roles for cap in role.caps if cap.scope.covers(category, sensitivity)]
    speaking: list[FieldGrant] = []
    for role in carrying:
        speaking += _EVERY_FIELD if role is None else (grant for grant in role.fields if _speaks(grant, field, purpose))
    if use is FieldUse.WRITE:
        speaking = [grant for grant in speaking if grant.write]
    hits = [RuleHit(cap.rule, f"at most {cap.at_most}") for cap in caps]
    hits += [RuleHit(grant.rule, grant.shows(use).value) for grant in speaking]
    ceilings = [cap.at_most for cap in caps]
    if use is not FieldUse.REVEAL:
        hits.append(RuleHit("catalogue", f"at most {by_catalogue}"))
    limits = ceilings if use is FieldUse.REVEAL else [*ceilings, by_catalogue]
    shown = min([_most(speaking, use), *limits], key=_rank)
    if use is FieldUse.WRITE:
        allowed = bool(speaking) and Visibility.HIDDEN not in ceilings
    elif use is FieldUse.REVEAL:
        allowed = shown is Visibility.CLEAR
    else:
        allowed = shown is not Visibility.HIDDEN
    return (shown if allowed else None), hits


def _rank(visibility: Visibility) -> int:
    return visibility.rank


def _most(speaking: Iterable[FieldGrant], use: FieldUse) -> Visibility:
    return max((grant.shows(use) for grant in speaking), key=_rank, default=Visibility.HIDDEN)


def _speaks(grant: FieldGrant, field: _FieldFacts, purpose: str | None) -> bool:
    for_purpose = grant.purposes is None or purpose in grant.purposes
    return for_purpose and grant.scope.covers(field[0], field[1])


_EVERY_FIELD = (
    FieldGrant(
        rule=EVERYTHING,
        scope=FieldScope("", frozenset(Sensitivity)),
        purposes=None,
        read=Visibility.CLEAR,
        reveal=Visibility.CLEAR,
        write=True,
    ),
)
