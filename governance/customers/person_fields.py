"""Writing the fields of one person: who may, what would be lost, and what follows from what."""

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from governance.accounts import operations as accounts
from governance.accounts.errors import DisabledError, NoSuchStaffError
from governance.customers import duty
from governance.customers.codes import Ground, NotMailable, Source
from governance.customers.loading import opened
from governance.customers.merged import merged_into, speaking
from governance.customers.reach import reaches
from governance.customers.records import SEALED_FIELDS
from governance.customers.shown import catalogued, refuse_unwritable
from governance.customers.standing import refuse_if_held
from governance.customers.tables import PersonRow
from governance.customers.texts import Complaints
from governance.kernel.errors import ForbiddenError, PreconditionError
from governance.kernel.ids import StaffId
from governance.kernel.work import Work
from governance.policies.ages import age_at_least
from governance.policies.classification import Compartment
from governance.policies.masking import UNREADABLE
from governance.policies.permissions import Permission
from governance.vault.errors import UnreadableError

_SEALED = frozenset(SEALED_FIELDS)
_LISTS = ("tags", "interests")


def touch(work: Work, person: PersonRow) -> None:
    """Count a change of the person's record, contacts and extra fields included."""
    person.version += 1
    person.updated_at = work.now
    work.session.flush()


def refuse_other_version(person: PersonRow, if_version: int | None) -> None:
    """Stop an edit by whoever read another version of the person, contacts and extra fields included.

    Raises:
        PreconditionError: where *if_version* is not its version any more.
    """
    if if_version is not None and person.version != if_version:
        raise PreconditionError("The record has changed since you read it; read it again, then edit.")


def change_fields(work: Work, person: PersonRow, told: Mapping[str, object], *, permission: Permission) -> list[str]:
    """Bring fields of *person* to the values in *told*, which are in normal form; answers the names of those changed.

    Raises:
        ForbiddenError: where the actor may not write one of them, or would lose sight of the person.
        LegalHoldError: where a hold keeps what would be lost.
        InvalidError: where values contradict each other.
    """
    _check(work, person, told)
    before = {name: value_of(person, name) for name in told}
    changed = sorted(name for name, value in told.items() if value != before[name])
    sealed = [name for name in changed if name in _SEALED]
    fields = [catalogued(person, name) for name in sealed]
    refuse_unwritable(work, permission, fields, responsible=person.responsible_id)
    refuse_if_held(work, person, {Compartment.PROFILE for name in sealed if before[name] is not None})
    for name in changed:
        _set(work, person, name, told[name])
    _derive(work, person)
    if not reaches(work, permission, person):
        raise ForbiddenError("You can only record and keep people whom you look after yourself.")
    return changed


def value_of(person: PersonRow, name: str) -> object:
    """The value of a field as `values.read_fields` gives it; `UNREADABLE`, which no field can be, where none opens."""
    if name in _SEALED:
        try:
            held = opened(person, name)
        except UnreadableError:  # so that it can be recorded anew, or emptied
            return UNREADABLE
        return (tuple(held) if held else None) if name in _LISTS else held
    if name == "deceased":
        return person.deceased_at is not None
    if name == "not_mailable":
        return NotMailable.DECIDED if person.not_mailable == NotMailable.DECIDED else None
    return getattr(person, "responsible_id" if name == "responsible" else name)


def _set(work: Work, person: PersonRow, name: str, value: object) -> None:
    if name in _LISTS:
        setattr(person, name, list(value) if isinstance(value, tuple) else None)
    elif name == "deceased":
        person.deceased_at = work.now if value else None
    elif name == "responsible":
        person.responsible_id = value if isinstance(value, UUID) else None
    else:
        setattr(person, name, value)


def _check(work: Work, person: PersonRow, told: Mapping[str, object]) -> None:
    errors = Complaints()
    if told.get("not_mailable") not in (None, NotMailable.DECIDED):
        errors.add("not_mailable", "Only decided can be set; the other reasons follow from what is known.")
    deceased = told.get("deceased", person.deceased_at is not None)
    has_date = told["deceased_on"] is not None if "deceased_on" in told else value_of(person, "deceased_on") is not None
    if has_date and not deceased:
        errors.add("deceased_on", "A date of death goes with deceased: true; empty it where the person lives.")
    responsible = told.get("responsible")
    if isinstance(responsible, UUID) and responsible != person.responsible_id:
        try:
            accounts.staff_actor(work, staff=StaffId(responsible))
        except (NoSuchStaffError, DisabledError):
            errors.add("responsible", "No active staff member has this id.")
    informed_at = told.get("informed_at")
    if informed_at is not None and informed_at > work.now:  # type: ignore[operator]  # an instant, as read
        errors.add("informed_at", "This instant lies in the future.")
    errors.end("Some fields cannot be kept as they are.")


def _derive(work: Work, person: PersonRow) -> None:
    """What follows from the fields: until when the person must be told, their age, and why nothing may be sent."""
    others = merged_into(work, [person.id]).get(person.id, ()) if person.version > 1 else ()
    with suppress(UnreadableError):  # the age reached when it last could be read holds
        born: str | None = opened(speaking(person, others, "birth_date"), "birth_date")
        person.age_at_least = None if born is None else age_at_least(born, at=work.now)
    source = None if person.source is None else Source(person.source)
    ground = None if person.ground is None else Ground(person.ground)
    person.inform_by = duty.inform_by(source, acquired_at=person.acquired_at)
    owed = [one.inform_by for one in others if one.inform_by is not None and one.informed_at is None]
    if person.inform_by is None and person.informed_at is None and owed:
        person.inform_by, source = min(owed), Source.TAKEN_OVER
    person.not_mailable = duty.obstacle(
        source,
        ground,
        informed=person.informed_at is not None,
        deceased=person.deceased_at is not None,
        decided=person.not_mailable == NotMailable.DECIDED,
    )
