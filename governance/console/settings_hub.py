"""The page that leads to all settings."""

from flask import Response
from flask_babel import gettext

from governance.console.frame import page
from governance.console.guard import Visit, screen


@screen("/settings", "settings")
def hub(visit: Visit) -> Response:
    """What may be set, each with a sentence; those pages only that the visitor may open."""
    rows = [(endpoint, name, words) for endpoint, name, words in _pages() if visit.may_open(endpoint)]
    return page(visit, "settings", part="settings", tab="settings", rows=rows)


def _pages() -> list[tuple[str, str, str]]:
    return [
        (
            "laws",
            gettext("Laws"),
            gettext("Which apply here, what each wants by when and what says so; versions of your own."),
        ),
        ("calendars", gettext("Calendars"), gettext("Days of rest by country and year, and your own days off.")),
        ("try_due", gettext("Due dates"), gettext("Try when a request would be due, and why.")),
        ("mails", gettext("Messages"), gettext("Every mail and SMS as its reader sees it; your own words.")),
        ("fields", gettext("Fields"), gettext("What is kept of people, who sees it, and fields of your own.")),
        ("channels", gettext("Company and channels"), gettext("Contacts, colours, mail server, SMS, languages.")),
        ("roles", gettext("Roles"), gettext("What each role may do.")),
        ("staff", gettext("Staff"), gettext("Who works here: invited, given roles, leaving.")),
        ("clients", gettext("Connected systems"), gettext("Till, shop or mailing system, each with a key of its own.")),
        ("health", gettext("Health"), gettext("What is not in order with this installation, and what to do.")),
    ]
