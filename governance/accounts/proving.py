"""The proof that a staff member gives: a password, and a code that is good once."""

from sqlalchemy import select, update

from governance.accounts import factors, passwords
from governance.accounts.attempts import Attempt, end_attempt
from governance.accounts.tables import CredentialRow, RecoveryCodeRow, StaffRow
from governance.kernel.errors import UnauthenticatedError
from governance.kernel.work import Work


def prove(work: Work, attempt: Attempt, password: str, code: str) -> tuple[StaffRow, str]:
    """Who signs in, and whether by a code of the second factor or a recovery code; the attempt is settled.

    Raises:
        UnauthenticatedError: where anything is wrong; known or not, one password is verified.
    """
    staff = work.session.scalars(
        select(StaffRow).where(StaffRow.email == attempt.email, StaffRow.disabled_at.is_(None))
    ).one_or_none()
    kept = None
    if staff is not None:
        query = select(CredentialRow).where(CredentialRow.staff_id == staff.id).with_for_update()
        kept = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    right = passwords.matches_password(password, None if kept is None else kept.password)
    spent = _spend(work, kept, code) if right and kept is not None else None
    if staff is None or spent is None:
        raise UnauthenticatedError("The e-mail address, the password or the code is wrong.")
    end_attempt(work, attempt)
    return staff, spent


def _spend(work: Work, kept: CredentialRow, code: str) -> str | None:
    """Take a code of the second factor or a recovery code, none twice; answers which it was, None where neither."""
    step = factors.step_of("".join(code.split()), secret=kept.secret or "", at=work.now, after=kept.last_step)
    if step is not None:
        kept.last_step = step
        kept.factor_confirmed_at = kept.factor_confirmed_at or work.now
        work.session.flush()
        return "totp"
    spent = work.session.execute(
        update(RecoveryCodeRow)
        .where(
            RecoveryCodeRow.digest == factors.recovery_digest(code),
            RecoveryCodeRow.staff_id == kept.staff_id,
            RecoveryCodeRow.used_at.is_(None),
        )
        .values(used_at=work.now)
        .returning(RecoveryCodeRow.staff_id),
        execution_options={"synchronize_session": False},
    ).one_or_none()
    return None if spent is None else "recovery_code"
