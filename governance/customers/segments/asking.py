"""What a rule may ask after: fields that its author may see at all, and none that points at one person."""

from collections.abc import Mapping
from typing import Final

from governance.customers.extra_types import ExtraField
from governance.customers.extras import known
from governance.customers.segments.opening import EXTRA_KINDS
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.access import allows
from governance.policies.classification import Compartment, Field, Visibility
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
    extras = {key: one for key, one in known(work).items() if _is_askable(one)}
    kinds: dict[str, ValueKind] = {key: EXTRA_KINDS[one.type] for key, one in extras.items()}
    try:
        rule = parse_rule(document, extras=kinds)
    except RuleError as error:
        place = f"rule.{error.path}" if error.path else "rule"
        raise InvalidError("This is no rule of a segment.", errors={place: [error.problem]}) from None
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
    rule, extras = read_rule(work, document)
    sealed = {one.field.sealed for one in leaves(rule) if isinstance(one, Compare) and one.field.sealed}
    fields = [shipped.catalogue().field(f"person.{name}") for name in sorted(sealed)]
    fields += [extras[key].field for key in sorted(extras)]
    for one in fields:
        if not allows(work.actor, Permission.SEGMENTS_DEFINE, field=one, purpose=PURPOSE).allowed:
            raise ForbiddenError("Some of these fields are not yours to ask after.", errors={"rule": [one.path]})
    return fields


def _is_askable(one: ExtraField) -> bool:
    pointing = any(one.category == key or one.category.startswith(f"{key}.") for key in _POINTING)
    open_to_some = one.visibility is not Visibility.HIDDEN and one.compartment is not Compartment.CONTACT
    return open_to_some and not one.indexed and not pointing
