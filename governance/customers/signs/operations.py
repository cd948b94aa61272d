"""Every verb of this package."""

from collections.abc import Sequence

from sqlalchemy import ARRAY, Uuid, any_, literal, update

from governance.customers.signs.tables import SignRow
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work


def give_sign(work: Work, *, people: Sequence[SubjectId]) -> None:
    """Take down that people gave a sign of life now, for whoever has decided that it was one."""
    these = any_(literal(list(people), ARRAY(Uuid)))
    work.session.execute(
        update(SignRow)
        .where(SignRow.person_id == these, SignRow.last_at < work.now)
        .values(last_at=work.now, proven=True),
        execution_options={"synchronize_session": False},
    )
