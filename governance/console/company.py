"""Whose service this is, how it looks and reaches people; and what each role may do."""

from typing import Final
from urllib.parse import urlsplit

from flask import Response, request, url_for
from flask_babel import gettext

from governance.console.brand_preview import OF_THE_SERVICE, preview
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.console.place import current_console
from governance.console.words_trials import trial_of
from governance.kernel import packs
from governance.messages.sms import sms_sender_of
from governance.pages.completeness import check_language
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.pages.serving import policy
from governance.policies import shipped
from governance.policies.sight import holders_of
from governance.reference.applying import name_officer
from governance.reference.operations import controller

PART: Final = "settings"


@screen("/settings/company", "channels")
def channels(visit: Visit, typed: Typed = EMPTY) -> Response:
    """What is set of the company and its ways out, and where the rest is set."""
    settings = current_console().settings
    standing = controller(visit.work)
    name = request.args.get("name", "").strip()[:80] or settings.brand_name or standing.legal_name
    colour = request.args.get("colour", "").strip()[:7] or settings.brand_colour or OF_THE_SERVICE
    further = [(one.name, check_language(settings.data_dir, code=code)) for code, one in packs.packs().items()]
    answer = page(
        visit,
        "channels",
        part=PART,
        tab="channels",
        ours=standing,
        preview=preview(name=name, colour=colour, mail_from=settings.mail_from),
        mail=_host(settings.smtp_url),
        sender=settings.mail_from,
        sms=_host(settings.sms_url),
        address=settings.public_base,
        brand_name=settings.brand_name,
        has_logo=settings.brand_logo is not None,
        colour=settings.brand_colour,
        tries=visit.may_open("try_sms") and sms_sender_of(settings) is not None,
        trial=trial_of(visit.work, request.args.get("tried", "")),
        asked_again=url_for("console.channels", tried=request.args.get("tried", ""), _anchor="ways"),
        shipped_languages=list(packs.SHIPPED.values()),
        further=further,
        typed=typed,
    )
    answer.headers["Content-Security-Policy"] = policy(scripts=True, images=True)  # the logo, in the preview
    return answer


def _host(address: str | None) -> str | None:
    """Which server an address names, without name and password; or that it is a folder."""
    if address is None:
        return None
    parts = urlsplit(str(address))
    if parts.scheme == "file":
        return str(gettext("files in a folder, nothing is sent"))
    return f"{parts.scheme}:{'//' + parts.hostname if parts.hostname else ''}"


@act("/settings/company", "name_officer", shows=channels, of="channels", then=lambda: go("channels"))
def put(visit: Visit) -> Response:
    """Say whom people and authorities turn to."""
    said = request.form
    told = {name: said.get(f"officer.{name}", "") for name in ("name", "email", "phone")}
    name_officer(visit.work, authority=said.get("authority", ""), **told)
    return go("channels")


@screen("/settings/roles", "roles")
def roles(visit: Visit) -> Response:
    """What each role may do."""
    tongue, known = language(), shipped.roles().roles
    rows = [
        (one.value, facts.titles.get(tongue), [known[name].titles.get(tongue) for name in held])
        for one, facts in shipped.permissions().items()
        if (held := holders_of(one))
    ]
    return page(visit, "roles", part=PART, tab="roles", rows=rows)
