"""Codes of retention in words."""

from collections.abc import Mapping

from flask_babel import gettext, ngettext

from governance.pages.languages import by_language
from governance.policies.periods import Period


@by_language
def states() -> Mapping[str, tuple[str, str]]:
    """How far a version of a policy is: in words, and how it is marked."""
    return {
        "draft": (gettext("draft"), "plain"),
        "simulated": (gettext("simulated"), "wait"),
        "approved": (gettext("approved"), "wait"),
        "active": (gettext("in force"), "good"),
        "superseded": (gettext("out of force"), "plain"),
    }


@by_language
def actions() -> Mapping[str, str]:
    """What is done when a period is over."""
    return {
        "erase_subject": gettext("the person is erased"),
        "shred_compartment": gettext("the group of fields is destroyed"),
        "delete_rows": gettext("rows are deleted"),
        "clear_fields": gettext("fields are emptied"),
        "anonymise": gettext("rows are made anonymous"),
        "restrict": gettext("processing is restricted"),
    }


@by_language
def clocks() -> Mapping[str, str]:
    """What a period runs from."""
    return {
        "created": gettext("creation"),
        "last_activity": gettext("last activity"),
        "purchase.paid_at": gettext("payment"),
        "interaction.at": gettext("talk"),
        "activity.at": gettext("visit or click"),
        "contact.bounced_at": gettext("first bounce"),
        "subscription.requested_at": gettext("subscription asked for"),
        "consent.given_at": gettext("consent given"),
        "consent.withdrawn_at": gettext("consent withdrawn"),
        "consent.last_used_at": gettext("last use of the consent"),
        "request.closed_at": gettext("end of the request"),
        "erasure.closed_at": gettext("end of the erasure"),
        "import.refused_at": gettext("row refused"),
        "export.ready_at": gettext("export made"),
        "log.at": gettext("entry in the log"),
    }


@by_language
def anchors() -> Mapping[str, str]:
    """From which day on the period runs."""
    return {
        "event": gettext("from that day"),
        "year_end": gettext("from the end of that year"),
        "fiscal_year_end": gettext("from the end of that fiscal year"),
    }


@by_language
def run_states() -> Mapping[str, tuple[str, str]]:
    """How far a run is."""
    return {
        "fused": (gettext("stopped by itself: too many people"), "bad"),
        "running": (gettext("runs"), "wait"),
        "stopped": (gettext("stopped"), "plain"),
        "done": (gettext("done"), "good"),
    }


@by_language
def origins() -> Mapping[str, str]:
    """What started a run."""
    return {
        "timetable": gettext("by night, by itself"),
        "hand": gettext("by hand"),
        "restore": gettext("after a restore"),
        "release": gettext("once a hold was released"),
    }


@by_language
def reasons() -> Mapping[str, str]:
    """Why policies make no sense together."""
    return {
        "under_minimum": gettext("its period ends before a law lets the data go"),
        "fighting": gettext("contradicts another policy for the same data"),
    }


@by_language
def units() -> Mapping[str, str]:
    """Units of a period."""
    return {"D": gettext("days"), "M": gettext("months"), "Y": gettext("years")}


def spelled(period: Period) -> str:
    """A period as people write it."""
    years, months = divmod(period.months, 12)
    said = [
        (years, ngettext("%(num)d year", "%(num)d years", years)),
        (months, ngettext("%(num)d month", "%(num)d months", months)),
        (period.days, ngettext("%(num)d day", "%(num)d days", period.days)),
    ]
    return " ".join(words for count, words in said if count)
