"""My choices: yes and no, side by side, for each purpose and channel; no to all advertising; what was said when."""

from flask import Response, request
from flask_babel import gettext

from governance.consent import operations as consent
from governance.kernel.errors import ConflictError
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.policies.deadline_rules import RequestKind
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.portal.guard import Guest, RefusedFormError, act, screen
from governance.portal.pages import go, page
from governance.portal.signing import SIGNAL
from governance.portal.wording import channels, event_kinds, methods
from governance.rights import operations as rights
from governance.rights.codes import About
from governance.rights.operations import RequestId

MARK = "mark."
"""Before the key of a purpose: the mark of the notice that was on the page."""


@screen("/my/choices", "choices")
def choices(guest: Guest, typed: Typed = EMPTY, **_names: object) -> Response:
    """Where each choice stands, and the buttons to change it."""
    sure = guest.may(Permission.PORTAL_CONSENT)
    return page(
        guest.work,
        "choices",
        seal=guest.seal,
        part="choices",
        visitor=guest.visitor,
        own=consent.own_choices(guest.work, visitor=guest.visitor, language=language()) if sure else None,
        channels=channels(),
        typed=typed,
        done=request.args.get("done", ""),
        signal=request.headers.get(SIGNAL) == "1",
        mark=MARK,
        lang=language(),
    )


@act(
    "/my/choices",
    "choose",
    shows=choices,
    then=lambda **_names: go("choices", done="choice"),
    needs=Permission.PORTAL_CONSENT,
)
def choose(guest: Guest) -> None:
    """Say yes or no to one purpose by one channel."""
    purpose, _, rest = request.form.get("choice", "").partition("|")
    channel, _, answer = rest.partition("|")
    if channel not in {one.value for one in Channel} or answer not in ("yes", "no"):
        raise RefusedFormError({"_": gettext("Press one of the buttons.")})
    seen = request.form.get("seen", "")
    try:
        stands = consent.choose(
            guest.work,
            visitor=guest.visitor,
            purpose=purpose,
            channel=Channel(channel),
            yes=answer == "yes",
            mark=request.form.get(MARK + purpose, ""),
            seen=int(seen) if seen.isdecimal() and len(seen) < 10 else 0,
            language=language(),
        )
    except ConflictError:
        raise RefusedFormError(
            {"_": gettext("The words had changed since the page was opened. Read them, then choose again.")}
        ) from None
    if not stands:
        raise RefusedFormError(
            {"_": gettext("You said no elsewhere meanwhile, so it stays no. Press again if you do mean yes.")}
        )


@act(
    "/my/choices/no-advertising",
    "no_advertising",
    shows=choices,
    then=lambda **_names: go("choices", done="advertising"),
)
def no_advertising(guest: Guest) -> RequestId:
    """No advertising at all, by whatever way; an objection, with its number."""
    made = rights.make_request(guest.work, visitor=guest.visitor, kind=RequestKind.OBJECTION, about=About.ADVERTISING)
    return made.id


@act("/my/choices/no-sharing", "no_sharing", shows=choices, then=lambda **_names: go("choices", done="sharing"))
def no_sharing(guest: Guest) -> RequestId:
    """Nothing goes to others."""
    return rights.make_request(guest.work, visitor=guest.visitor, kind=RequestKind.OPT_OUT).id


@screen("/my/choices/history", "choices_history", needs=Permission.PORTAL_CONSENT)
def choices_history(guest: Guest) -> Response:
    """All that was said, with the exact words."""
    return page(
        guest.work,
        "history",
        seal=guest.seal,
        part="choices",
        history=consent.own_history(guest.work, visitor=guest.visitor),
        titles={one.purpose.key: one.purpose.titles.get(language()) for one in consent.purposes(guest.work)},
        channels=channels(),
        kinds=event_kinds(),
        methods=methods(),
    )
