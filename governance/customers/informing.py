"""The clock of Art. 14 GDPR: whose data came from others and who was not told yet, and that they were.

For callers that have decided that it may be.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Uuid, case, column, func, literal, or_, select, tuple_, update

from governance.customers.codes import NotMailable, Source
from governance.customers.reach import within
from governance.customers.tables import PersonRow
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work, tell_instant
from governance.policies.permissions import Permission


@frozen
class Uninformed:
    """A person who is still to be told of the processing.

    Attributes:
        inform_by: until when (GDPR Art. 14(3)(a)).
        acquired_at: since when their data are here.
        source: where the data came from.
        language: ISO 639, where it is known.
    """

    subject: SubjectId
    inform_by: datetime
    acquired_at: datetime
    source: Source | None
    language: str | None


def note_informed(work: Work, *, told: Mapping[SubjectId, datetime]) -> None:
    """Note that people were told of the processing, by one statement; of several tellings the first counts.

    What stood against mail because they had not been told is over; what else stands against it stays.

    Args:
        work: the transaction.
        told: by person, who is nobody merged into another, when.
    """
    tell_instant(work)
    given = (
        func.unnest(literal(list(told), ARRAY(Uuid)), literal(list(told.values()), ARRAY(DateTime(timezone=True))))
        .table_valued(column("person", Uuid), column("at", DateTime(timezone=True)))
        .render_derived()
    )
    not_from_them = PersonRow.not_mailable == NotMailable.NOT_FROM_THE_PERSON.value
    work.session.execute(
        update(PersonRow)
        .where(PersonRow.id == given.c.person, or_(PersonRow.informed_at.is_(None), PersonRow.informed_at > given.c.at))
        .values(
            informed_at=given.c.at,
            not_mailable=case(
                (not_from_them & PersonRow.ground.is_(None), NotMailable.NO_GROUND.value),
                (not_from_them, None),
                else_=PersonRow.not_mailable,
            ),
            version=PersonRow.version + 1,
            updated_at=work.now,
        )
        .execution_options(synchronize_session=False)
    )
    work.session.expire_all()


def to_inform(
    work: Work,
    *,
    permission: Permission,
    until: datetime,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Uninformed]:
    """People within reach of *permission* who are to be told up to an instant, the most urgent first.

    Args:
        work: the transaction.
        permission: what the actor is about to use.
        until: the last instant.
        after: `inform_by` and id behind which to go on.
        limit: how many.

    Raises:
        ForbiddenError: where the actor may not do it at all.
    """
    row = PersonRow
    query = (
        select(row.id, row.inform_by, row.acquired_at, row.source, row.language)
        .where(row.inform_by.is_not(None), row.informed_at.is_(None), row.inform_by <= until)
        .where(row.merged_into.is_(None), row.deceased_at.is_(None), within(work, permission))
        .order_by(row.inform_by, row.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(row.inform_by, row.id) > tuple_(*after))
    return [
        Uninformed(SubjectId(person), inform_by, acquired_at, None if source is None else Source(source), language)
        for person, inform_by, acquired_at, source, language in work.session.execute(query)
        if inform_by is not None
    ]
