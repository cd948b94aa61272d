"""What a rule may ask after: fields that its author may see at all, and none that points at one person."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from governance.customers.extra_types import ExtraField
from governance.customers.extras import known
from governance.customers.segments.opening import EXTRA_KINDS
from governance.kernel.errors import ForbiddenError, InvalidError, Sentence
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.access import allows
from governance.policies.classification import Compartment, Field, Sensitivity, Visibility
from governance.policies.permissions import Permission
from governance.policies.segment_fields import EXTRA, Place, ValueKind
from governance.policies.segments import Compare, May, Rule, RuleError, leaves, parse_rule

PURPOSE: Final = "personalisation"
"""Choosing people by what is known of them is profiling: fields are seen for it, and objections to it count."""
_POINTING: Final = ("user.name", "user.contact", "user.unique_id", "user.government_id", "user.account", "user.device")
"""Categories whose values name one person or reach one; extra fields of these cannot be asked after."""


def read_rule(work: Work, document: object) -> tuple[Rule, Mapping[str, ExtraField]]:
    """A rule, and the extra fields that it asks after, by key.

    Raises:
        InvalidError: where it is none; `errors` says by place what is wrong.
    """
    return _read(document, known(work))


def _read(document: object, defined: Mapping[str, ExtraField]) -> tuple[Rule, Mapping[str, ExtraField]]:
    extras = {key: one for key, one in defined.items() if _is_askable(one)}
    kinds: dict[str, ValueKind] = {key: EXTRA_KINDS[one.type] for key, one in extras.items()}
    try:
        rule = parse_rule(document, extras=kinds)
    except RuleError as error:
        place = f"rule.{error.path}" if error.path else "rule"
        raise InvalidError(
            "This is no rule of a segment.", errors={place: [Sentence(error.pattern, error.values)]}
        ) from None
    names = [one.field.name for one in leaves(rule) if isinstance(one, Compare) and one.field.place is Place.EXTRA]
    return rule, {name.removeprefix(EXTRA): extras[name.removeprefix(EXTRA)] for name in names}


def questions(rule: Rule) -> list[May]:
    """What a rule asks of send checks."""
    return [one for one in leaves(rule) if isinstance(one, May)]


def asked_fields(work: Work, document: object) -> list[Field]:
    """The sealed fields that a rule asks after.

    Raises:
        InvalidError: where it is no rule.
        ForbiddenError: where the actor may not know of one of them.
    """
    fields = _fields(*read_rule(work, document))
    for one in fields:
        if not allows(work.actor, Permission.SEGMENTS_DEFINE, field=one, purpose=PURPOSE).allowed:
            raise ForbiddenError("Some of these fields are not yours to ask after.", errors={"rule": [one.path]})
    return fields


class Readers:
    """Who may know a rule: whoever may see the fields that it asks after, as far as an author has to.

    What a segment finds tells of the people in it what its rule asks after; so its counts are for the same readers.
    """

    def __init__(self, work: Work) -> None:
        self._work, self._known = work, known(work)

    def admit(self, document: object, permission: Permission, *, special: bool) -> bool:
        """Whether the actor may do an act with a rule.

        Args:
            document: the rule as it was written.
            permission: for the act.
            special: whether it was written as one on special categories. A rule that cannot be read any more, since a
                field of it is not what it was, is then for those alone who see all fields of such categories.
        """
        fields: Sequence[Field | _Special]
        try:
            fields = _fields(*_read(document, self._known))
        except InvalidError:
            fields = [_SPECIAL] if special else []
        actor = self._work.actor
        return all(allows(actor, permission, field=one, purpose=PURPOSE).allowed for one in fields)


class _Special(NamedTuple):
    """A field of the most delicate kind, as access looks at it."""

    category: str
    sensitivity: Sensitivity
    visibility: Visibility


_SPECIAL: Final = _Special("user.health_and_medical", Sensitivity.SPECIAL, Visibility.MASKED)


def _fields(rule: Rule, extras: Mapping[str, ExtraField]) -> list[Field]:
    sealed = {one.field.sealed for one in leaves(rule) if isinstance(one, Compare) and one.field.sealed}
    fields = [shipped.catalogue().field(f"person.{name}") for name in sorted(sealed)]
    return fields + [extras[key].field for key in sorted(extras)]


def _is_askable(one: ExtraField) -> bool:
    pointing = any(one.category == key or one.category.startswith(f"{key}.") for key in _POINTING)
    open_to_some = one.visibility is not Visibility.HIDDEN and one.compartment is not Compartment.CONTACT
    return open_to_some and not one.indexed and not pointing
