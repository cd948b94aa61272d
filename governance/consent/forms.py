"""Subscription forms: published in versions, so that it can be shown later what somebody was asked by which of them.

A form as a document::

    titles: {en: …, ru: …, uk: …}
    introductions: {en: …, ru: …, uk: …}    # below the title; may be left out
    items:                                  # one box to tick for each purpose, never ticked beforehand
      - purpose: newsletter                 # what is agreed to is the purpose's notice, shown in full
        channels: [email]                   # those that an e-mail address is the contact of
    privacy_notice: website                 # key of a privacy notice, shown on the page (GDPR Art. 13)
    fields: [given_name]                    # asked beside the address, never required; may be left out
    frames: ["https://shop.example.org"]    # sites that may show the page in a frame; may be left out
    open: true                              # false closes the form; true where it is left out
"""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.consent.codes import CONTACTS_OF, NoticeKind
from governance.consent.numbering import number
from governance.consent.purposes import book
from governance.consent.tables import ConsentFormRow
from governance.consent.terms import terms_of
from governance.customers.codes import ContactKind
from governance.customers.reach import allow
from governance.customers.records import Json
from governance.kernel.errors import InvalidError, NotFoundError
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.documents import DocumentError, Node, Titles, titles
from governance.policies.permissions import Permission
from governance.policies.purposes import KEY, Channel

CHANNELS: Final = frozenset(channel for channel, kinds in CONTACTS_OF.items() if ContactKind.EMAIL in kinds)
"""Channels that a confirmed e-mail address is the contact of."""
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.\-]+(:\d{1,5})?")


class FormField(StrEnum):
    """What a form may ask beside the address; a name of a field of people."""

    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    BIRTH_DATE = "birth_date"


@frozen
class FormItem:
    """A box to tick."""

    purpose: str
    channels: tuple[Channel, ...]


@frozen
class FormDocument:
    """What a version of a form says; see the module for the meaning."""

    titles: Titles
    introductions: Titles | None
    items: tuple[FormItem, ...]
    privacy_notice: str
    fields: tuple[FormField, ...]
    frames: tuple[str, ...]
    open: bool


@frozen
class Form:
    """A version of a form."""

    key: str
    version: int
    document: FormDocument
    published_at: datetime
    published_by: UUID | None


def forms(work: Work) -> list[Form]:
    """The newest version of every form, by key; closed ones included."""
    newest = select(ConsentFormRow.key, func.max(ConsentFormRow.version).label("version")).group_by(ConsentFormRow.key)
    latest = newest.subquery()
    query = select(ConsentFormRow).join(
        latest, (latest.c.key == ConsentFormRow.key) & (latest.c.version == ConsentFormRow.version)
    )
    return [_form(row) for row in work.session.scalars(query.order_by(ConsentFormRow.key))]


def form(work: Work, *, key: str) -> Form:
    """The newest version of a form.

    Raises:
        NotFoundError: where there is no such form.
    """
    query = select(ConsentFormRow).where(ConsentFormRow.key == key).order_by(ConsentFormRow.version.desc()).limit(1)
    row = work.session.scalars(query).first()
    if row is None:
        raise NotFoundError("There is no form of this key; see: governance forms list")
    return _form(row)


def publish_form(work: Work, *, key: str, document: Mapping[str, Json]) -> Form:
    """Publish a version of a form; it is served at once, and never changed after that.

    Args:
        work: the transaction.
        key: of the form; part of its address.
        document: see the module.

    Raises:
        ForbiddenError: where the actor may not configure consents.
        InvalidError: where the document breaks a rule; `errors` names the place in it.
    """
    allow(work, Permission.CONSENT_CONFIGURE)
    if not KEY.fullmatch(key):
        raise InvalidError(
            "This cannot be the key of a form.",
            errors={"key": ["At most 50 lower-case letters, digits and underscores, a letter first."]},
        )
    try:
        node = Node("form", "", dict(document))
        _look_at(work, node, parse_form(node))
    except DocumentError as wrong:
        place = re.sub(r"\[(\d+)\]", r".\1", wrong.path) or "_"
        raise InvalidError("This is no form.", errors={place: [f"{wrong.problem}."]}) from None
    number(work, f"form:{key}")
    newest = work.session.scalar(select(func.max(ConsentFormRow.version)).where(ConsentFormRow.key == key))
    row = ConsentFormRow(
        key=key,
        version=(newest or 0) + 1,
        document=dict(document),
        published_at=work.now,
        published_by=work.actor.id,
    )
    work.session.add(row)
    work.session.flush()
    audit.append(work, Action.FORM_PUBLISHED, facts={"form": key, "version": row.version})
    return _form(row)


def parse_form(node: Node) -> FormDocument:
    """Read the document of a form.

    Raises:
        DocumentError: where it is malformed; the text names the place.
    """
    said = node.fields(
        required=("titles", "items", "privacy_notice"), optional=("introductions", "fields", "frames", "open")
    )
    return FormDocument(
        titles=titles(said["titles"]),
        introductions=titles(said["introductions"]) if "introductions" in said else None,
        items=tuple(_item(item) for item in said["items"].items()),
        privacy_notice=said["privacy_notice"].text(),
        fields=tuple(said["fields"].choices(FormField)) if "fields" in said else (),
        frames=tuple(said["frames"].texts()) if "frames" in said else (),
        open=said["open"].flag() if "open" in said else True,
    )


def _item(node: Node) -> FormItem:
    said = node.fields(required=("purpose", "channels"))
    channels = tuple(said["channels"].choices(Channel))
    if not channels or not CHANNELS.issuperset(channels):
        said["channels"].wrong("must be some of " + ", ".join(sorted(CHANNELS)))
    return FormItem(said["purpose"].text(), channels)


def _look_at(work: Work, node: Node, document: FormDocument) -> None:
    """Whether what the form names stands published.

    Raises:
        DocumentError: where it does not.
    """
    purposes, terms, said = book(work).purposes, terms_of(work), node.entries()
    if len({item.purpose for item in document.items}) != len(document.items) or not document.items:
        said["items"].wrong("must name each purpose once, and one at least")
    for place, item in zip(said["items"].items(), document.items, strict=True):
        purpose = purposes.get(item.purpose)
        if purpose is None or not purpose.asks_consent or not purpose.channels.issuperset(item.channels):
            place.wrong("must be a purpose that asks for consent, by channels of its own")
        if terms.notice_in_force(NoticeKind.CONSENT, item.purpose, work.now) is None:
            place.wrong("needs a notice of the purpose first: governance consent notices publish")
        if purpose.minimum_age is not None and FormField.BIRTH_DATE not in document.fields:
            place.wrong("has a minimum age, so that the form must ask for birth_date")
    if terms.notice_in_force(NoticeKind.PRIVACY, document.privacy_notice, work.now) is None:
        said["privacy_notice"].wrong("must be a privacy notice that is published: governance consent notices publish")
    if not all(_ORIGIN.fullmatch(frame) for frame in document.frames):
        said["frames"].wrong("must be origins such as https://shop.example.org, without a path")


def _form(row: ConsentFormRow) -> Form:
    document = parse_form(Node(f"form {row.key}, version {row.version}", "", row.document))
    return Form(row.key, row.version, document, row.published_at, row.published_by)
