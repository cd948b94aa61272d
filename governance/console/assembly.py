"""The pages of the console, attached to the web service."""

from typing import Final

from flask import Flask

from governance.console import (
    access,
    audit,
    audit_checkpoints,
    audit_readers,
    calendars,
    calls,
    catalogue,
    company,
    consent,
    customer_consents,
    customer_pages,
    customer_traces,
    customers,
    duplicates,
    exports,
    first_steps,
    guard,
    holds,
    imports,
    laws,
    lists,
    mails,
    notices,
    proposals,
    reach,
    recipients,
    refusing,
    request_acts,
    request_page,
    requests,
    retention,
    retention_runs,
    segment_form,
    segments,
    settings,
    settings_hub,
    setup,
    signing,
    statistics,
    today,
    trials,
)
from governance.console.words_citations import cited
from governance.pages import naming

ROUTES: Final = (
    signing,
    setup,
    first_steps,
    refusing,
    today,
    requests,
    request_page,
    request_acts,
    customers,
    customer_consents,
    customer_pages,
    customer_traces,
    calls,
    duplicates,
    imports,
    reach,
    retention,
    retention_runs,
    audit,
    audit_readers,
    audit_checkpoints,
    proposals,
    consent,
    notices,
    statistics,
    lists,
    segments,
    segment_form,
    exports,
    recipients,
    holds,
    settings,
    settings_hub,
    laws,
    calendars,
    mails,
    catalogue,
    company,
    trials,
    access,
)
"""Modules whose pages hang on the blueprint; imported for that."""


def attach(app: Flask) -> None:
    """Serve the pages by *app*, of whichever `Console` it is given."""
    app.register_blueprint(guard.blueprint)
    app.add_template_filter(cited)
    app.add_template_filter(naming.calendar, "calendarname")
    app.add_template_filter(naming.tongue, "tonguename")
    app.add_template_filter(naming.money, "money")
