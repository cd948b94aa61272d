"""What pages say of refusals, in the visitor's language; by kind of refusal, and by field of a form."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from flask_babel import gettext

from governance.accounts.errors import QuotaExceededError
from governance.console.place import current_console
from governance.kernel.errors import (
    ConflictError,
    ForbiddenError,
    GovernanceError,
    InvalidError,
    NotFoundError,
    Sentence,
    TooManyError,
)
from governance.kernel.idempotency import KeyReusedError
from governance.pages.languages import SOURCE, by_language, language

SAID: Final = "_said"
"""Stands for the whole form among what is wrong with its fields, in the visitor's language already."""


def say_conflict(error: GovernanceError) -> str:
    """Why something is not possible as things stand; in English as the operation says it."""
    if language() == SOURCE or isinstance(error, InvalidError):
        return error.detail
    return _by_slug().get(error.slug, gettext("This is not possible as things stand now. Look how it stands."))


def _by_slug() -> Mapping[str, str]:
    return {
        "precondition-failed": gettext("Somebody changed this while you wrote. Look how it stands, and send it again."),
        "identity-not-proven": gettext("Whose data this is about was not proved yet. Prove it first."),
        "approval-needed": gettext("A second person has to approve this. Submit it."),
        "foreign-contact": gettext(
            "The answer would go to a contact that is not this person's. An officer confirms it first."
        ),
        "not-excessive": gettext("The person asked for this once only within a year, so it is not excessive."),
        "not-simulated": gettext("Simulate it first: then it is seen what it would take away."),
        "policy-conflict": gettext("This policy is shorter than a law wants, or fights another one."),
        "run-open": gettext("A run is under way, or waits to be approved."),
        "merge-in-erasure": gettext(
            "This customer is being erased, and part of the data is gone: the merge cannot be undone any more. "
            "A legal hold keeps what is still there."
        ),
        "no-mailbox": gettext("Your account has no e-mail address that mail could go to."),
        "request-act": gettext("The request stands elsewhere now, and this cannot be done to it."),
    }


def say(field: str, error: InvalidError) -> str:
    """What is wrong with a field, and what to do; in English as the operation says it."""
    if language() == SOURCE:
        return " ".join(error.errors.get(field, [error.detail]))
    return _by_field().get(field, gettext("This cannot be taken as it is. Please check it."))


_LINE: Final = re.compile(r"line (\d+)")


class Told(str):
    """A text in the visitor's language already."""

    __slots__ = ()


def joined(told: Sequence[str]) -> str:
    """What is wrong with one field, as one text."""
    known = [in_words(one) for one in told if isinstance(one, Sentence)]
    return Told("; ".join(known)) if known else " ".join(told)


def in_words(said: Sentence) -> str:
    """A sentence of an operation in the visitor's language, with the place that it is about."""
    told = str(gettext(said.pattern))
    told = told % said.values if said.values else told
    line = _LINE.fullmatch(said.place)
    place = gettext("line %(number)s", number=line[1]) if line else said.place
    return f"{place}: {told}" if place else told


def by_field(errors: Mapping[str, str]) -> Mapping[str, str]:
    """The same for all fields of a form that was not taken."""
    if language() == SOURCE:
        return errors
    other = gettext("This cannot be taken as it is. Please check it.")
    words = _by_field()
    return {
        name: said if isinstance(said, Told) or name == SAID else words.get(name, other)
        for name, said in errors.items()
    }


def of_refusal(error: GovernanceError) -> tuple[int, str, str]:
    """Status, heading and sentence of a page that says why not."""
    known = current_console().statuses.get(error.slug)
    if error.slug in _disturbances():
        return known or 503, *_disturbances()[error.slug]
    rows = _refusals()
    own_words = (KeyReusedError, QuotaExceededError)
    fitting = [one for one in rows if isinstance(error, one[0])]
    fitting += [one for one in rows if one[1] == known and one[0] not in own_words]
    if not fitting:
        return 503, gettext("This does not work at the moment"), gettext("Please try again in a moment.")
    kind, status, heading, sentence = fitting[0]
    own = language() == SOURCE and kind is not KeyReusedError
    return status, heading, error.detail if own else sentence


@by_language
def _disturbances() -> Mapping[str, tuple[str, str]]:
    """What the service itself lacks, by slug: heading and what to do."""
    return {
        "unavailable": (
            gettext("The store does not answer at the moment"),
            gettext(
                "Wait a minute, then open the page again; a form that you sent may have to be sent once more. "
                "If this goes on, look at the database and at the log of the service."
            ),
        ),
        "disk-full": (
            gettext("The disk is full"),
            gettext("Nothing of what you sent was kept. Make room on the host, then send it again."),
        ),
        "schema-outdated": (
            gettext("The store is of another version than the service"),
            gettext("Bring it up to date with governance migrate, then start the service anew."),
        ),
        "custody-busy": (
            gettext("Work on the keys is under way"),
            gettext("Wait until it is done, then try again."),
        ),
    }


def _refusals() -> tuple[tuple[type[GovernanceError], int, str, str], ...]:
    return (
        (
            QuotaExceededError,
            429,
            gettext("You have seen as many people in the clear today as allowed"),
            gettext("An officer can allow more for today. The refusal is in the log."),
        ),
        (TooManyError, 429, gettext("Too much at once"), gettext("Please wait a minute, then try again.")),
        (
            ForbiddenError,
            403,
            gettext("Your roles do not permit this"),
            gettext("Ask an administrator, if you need it for your work. The refusal is in the log."),
        ),
        (
            NotFoundError,
            404,
            gettext("There is nothing at this address"),
            gettext("It does not exist, or it is not among what you look after."),
        ),
        (
            KeyReusedError,
            409,
            gettext("This form was sent before, with something else in it"),
            gettext("Open the page again to see what became of it."),
        ),
        (
            ConflictError,
            409,
            gettext("This is no longer possible"),
            gettext("Something has changed since. Open the page again to see how it stands."),
        ),
        (
            InvalidError,
            422,
            gettext("This cannot be taken as it is"),
            gettext("Go back, check what you entered, and send it again."),
        ),
    )


def _by_field() -> Mapping[str, str]:
    return {
        "value": gettext("Nothing can have this value. Write the whole contact or number."),
        "reason": gettext("Say why, in up to 500 characters."),
        "fields": gettext("Tick at least one field."),
        "password": gettext("Take at least 12 characters, and none of the passwords that are tried first."),
        "contact": gettext("Write one whole contact."),
        "file": gettext("This file cannot be read. Take a CSV, XLSX, XLS or ODS file with headings."),
        "question": gettext("Write what the person is asked."),
        "words": gettext("Write what the person replied."),
        "until": gettext("Give today or a later day."),
        "ground": gettext("Choose the ground."),
        "checked": gettext("Write what was checked, without copies of papers."),
        "customer": gettext("Name the customer whose request this is."),
        "received_on": gettext("A request comes today, or came within the last three years."),
        "asker": gettext("Say who asks for the person, and by what authority."),
        "changes": gettext("Say which fields are to have which values."),
        "into": gettext("Write the number of the other request."),
        "kind": gettext("Choose what is asked for."),
        "legal_name": gettext("Write the name of the company as it stands in the register."),
        "address": gettext("Write the address."),
        "country": gettext("Choose the country."),
        "name": gettext("Write first and last name."),
        "email": gettext("Write one whole e-mail address."),
        "passphrase": gettext("Take at least 12 characters."),
        "check_code": gettext(
            "The code or the passphrase is another one. Read the code from the paper, and type both again."
        ),
        "again": gettext("The two differ."),
        "role": gettext("Choose a role."),
        "scopes": gettext("Tick at least one thing that it may do."),
        "successor": gettext("Choose who takes the customers over, or nobody."),
        "texts": gettext("Write title and text, in one language at least, and fill in the places between ⟦ and ⟧."),
        "note": gettext("Write what was said."),
        "call_back": gettext("Write a day as 2026-12-31."),
        "source": gettext("Choose where the list came from."),
        "number": gettext("Write a whole number, such as 24."),
        "document": gettext("This is no policy that can be used. Look at its form, and at what laws say."),
        "title": gettext("Give it a name."),
        "key": gettext("This short name is taken, or not one. Small letters, digits and underscores."),
        "rule": gettext("The rule asks for something that is not there. Look at purposes, channels and fields."),
        "special.ground": gettext("The rule asks after special categories: choose the condition of GDPR Art. 9(2)."),
        "special": gettext("The rule asks after no special category; leave this out."),
        "special.note": gettext("Write why the condition holds."),
        "recipient": gettext("Nothing can go to this recipient for this. Look at what it is recorded for."),
        "channels": gettext("Tick at least one way by which people are reached."),
        "customers": gettext("Write numbers of customers, a line each."),
        "run": gettext("Choose a result that may still be used."),
        "format": gettext("Choose what the file is."),
        "purposes": gettext("Tick at least one purpose."),
        "safeguard": gettext("Choose what makes it lawful; in another country it is not the same law."),
        "compartments": gettext("Tick what is to be kept, one at least."),
        "review_at": gettext("Write a day to come, as 2027-06-01."),
        "case_ref": gettext("Write the name of the case."),
        "people": gettext("Write numbers of customers, a line each, or hand in a file of them."),
        "view": gettext("Choose a filter first."),
        "laws": gettext("Tick at least one law."),
        "labels.en": gettext("Write a name, in up to 100 characters."),
        "labels.ru": gettext("Write a name, in up to 100 characters."),
        "labels.uk": gettext("Write a name, in up to 100 characters."),
        "category": gettext("Choose another category, or shield the field more: special ones are never in the clear."),
        "compartment": gettext("Choose one of the list."),
        "type": gettext("Choose one of the list."),
        "officer.email": gettext("Write one whole e-mail address."),
        "officer.phone": gettext("Write one whole number, with + and the code of the country."),
        "sms_number": gettext("Write one whole number, with + and the code of the country."),
        "officer.name": gettext("Write first and last name."),
        "authority": gettext("Write a name, in up to 200 characters."),
        "calendar": gettext("No such calendar is known. Write a country, such as DE, or a part of one: DE-BY."),
        "day": gettext("Choose a day from 1990 to 2100; to take out a holiday, one that the calendar has."),
        "change": gettext("Choose what the day is."),
        "added": gettext("Say what the day is called, in up to 100 characters."),
        "worked": gettext("This day was added as a day off. Put it back first."),
        "removed": gettext("Choose a day from 1990 to 2100; to take out a holiday, one that the calendar has."),
        "about": gettext("Choose what it is about, and words that there are."),
        "channel": gettext("Nothing goes this way for this purpose. Choose another way."),
        "said_on": gettext("Write a day as 2026-12-31, today or before."),
        "said": gettext("Choose one of the list."),
        "how": gettext("Choose one of the list."),
        "column": gettext("The file has no such column. Name its heading."),
        "typed": gettext("This code is wrong, spent or too old. Send another one."),
    }
