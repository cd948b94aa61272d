"""Contacts that do not work: marked where a mailing system tells that a message to them came back for good."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ARRAY, LargeBinary, any_, func, literal, or_, select, update

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import NewEntry, ObjectRef
from governance.customers.records import NewContact
from governance.customers.standing import restricted
from governance.customers.tables import ContactRow, PersonRow
from governance.kernel.ids import SubjectRef
from governance.kernel.work import Work, tell_instant
from governance.vault.runtime import vault_of


def mark_bounced(work: Work, *, contacts: Sequence[NewContact], at: datetime) -> int:
    """Mark contacts as bounced with everybody who holds them; answers how many were marked.

    For whoever has decided that it may be. Statements do not grow with the contacts. Where processing is restricted
    nothing is changed (GDPR Art. 18(2)); the suppression ledger keeps such a contact from being written to all the
    same.

    Args:
        work: the transaction; those who hold one are locked until it ends.
        contacts: in normal form.
        at: when the last of the messages came back.
    """
    vault = vault_of(work.session)
    vault.keep_fresh(work.session)
    indexes = ContactRow.sealed_fields["value"].indexes
    asked = {digest for one in contacts for digest in vault.indexer.ask(indexes[one.kind], [one.value])}
    digest = ContactRow.__table__.columns["value_index"]
    mine = digest == any_(literal(sorted(asked), ARRAY(LargeBinary)))
    older = or_(ContactRow.bounced_at.is_(None), ContactRow.bounced_at < at)
    holders = select(ContactRow.person_id).where(mine, older)
    locked = (
        select(PersonRow.id, PersonRow.subject_ref)
        .where(PersonRow.id.in_(holders))
        .order_by(PersonRow.id)
        .with_for_update()
    )
    refs = {person: ref for person, ref in work.session.execute(locked)}  # noqa: C416 (rows are no pairs to mypy)
    closed = restricted(work, refs)
    people = [person for person in refs if person not in closed]
    if not people:
        return 0
    tell_instant(work)
    marked = work.session.execute(
        update(ContactRow)
        .where(mine, older, ContactRow.person_id.in_(people))
        .values(bounced_at=func.least(at, work.now))
        .returning(ContactRow.id, ContactRow.person_id)
        .execution_options(synchronize_session=False)
    ).all()
    work.session.execute(
        update(PersonRow)
        .where(PersonRow.id.in_({person for _, person in marked}))
        .values(version=PersonRow.version + 1, updated_at=work.now)
        .execution_options(synchronize_session=False)
    )
    work.session.expire_all()
    audit.append_many(
        work,
        [
            NewEntry(
                Action.CONTACT_BOUNCED,
                subject=SubjectRef(refs[person]),
                object=ObjectRef("contact", contact),
                facts={"at": at},
            )
            for contact, person in marked
        ],
    )
    return len(marked)
