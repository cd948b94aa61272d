"""Staff, connected systems, and what the doctor finds."""

from flask import Response

from governance.accounts import operations as accounts
from governance.console import people, words_health
from governance.console.frame import page
from governance.console.guard import Visit, screen
from governance.console.place import current_console
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.policies import shipped


@screen("/staff", "staff")
def staff(visit: Visit) -> Response:
    """Members of staff and their roles."""
    titles = {name: role.titles.get(language()) for name, role in shipped.roles().roles.items()}
    return page(visit, "staff", part="staff", rows=accounts.list_staff(visit.work), titles=titles)


@screen("/clients", "clients")
def clients(visit: Visit, typed: Typed = EMPTY, **_names: object) -> Response:
    """Connected systems and their keys."""
    return page(
        visit,
        "clients",
        part="clients",
        rows=accounts.list_clients(visit.work),
        now=visit.work.now,
        known=people.staff_names(visit),
        typed=typed,
    )


@screen("/health", "health")
def health(visit: Visit) -> Response:
    """What is wrong with this installation, or soon will be; worst first."""
    known = words_health.sayings()
    rows = [(one, *words_health.said(one, known), words_health.particulars(one)) for one in current_console().examine()]
    return page(visit, "health", part="health", rows=rows)
