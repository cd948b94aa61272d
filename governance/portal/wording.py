"""Codes in words, as customers read them; what packages have words for is taken from there."""

from collections.abc import Mapping

from flask_babel import gettext

from governance.pages.languages import language
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import RequestState
from governance.rights.codes import About
from governance.rights.operations import OwnRequest
from governance.rights.packages.words import words


def codes() -> Mapping[str, str]:
    """Words for codes that packages tell of."""
    return words(language()).codes


def channels() -> Mapping[str, str]:
    """Ways by which people are reached."""
    return {
        "email": gettext("E-mail"),
        "sms": gettext("SMS"),
        "phone": gettext("Phone call"),
        "post": gettext("Post"),
        "messenger": gettext("Messenger"),
        "push": gettext("Push message"),
        "audience": gettext("Advertising on other platforms"),
    }


def event_kinds() -> Mapping[str, tuple[str, str]]:
    """What was said: in words, and how it is marked."""
    return {
        "requested": (gettext("You were asked"), "plain"),
        "given": (gettext("You said yes"), "good"),
        "confirmed": (gettext("You confirmed your yes"), "good"),
        "renewed": (gettext("You said yes again"), "good"),
        "refused": (gettext("You said no"), "bad"),
        "withdrawn": (gettext("You took your yes back"), "bad"),
        "objected": (gettext("You objected"), "bad"),
        "expired": (gettext("Your yes lapsed"), "wait"),
        "invalidated": (gettext("Taken away, recorded in error"), "plain"),
        "parted": (gettext("Taken away, recorded in error"), "plain"),
    }


def methods() -> Mapping[str, str]:
    """How it was said."""
    return {
        "web_form": gettext("by a form on the web"),
        "portal": gettext("on these pages"),
        "one_click": gettext("by a link in a message"),
        "paper": gettext("on paper"),
        "phone": gettext("by phone"),
        "in_person": gettext("in person"),
        "import": gettext("in a list that we took over"),
        "api": gettext("by another system"),
    }


def kinds() -> Mapping[RequestKind, tuple[str, str]]:
    """What can be asked for: what it is called, and what it does; the most asked for first."""
    return {
        RequestKind.ACCESS: (
            gettext("See all my data"),
            gettext("You get one file with all that we keep about you, why, until when, and who saw it."),
        ),
        RequestKind.ERASURE: (
            gettext("Delete my data"),
            gettext("You see first what is deleted, and what a law makes us keep."),
        ),
        RequestKind.RECTIFICATION: (
            gettext("Correct my data"),
            gettext("Something is wrong or has changed."),
        ),
        RequestKind.PORTABILITY: (
            gettext("Take my data elsewhere"),
            gettext("You get what you gave us in a file that other services can read."),
        ),
        RequestKind.WITHDRAWAL: (
            gettext("Take all my consents back"),
            gettext("Every yes of yours ends at once."),
        ),
        RequestKind.OPT_OUT: (
            gettext("Do not share my data"),
            gettext("Nothing of yours goes to others for their own purposes."),
        ),
        RequestKind.OBJECTION: (
            gettext("Object to how my data are used"),
            gettext("Until it is decided, we only store your data."),
        ),
        RequestKind.RESTRICTION: (
            gettext("Hold my data still"),
            gettext("We keep your data and do nothing else with them, until you say otherwise."),
        ),
        RequestKind.COMPLAINT: (
            gettext("Complain"),
            gettext("Something about your data went wrong."),
        ),
    }


def name_of(kind: RequestKind, about: About | None) -> str:
    """What a request that was made is called: by what was asked for, where its kind alone does not say."""
    if about is About.ADVERTISING:
        return str(gettext("No advertising at all"))
    if about is About.LIFT:
        return str(gettext("Use my data again"))
    if kind is RequestKind.COMPLAINT:
        return str(gettext("Complaint"))
    return kinds()[kind][0]


def states() -> Mapping[str, tuple[str, str]]:
    """Where a request stands: in words, and how it is marked."""
    return {
        "received": (gettext("received"), "wait"),
        "identity_check": (gettext("waits for your proof"), "wait"),
        "open": (gettext("being worked on"), "wait"),
        "awaiting_requester": (gettext("waits for your reply"), "wait"),
        "awaiting_approval": (gettext("being decided"), "wait"),
        "in_progress": (gettext("being carried out"), "wait"),
        "completed": (gettext("done"), "good"),
        "refused": (gettext("refused"), "bad"),
        "withdrawn": (gettext("taken back"), "plain"),
        "expired": (gettext("ended without proof or reply"), "plain"),
        "duplicate": (gettext("joined to another"), "plain"),
    }


def state_of(one: OwnRequest) -> tuple[str, str]:
    """Where a request stands for its visitor; where they proved enough already, it is they who let it go on."""
    if one.state is RequestState.IDENTITY_CHECK and one.needs is None:
        return gettext("waits for you to go on"), "wait"
    return states()[one.state.value]


def grounds() -> Mapping[str, str]:
    """Why a request was refused."""
    return {
        "not_identified": gettext("We could not make sure who you are."),
        "unfounded": gettext("The request is manifestly unfounded."),
        "excessive": gettext("The same was asked for again and again."),
        "legal_duty": gettext("A law makes us keep the data."),
        "legal_claims": gettext("The data are needed for legal claims."),
        "rights_of_others": gettext("The rights of others stand against it."),
        "not_entitled": gettext("Whoever asked is not entitled to it."),
        "data_accurate": gettext("The data are right as they are."),
        "compelling_grounds": gettext("Compelling grounds stand against it."),
    }
