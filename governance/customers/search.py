"""Finding people by an exact value: a contact, the number of a purchase, an indexed extra field.

Nothing else can be asked of sealed data, and nothing of what was asked is kept. What an index answers is compared with
the opened value, so that whoever writes digests into the database leads nobody to the wrong person.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, func, literal, or_, select
from sqlalchemy.orm import aliased

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry
from governance.customers.codes import ContactKind
from governance.customers.contact_values import ContactSaid, read_contact
from governance.customers.contacts import home_region
from governance.customers.extra_column import extra_index
from governance.customers.extra_types import written
from governance.customers.extras import known
from governance.customers.loading import opened, warm
from governance.customers.reach import allow, within
from governance.customers.tables import ContactRow, ExtraValueRow, PersonRow, PurchaseRow
from governance.customers.texts import Complaints, Wrong, words
from governance.customers.views import PersonView, views
from governance.kernel.errors import ForbiddenError
from governance.kernel.ids import SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.access import allows
from governance.policies.classification import Compartment, Field
from governance.policies.permissions import Permission
from governance.vault.blind import BlindIndex
from governance.vault.errors import UnreadableError
from governance.vault.orm import SealedComparator, SealedRow

MOST_FOUND = 100
ANY_CONTACT = "contact"
PURCHASE_NUMBER = "purchase_number"
EXTRA = "extra."
_asked = aliased(PersonRow)
_EXACT_KINDS = (ContactKind.EMAIL, ContactKind.PHONE)


@frozen
class Found:
    """People who were found.

    Attributes:
        items: masked, in the order in which they were recorded.
        more: whether there are more than could be shown.
    """

    items: tuple[PersonView, ...]
    more: bool


def search(work: Work, *, by: str, value: str, region: str | None = None) -> Found:
    """People within reach who have exactly this value, masked; told in the log for each of them.

    Args:
        work: the transaction.
        by: a kind of contact, `contact` for any of them, `purchase_number`, or `extra.KEY`.
        value: as people write it; it is brought to its normal form as it is when it is kept.
        region: country of a phone number without a country code; the controller's by default.

    Raises:
        ForbiddenError: where the actor may not search, or not by this.
        InvalidError: where nothing can have this value, or nothing can be found by it.
    """
    reach = within(work, Permission.CUSTOMERS_SEARCH)
    errors = Complaints()
    holders: set[UUID] = set()
    with errors.at("value"):
        holders = _holders(work, by, value, region)
    errors.end("This cannot be searched for.")
    survivors = select(func.coalesce(_asked.merged_into, _asked.id)).where(
        _asked.id == any_(literal(list(holders), ARRAY(Uuid)))
    )
    query = select(PersonRow).where(PersonRow.id.in_(survivors), reach).order_by(PersonRow.id).limit(MOST_FOUND + 1)
    rows = work.session.scalars(query).all()
    items = views(work, Permission.CUSTOMERS_SEARCH, rows[:MOST_FOUND])
    _tell(work, by, items)
    return Found(tuple(items), len(rows) > MOST_FOUND)


def _tell(work: Work, by: str, items: Sequence[PersonView]) -> None:
    facts: dict[str, Fact] = {"by": by, "found": len(items)}
    refs: list[SubjectRef | None] = [one.ref for one in items]
    audit.append_many(work, [NewEntry(Action.PEOPLE_SEARCHED, subject=ref, facts=facts) for ref in refs or [None]])


def _holders(work: Work, by: str, value: str, region: str | None) -> set[UUID]:
    if by == PURCHASE_NUMBER:
        return _by_purchase(work, value)
    if by.startswith(EXTRA):
        return _by_extra(work, by.removeprefix(EXTRA), value)
    if by == ANY_CONTACT:
        return _by_any_contact(work, value, region)
    if by not in set(ContactKind):
        raise Wrong("Nothing can be found by this; ask for a contact, a purchase number or an indexed extra field.")
    kind = ContactKind(by)
    home = home_region(work, value) if kind is ContactKind.PHONE and region is None else None
    normal = read_contact(ContactSaid(kind=kind, value=value, region=region), home=home)
    return _by_contact(work, {kind: normal.value})


def _by_any_contact(work: Work, value: str, region: str | None) -> set[UUID]:
    """Whoever has this contact of whatever kind; kinds that it cannot be of are left out."""
    values: dict[ContactKind, str] = {}
    home = region or home_region(work, value)
    for kind in ContactKind:
        try:
            values[kind] = read_contact(ContactSaid(kind=kind, value=value), home=home).value
        except Wrong:
            if kind not in _EXACT_KINDS:
                raise
    return _by_contact(work, values)


def _by_contact(work: Work, values: Mapping[ContactKind, str]) -> set[UUID]:
    said = shipped.catalogue().field("contact.value")
    seen = {kind: value for kind, value in values.items() if _may(work, said.variant(kind))}
    if not seen:
        raise ForbiddenError("You may not search by this.")
    query = select(ContactRow).where(or_(*(ContactRow.value.of(kind) == value for kind, value in seen.items())))
    rows = list(work.session.scalars(query))
    warm(work, rows, Compartment.CONTACT)
    indexes = ContactRow.sealed_fields["value"].indexes
    normal = {kind.value: indexes[kind].normalise(value) for kind, value in seen.items()}
    return {row.person_id for row in rows if _same(row, "value", indexes[row.kind], normal[row.kind])}


def _by_purchase(work: Work, value: str) -> set[UUID]:
    allow(work, Permission.PURCHASES_READ)
    if not _may(work, shipped.catalogue().field("purchase.number")):
        raise ForbiddenError("You may not search by this.")
    number = words(value)
    rows = list(work.session.scalars(select(PurchaseRow).where(PurchaseRow.number == number)))
    warm(work, rows, Compartment.FINANCE)
    index = PurchaseRow.sealed_fields["number"].index
    return {row.person_id for row in rows if index and _same(row, "number", index, index.normalise(number))}


def _by_extra(work: Work, key: str, value: str) -> set[UUID]:
    definition = known(work).get(key)
    if definition is None or not definition.indexed:
        raise Wrong("No indexed extra field of this key is defined.")
    if not _may(work, definition.field):
        raise ForbiddenError("You may not search by this.")
    text, index, slot = written(definition.type, value), extra_index(definition.id), definition.compartment.value
    column = SealedComparator(ExtraValueRow, ExtraValueRow.sealed_fields[slot], index)
    query = select(ExtraValueRow).where(ExtraValueRow.field_id == definition.id, column == text)
    rows = list(work.session.scalars(query))
    warm(work, rows, Compartment(slot))
    return {row.person_id for row in rows if _same(row, slot, index, index.normalise(text))}


def _same(row: SealedRow, name: str, index: BlindIndex, normal: str) -> bool:
    """Whether a row that the blind index named has the value; where it does not open, the keyed digest must do."""
    try:
        value = opened(row, name)
    except UnreadableError:
        return True
    return value is not None and index.normalise(value) == normal


def _may(work: Work, said: Field) -> bool:
    """Whether the actor may know of this field at all; finding by it tells that somebody has the value."""
    return allows(work.actor, Permission.CUSTOMERS_SEARCH, field=said).allowed
