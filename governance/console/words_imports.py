"""Words for lists that are brought in."""

from collections.abc import Mapping

from flask_babel import gettext

from governance.console import words
from governance.pages.languages import by_language


@by_language
def states() -> Mapping[str, tuple[str, str]]:
    """How far an import is: in words, and how it is marked."""
    return {
        "staged": (gettext("waits"), "wait"),
        "running": (gettext("runs"), "wait"),
        "finished": (gettext("finished"), "good"),
        "undoing": (gettext("being taken back"), "wait"),
        "undone": (gettext("undone"), "plain"),
    }


@by_language
def kinds() -> Mapping[str, str]:
    """What the rows of a list are."""
    return {
        "customers": gettext("customers"),
        "purchases": gettext("purchases"),
        "interactions": gettext("talks and visits"),
    }


@by_language
def left_out() -> Mapping[str, str]:
    """Rows of a list that are no data, by why."""
    return {
        "blank": gettext("blank rows"),
        "totals": gettext("totals"),
        "heading-again": gettext("headings that stand there again"),
        "title": gettext("titles between the rows"),
    }


@by_language
def sources() -> Mapping[str, str]:
    """Where lists come from."""
    known = words.codes()
    names = ("till", "own_form", "call", "fair", "recommendation", "bought", "bartered", "public", "taken_over")
    return {one: known[one] for one in names}


@by_language
def grounds() -> Mapping[str, str]:
    """Lawful grounds on which people are kept."""
    known = words.codes()
    names = ("contract", "consent", "legitimate_interest", "legal_duty", "vital_interest", "public_task")
    return {one: known[one] for one in names}


@by_language
def fields() -> Mapping[str, str]:
    """What a column may hold."""
    return {
        **words.fields(),
        "ignore": gettext("leave it out"),
        "full_name": gettext("Full name, family name first"),
        "full_name_given_first": gettext("Full name, given name first"),
        "email": gettext("E-mail"),
        "phone": gettext("Phone"),
        "messenger": gettext("Messenger"),
        "social": gettext("Social network"),
        "loyalty_card": gettext("Loyalty card"),
        "first_purchase": gettext("First purchase"),
        "consent:any": gettext("Agreed to advertising"),
        "consent:email": gettext("Agreed to advertising by e-mail"),
        "consent:sms": gettext("Agreed to advertising by SMS"),
        "consent:phone": gettext("Agreed to advertising by phone"),
        "consent:post": gettext("Agreed to advertising by post"),
        "consent:messenger": gettext("Agreed to advertising by messenger"),
        "consent:processing": gettext("Agreed to processing"),
        "consent_date": gettext("Day of the agreement"),
        "opt_out_offered_at": gettext("Day on which a way to refuse was offered"),
        "at": gettext("Day and time"),
        "buyer_name": gettext("Name of the buyer"),
        "currency": gettext("Currency"),
        "items": gettext("What was bought"),
        "number": gettext("Number of a purchase"),
        "total": gettext("Sum"),
        "kind": gettext("Kind"),
        "next_at": gettext("Next contact"),
        "person_name": gettext("Name"),
        "result": gettext("Result"),
        "seconds": gettext("Duration"),
    }
