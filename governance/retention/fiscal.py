"""When the fiscal year begins, from whose end some laws count."""

from governance.customers.reach import allow
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.reference.operations import controller
from governance.reference.operations import set_fiscal_year as record


def fiscal_year(work: Work) -> str:
    """The first day of the controller's fiscal year, as month and day.

    Raises:
        ForbiddenError: where the actor may not see it.
        NoControllerError: where no controller was set yet.
    """
    allow(work, Permission.RETENTION_READ)
    return str(controller(work).fiscal_year)


def set_fiscal_year(work: Work, *, begins: str) -> str:
    """Say on which day the fiscal year begins; periods of policies in force are counted so from now on.

    Raises:
        ForbiddenError: where the actor may not put policies into force.
        NoControllerError: where no controller was set yet.
        InvalidError: where it is no day of each year; `errors` says so.
    """
    allow(work, Permission.RETENTION_ACTIVATE)
    return str(record(work, begins=begins).fiscal_year)
