"""Words of the messages that the service sends: looked at with made-up values, changed, put back, tried by mail."""

from collections.abc import Sequence
from typing import Final

from flask import Response, abort, g, make_response, request, url_for

from governance.accounts.trying import example_of, send_example
from governance.console import words_messages
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.console.trials import tried
from governance.console.words_trials import trial_of
from governance.kernel import packs
from governance.messages import operations as messages
from governance.messages.demands import NEEDED, check_words, faults, known_in
from governance.messages.operations import Template, Wording
from governance.messages.texts import Rendered, render
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language

PART: Final = "settings"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A mail styles itself, as mailboxes want it; opened by itself it may load and run nothing."""


@screen("/settings/messages", "mails")
def mails(visit: Visit) -> Response:
    """Every message, in one language."""
    asked = request.args.get("language", "")
    tongue = asked if asked in packs.names() else language()
    return page(
        visit,
        "mails",
        part=PART,
        tab="mails",
        rows=messages.wordings(visit.work, language=tongue),
        titles=words_messages.messages(),
        tongue=tongue,
        languages=packs.names(),
    )


@screen("/settings/messages/<kind>/<tongue>", "mail")
def mail(
    visit: Visit, kind: str, tongue: str, typed: Typed = EMPTY, preview: str | None = None, **_names: object
) -> Response:
    """One message as its reader will see it, and its words to be changed."""
    template = _known(kind, tongue)
    standing = messages.wording(visit.work, template=template, language=tongue)
    said = words_messages.names()
    return page(
        visit,
        "mail",
        part=PART,
        tab="mails",
        kind=kind,
        tongue=tongue,
        tongue_name=packs.names()[tongue],
        title=words_messages.messages()[kind],
        standing=standing,
        versions=messages.wording_versions(visit.work, template=template, language=tongue),
        shown=_filled(visit, template, tongue, standing, preview),
        words=typed.get("words") or preview or standing.words,
        unsaved=preview is not None,
        names=[(one, said.get(one, one), one in NEEDED[template]) for one in sorted(known_in(template))],
        trial=trial_of(visit.work, request.args.get("tried", "")),
        asked_again=url_for("console.mail", kind=kind, tongue=tongue, tried=request.args.get("tried", "")),
        faults=_faults(template, typed),
        typed=typed,
    )


def _faults(template: Template, typed: Typed) -> Sequence[str]:
    if "words" not in typed.errors:
        return []
    said = words_messages.faults()
    found = faults(template, typed.get("words"))
    return [" ".join((said[one], ", ".join(f"{{{{ {name} }}}}" for name in names))).strip() for one, names in found]


def _known(kind: str, tongue: str) -> Template:
    if kind not in set(Template) or tongue not in packs.names():
        abort(404)
    return Template(kind)


def _filled(visit: Visit, template: Template, tongue: str, standing: Wording, words: str | None) -> Rendered:
    values = example_of(visit.work, template=template, language=tongue)
    own = words if words is not None else standing.words if standing.own else None
    return render(template, tongue, values, own=own)


def _back(kind: str, tongue: str, **_names: object) -> Response:
    return go("mail", kind=kind, tongue=tongue)


@act("/settings/messages/<kind>/<tongue>", "set_mail", shows=mail, of="mail", then=_back)
def put(visit: Visit, kind: str, tongue: str) -> Response:
    """Have a message say these words from now on."""
    template = _known(kind, tongue)
    messages.set_wording(visit.work, template=template, language=tongue, words=request.form.get("words", ""))
    return _back(kind, tongue)


@act("/settings/messages/<kind>/<tongue>/preview", "preview_mail", shows=mail, of="mail")
def look(visit: Visit, kind: str, tongue: str) -> Response:
    """Show words as their reader would see them, and keep nothing."""
    return mail(visit, kind, tongue, preview=check_words(_known(kind, tongue), request.form.get("words", "")))


@act("/settings/messages/<kind>/<tongue>/reset", "reset_mail", shows=mail, of="mail", then=_back)
def put_back(visit: Visit, kind: str, tongue: str) -> Response:
    """Have a message say again what it came with."""
    messages.reset_wording(visit.work, template=_known(kind, tongue), language=tongue)
    return _back(kind, tongue)


def _tried(kind: str, tongue: str) -> Response:
    return go("mail", kind=kind, tongue=tongue, tried=tried())


@act("/settings/messages/<kind>/<tongue>/trial", "try_mail", shows=mail, of="mail",
     then=_tried)  # fmt: skip
def try_mail(visit: Visit, kind: str, tongue: str) -> Response:
    """Send the message, with made-up values, to whoever asks."""
    g.made = send_example(visit.work, template=_known(kind, tongue), language=tongue)
    return _tried(kind, tongue)


@screen("/settings/messages/<kind>/<tongue>/page", "mail_page")
def mail_page(visit: Visit, kind: str, tongue: str) -> Response:
    """The message as mailboxes show it, by itself."""
    template = _known(kind, tongue)
    standing = messages.wording(visit.work, template=template, language=tongue)
    answer = make_response(_filled(visit, template, tongue, standing, None).html)
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer
