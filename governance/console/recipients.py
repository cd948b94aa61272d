"""Recipients: who gets personal data, for what, which fields at most, and what makes it lawful."""

from collections.abc import Sequence
from typing import Final

from flask import Response, request
from flask_babel import get_locale

from governance.console import words_exports
from governance.console.exports import named_fields, titles
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.disclosures import operations as disclosures
from governance.kernel.errors import InvalidError
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.reference import recipients as reference
from governance.reference.recipients import Recipient, RecipientKind
from governance.reference.safeguards import safeguards

PART: Final = "exports"


@screen("/recipients", "recipients")
def recipients(visit: Visit) -> Response:
    """Recipients on record; those that get nothing any more at the end."""
    found = reference.recipients(visit.work, retired=True)
    return page(
        visit,
        "recipients",
        part=PART,
        rows=[one for one in found if not one.retired],
        retired=[one for one in found if one.retired],
        kinds=words_exports.recipient_kinds(),
        purposes=titles(visit),
        country=country_name,
    )


def country_name(code: str) -> str:
    """What a country is called."""
    locale = get_locale()
    named: str = code if locale is None else locale.territories.get(code, code)
    return named


@screen("/recipients/new", "new_recipient")
def new_recipient(visit: Visit, typed: Typed = EMPTY) -> Response:
    """The form to record a recipient by."""
    return _form(visit, None, typed)


@screen("/recipients/<recipient>", "recipient")
def recipient(visit: Visit, recipient: str, typed: Typed = EMPTY) -> Response:
    """A recipient in all its versions, and the form for the next one."""
    return _form(visit, reference.recipient_history(visit.work, key=recipient), typed)


def _form(visit: Visit, versions: Sequence[Recipient] | None, typed: Typed) -> Response:
    now = versions[0] if versions else None
    is_typed = request.method == "POST"
    return page(
        visit,
        "recipient",
        part=PART,
        now=now,
        versions=versions or (),
        kinds=list(words_exports.recipient_kinds().items()),
        purposes=list(titles(visit).items()),
        fields=list(named_fields(visit).items()),
        safeguards=[(key, one.titles.get(language())) for key, one in safeguards().items()],
        ticked={
            "purpose": request.form.getlist("purpose") if is_typed else [] if now is None else now.purposes,
            "field": request.form.getlist("field") if is_typed else [] if now is None else now.fields,
        },
        country=country_name,
        typed=typed,
    )


def _shown_after(visit: Visit, typed: Typed = EMPTY) -> Response:
    """The form that the act was sent from."""
    key = request.form.get("of", "")
    return recipient(visit, recipient=key, typed=typed) if key else new_recipient(visit, typed=typed)


@act("/recipients", "define_recipient", shows=_shown_after, of="new_recipient", then=lambda: go("recipients"))
def define(visit: Visit) -> Response:
    """Record a recipient, or a further version of it."""
    said = request.form
    if said.get("kind") not in set(RecipientKind):
        raise InvalidError("Choose.", errors={"kind": ["Choose the kind."]})
    disclosures.define_recipient(
        visit.work,
        key=said.get("of") or said.get("key", ""),
        name=said.get("name", ""),
        kind=RecipientKind(said["kind"]),
        country=said.get("country", ""),
        purposes=said.getlist("purpose"),
        fields=said.getlist("field"),
        safeguard=said.get("safeguard", ""),
        contact=said.get("contact", ""),
    )
    return go("recipients")


@act("/recipients/<recipient>/retirement", "retire_recipient", shows=recipient, of="recipient",
     then=lambda **_names: go("recipients"))  # fmt: skip
def retire(visit: Visit, recipient: str) -> Response:
    """Hand nothing to a recipient any more."""
    reference.retire_recipient(visit.work, key=recipient)
    return go("recipients")
