"""What rules of segments are made of, in words: fields, comparisons, values, states of runs."""

from collections.abc import Mapping, Sequence
from typing import Final

from flask_babel import gettext

from governance.console import words
from governance.pages.languages import by_language
from governance.policies.segment_fields import ValueKind

COMPARISONS: Final[Mapping[ValueKind, Sequence[str]]] = {
    ValueKind.CODE: ("is", "is_not", "in", "not_in", "known", "unknown"),
    ValueKind.TEXT: ("is", "is_not", "in", "not_in", "known", "unknown"),
    ValueKind.LIST: ("has", "has_not", "has_any", "known", "unknown"),
    ValueKind.NUMBER: ("at_least", "at_most", "is", "over", "under", "between", "known", "unknown"),
    ValueKind.INSTANT: ("within", "older_than", "on_or_after", "before", "known", "unknown"),
    ValueKind.FLAG: ("is", "known", "unknown"),
}
"""By kind of value, those that the form offers."""


@by_language
def fields() -> Mapping[str, Mapping[str, str]]:
    """Fields that rules may ask after, but for extra fields: by group, in the order in which a form offers them."""
    said = words.fields()
    return {
        gettext("The person"): {
            "age": gettext("Age"),
            "birth_month": gettext("Month of birth"),
            **{name: said[name] for name in ("sex", "marital_status", "profession", "organisation")},
            **{name: said[name] for name in ("city", "region", "country", "language", "tags", "interests")},
            "preferred_payment": said["preferred_payment"],
            "kind": gettext("Kind of customer"),
            "source": said["source"],
            "customer_since": gettext("Customer since"),
            "acquired_at": gettext("Data here since"),
        },
        gettext("Purchases"): {
            "purchases.count": gettext("Number of purchases"),
            "purchases.sum": gettext("Total of purchases"),
            "purchases.average": gettext("Average receipt"),
            "purchases.largest": gettext("Largest receipt"),
            "purchases.first_at": gettext("First purchase"),
            "purchases.last_at": gettext("Last purchase"),
        },
        gettext("Contacts and talks"): {
            "contacts.count": gettext("Number of contacts"),
            "interactions.count": gettext("Number of talks"),
            "interactions.last_at": gettext("Last talk"),
            "activity.count": gettext("Number of visits and clicks"),
            "activity.last_at": gettext("Last visit or click"),
        },
    }


@by_language
def comparisons() -> Mapping[str, str]:
    """How a field is compared."""
    return {
        "is": gettext("is"),
        "is_not": gettext("is not"),
        "in": gettext("is one of"),
        "not_in": gettext("is none of"),
        "has": gettext("has"),
        "has_not": gettext("has not"),
        "has_any": gettext("has one of"),
        "at_least": gettext("at least"),
        "at_most": gettext("at most"),
        "over": gettext("more than"),
        "under": gettext("less than"),
        "between": gettext("from and to"),
        "within": gettext("within the last"),
        "older_than": gettext("longer ago than"),
        "on_or_after": gettext("on or after"),
        "before": gettext("before"),
        "known": gettext("is known"),
        "unknown": gettext("is not known"),
        "by": gettext("may be sent by"),
        "not_by": gettext("may not be sent by"),
    }


@by_language
def values() -> Mapping[str, str]:
    """Codes that conditions compare with, in words."""
    said = words.codes()
    sets = ("female", "male", "single", "married", "divorced", "widowed", "partnership", "own_form", "till", "call",
            "fair", "recommendation", "bought", "bartered", "public", "taken_over", "meeting", "letter", "message",
            "feedback", "note")  # fmt: skip
    return {
        "private": gettext("private person"),
        "organisation_contact": gettext("person at a company"),
        "visit": gettext("visit"),
        "click": gettext("click"),
        "open": gettext("mail opened"),
        "answer": gettext("answer to a survey"),
        "sign_in": gettext("visit to the portal"),
        "download": gettext("download"),
        **{code: said[code] for code in sets},
        **words.contact_kinds(),
        **words.channels(),
        "true": gettext("yes"),
        "false": gettext("no"),
    }


@by_language
def run_states() -> Mapping[str, tuple[str, str]]:
    """How far an evaluation is: in words, and how it is marked."""
    return {
        "running": (gettext("being looked for"), "wait"),
        "done": (gettext("done"), "good"),
        "stopped": (gettext("stopped"), "plain"),
        "expired": (gettext("no longer kept"), "plain"),
    }


@by_language
def grounds() -> Sequence[tuple[str, str]]:
    """Conditions of GDPR Art. 9(2) by letter."""
    return (
        ("a", gettext("a: explicit consent")),
        ("b", gettext("b: employment and social protection law")),
        ("c", gettext("c: vital interests")),
        ("d", gettext("d: members of a foundation or association")),
        ("e", gettext("e: made public by the person")),
        ("f", gettext("f: legal claims")),
        ("g", gettext("g: substantial public interest")),
        ("h", gettext("h: health care")),
        ("i", gettext("i: public health")),
        ("j", gettext("j: archives, research, statistics")),
    )
