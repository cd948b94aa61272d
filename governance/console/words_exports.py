"""Exports and recipients in words: states, fields that can be handed out, formats, why somebody is not in one."""

from collections.abc import Mapping

from flask_babel import gettext

from governance.console import words
from governance.pages.languages import by_language
from governance.policies import disclosing


@by_language
def states() -> Mapping[str, tuple[str, str]]:
    """How far an export is: in words, and how it is marked."""
    return {
        "making": (gettext("being made"), "wait"),
        "ready": (gettext("waits to be fetched"), "wait"),
        "downloaded": (gettext("handed out"), "good"),
        "destroyed": (gettext("handed out and destroyed here"), "plain"),
        "expired": (gettext("not fetched in time, destroyed"), "plain"),
        "failed": (gettext("failed"), "bad"),
    }


def fields(extras: Mapping[str, str]) -> Mapping[str, str]:
    """Fields that can be handed out person by person, with extra fields as they are labelled."""
    said = {f"person.{name}": label for name, label in words.fields().items()}
    said["person.customer_since"] = gettext("Customer since")
    found = {name: label for name, label in said.items() if disclosing.can_be_named(name)}
    return found | {f"contact.{kind}": label for kind, label in words.contact_kinds().items()} | dict(extras)


@by_language
def formats() -> Mapping[str, str]:
    """What the file is."""
    return {
        "xlsx": gettext("Excel (XLSX)"),
        "csv": gettext("Text with commas (CSV)"),
        "json": gettext("For systems (JSON)"),
    }


@by_language
def left_out() -> Mapping[str, str]:
    """Why somebody is not in an export."""
    return {
        **words.reasons(),
        "gone": gettext("Was chosen, and has been erased or merged since."),
        "unreviewed_merge": gettext("Was merged with somebody, and nobody has looked at that yet."),
    }


@by_language
def recipient_kinds() -> Mapping[str, str]:
    """In what capacity somebody gets data."""
    return {
        "processor": gettext("Processor: uses it on your behalf (GDPR Art. 28)"),
        "third_party": gettext("Third party: uses it on its own"),
    }
