"""What may lawfully be done next where somebody may not be written to: by reason, and for all of them."""

from collections.abc import Mapping, Sequence
from typing import Final

from flask import url_for
from flask_babel import gettext

from governance.consent import operations as consent
from governance.consent.codes import CONTACTS_OF, NoticeKind
from governance.consent.operations import Form
from governance.console import words
from governance.console.guard import Visit
from governance.intake.snapshots import Count
from governance.kernel.records import frozen
from governance.policies.purposes import Channel, Purpose

PRIVACY: Final = "privacy"
_ASKABLE: Final = frozenset({"silent", "unknown", "unconfirmed", "expired", "superseded", "under_age"})
"""Reasons that a yes of the person would do away with."""


@frozen
class Step:
    """Something that can be done.

    Attributes:
        link: where it is done; None where it is done by the form of this page, or elsewhere.
        makes: whether it is done by a press here.
    """

    title: str
    sentence: str
    link: str | None = None
    label: str = ""
    makes: bool = False


def remedy(reason: str) -> str:
    """What can be done about one reason; empty where nothing is to be done."""
    return _remedies().get(reason, "")


def steps(visit: Visit, *, purpose: Purpose, reasons: Sequence[str]) -> Sequence[Step]:
    """What the visitor can do so that more people may be asked, in the order in which it helps."""
    if not purpose.asks_consent or not _ASKABLE.intersection(reasons):
        return []
    missing = _unwritten(visit, purpose)
    if missing:
        return [*missing, *_on_paper(visit)]
    return [
        Step(
            gettext("Ask at the counter"),
            gettext(
                "A printed sheet with a QR code: people come to their own page by it and say yes or no themselves."
            ),
            url_for("portal.counter"),
            gettext("The sheet, to print"),
        ),
        *_form(visit, purpose),
        *_on_paper(visit),
    ]


def _unwritten(visit: Visit, purpose: Purpose) -> Sequence[Step]:
    """Words that have to be published before anybody can agree to anything."""
    found = []
    for kind, key in ((NoticeKind.CONSENT, purpose.key), (NoticeKind.PRIVACY, PRIVACY)):
        standing = [one.key for one in consent.notices(visit.work, kind=kind)]
        if standing if kind is NoticeKind.PRIVACY else key in standing:
            continue
        link = url_for("console.edit_notice", kind=kind.value, notice=key) if visit.may_open("edit_notice") else None
        said = (
            (
                gettext("First write what people say yes to"),
                gettext(
                    "Nobody can agree to words that are not published. A proposal is there; read it and publish it."
                ),
            )
            if kind is NoticeKind.CONSENT
            else (
                gettext("Write the privacy notice"),
                gettext("Whoever is asked has to be told what is done with their data (GDPR Art. 13)."),
            )
        )
        found.append(Step(*said, link, gettext("Write the words")))
    return found


def _form(visit: Visit, purpose: Purpose) -> Sequence[Step]:
    """The subscription form of a purpose, or the press that puts one up."""
    title = gettext("Put up a subscription form")
    made = form_of(visit, purpose)
    if made is not None:
        told = gettext("Link to it from your site, your bills and your shop. Who fills it in confirms by a mail.")
        return [Step(title, told, url_for("portal.subscription_form", form=made.key), gettext("See the form"))]
    if Channel.EMAIL not in purpose.channels or not visit.may_open("put_up_form"):
        return []
    told = gettext("A page of its own, with these words and an empty box to tick. You can link to it from anywhere.")
    return [Step(title, told, label=gettext("Put it up"), makes=True)]


def form_of(visit: Visit, purpose: Purpose) -> Form | None:
    """An open subscription form that asks for this purpose."""
    found = (one for one in consent.forms(visit.work) if one.document.open)
    return next((one for one in found if any(item.purpose == purpose.key for item in one.document.items)), None)


def _on_paper(visit: Visit) -> Sequence[Step]:
    """Consents that were given before, on paper or face to face."""
    found = []
    if visit.may_open("record_consent") and visit.may_open("customers"):
        told = gettext("Somebody signed, or said it to your face? Find the customer, open Consents, and record it.")
        link = url_for("console.customers")
        found.append(Step(gettext("Record consent given on paper"), told, link, gettext("Find a customer")))
    if visit.may_open("new_import"):
        told = gettext(
            "Columns that say yes and on which day, and your published words: "
            "bring the list in again, and the records are completed."
        )
        link = url_for("console.new_import")
        found.append(Step(gettext("Consents of many, from a list"), told, link, gettext("Bring in a list")))
    return found


def others(
    titles: Mapping[str, str], counts: Sequence[Count], *, purpose: str, channel: str
) -> Sequence[tuple[str, str, int | str]]:
    """Other purposes and channels by which somebody may be written to: address, what it is, how many.

    A channel that reaches people by no contact which is kept here, as push does, counts everybody, and is left out.
    """
    found = []
    for one in counts:
        if (
            CONTACTS_OF[one.channel]
            and one.outcome.value == "mailable"
            and one.people
            and (one.purpose, one.channel) != (purpose, channel)
        ):
            link = url_for("console.reach", purpose=one.purpose, channel=one.channel.value)
            name = f"{titles.get(one.purpose, one.purpose)}, {words.channels()[one.channel.value]}"
            found.append((link, name, one.people))
    merged: dict[tuple[str, str], int | str] = {}
    for link, name, people in found:
        before = merged.get((link, name), 0)
        merged[link, name] = before + people if isinstance(before, int) and isinstance(people, int) else people
    return [(link, name, people) for (link, name), people in merged.items()]


def _remedies() -> Mapping[str, str]:
    say_no = gettext("They said no, so leave them alone. They can change it themselves on their own page.")
    ask = gettext("Ask them where they come to you; a mail that asks for consent is advertising already.")
    return {
        "no_contact": gettext("Ask for the contact at the next visit, or bring in a list that has it."),
        "malformed": gettext("Correct the contact on the card."),
        "silent": ask,
        "unknown": ask,
        "expired": gettext("Ask again, where they come to you."),
        "superseded": gettext("Ask again by the new words, where they come to you."),
        "unconfirmed": gettext(
            "Yes in a list without the day or the words proves nothing. "
            "Record the paper, or let them say it themselves."
        ),
        "bounced": gettext("Ask for another address, and correct it on the card."),
        "under_age": gettext("Put the date of birth on the card, if it is known."),
        "restricted": gettext(
            "A person on whom nothing may be sent, or who has still to be told that you have their data; see the card."
        ),
        "suppressed": say_no,
        "objected": say_no,
        "withdrawn": say_no,
        "refused": say_no,
    }
