"""Laws: which there are and apply here, what each wants by when, versions of the controller's own, a due date tried."""

from datetime import date
from typing import Final

from flask import Response, request
from flask_babel import gettext

from governance.console import words_requests, words_settings
from governance.console.days import read_day, today
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.policies.deadline_rules import RequestKind
from governance.reference import applying
from governance.reference.calendars import FIRST_YEAR, LAST_YEAR
from governance.reference.operations import controller
from governance.reference.times import DutyDue, duties_due, set_law

PART: Final = "settings"


@screen("/settings/laws", "laws")
def laws(visit: Visit, typed: Typed = EMPTY) -> Response:
    """All laws, those that apply first; which apply, and whose days of rest count, may be chosen."""
    known, ours = applying.known_laws(visit.work), controller(visit.work)
    ticked = set(request.form.getlist("law")) if typed.get("_form") == "choice" else set(ours.laws)
    return page(
        visit,
        "laws",
        part=PART,
        tab="laws",
        rows=[(one, one.titles.get(language())) for one in known],
        ticked=ticked,
        ours=ours,
        typed=typed,
    )


@act("/settings/laws", "choose_laws", shows=laws, of="laws", then=lambda: go("laws"))
def choose(visit: Visit) -> Response:
    """Say which laws apply, and whose days of rest count."""
    applying.choose_laws(visit.work, chosen=request.form.getlist("law"), calendar=request.form.get("calendar", ""))
    return go("laws")


@screen("/settings/laws/<law>", "law")
def law_page(visit: Visit, law: str) -> Response:
    """One law: its time limits with what says so, and its versions."""
    found = applying.law_of(visit.work, key=law)
    return page(
        visit,
        "law",
        part=PART,
        tab="laws",
        law=found,
        title=found.titles.get(language()),
        versions=applying.law_versions(visit.work, key=law),
        kinds=words_requests.kinds(),
        duties=words_requests.duties(),
        spell=words_settings.spelled,
    )


@screen("/settings/law", "edit_law")
def editor(visit: Visit, typed: Typed = EMPTY) -> Response:
    """The next version of a law as YAML, or a law of one's own from the template."""
    key = request.values.get("of", "")
    begun = applying.next_law(visit.work, key=key or None)
    title = applying.law_of(visit.work, key=key).titles.get(language()) if key else ""
    return page(
        visit,
        "law_edit",
        part=PART,
        tab="laws",
        key=key,
        title=title,
        document=typed.get("document") or begun,
        typed=typed,
    )


@act("/settings/law", "set_law", shows=editor, of="edit_law", then=lambda: go("laws"))
def put(visit: Visit) -> Response:
    """Put the time limits of a law into force; requests that stand keep what they were told."""
    set_law(visit.work, document=_document())
    return go("laws")


def _document() -> str:
    handed = request.files.get("file")
    content = handed.read() if handed is not None and handed.filename else b""
    if not content:
        return request.form.get("document", "").replace("\r\n", "\n")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidError("The law cannot be used.", errors={"file": ["The file is no text in UTF-8."]}) from None


@frozen
class Tried:
    """What was asked for in a trial of due dates, and what is wrong with it."""

    kind: str
    law: str
    received: str
    errors: dict[str, str]


@screen("/settings/due", "try_due")
def due(visit: Visit) -> Response:
    """When a request of some kind, received on some day, would be due by a law, and how that comes about."""
    ours = controller(visit.work)
    tried, day = _tried(visit)
    found: list[DutyDue] = []
    if day is not None and not tried.errors:
        chosen = [tried.law] if tried.law else list(ours.laws)
        found = duties_due(visit.work, laws=chosen, kind=RequestKind(tried.kind), received=day, country=ours.calendar)
    titles = {key: one.get(language()) for key, one in applying.own_titles(visit.work).items()}
    return page(
        visit,
        "due_trial",
        part=PART,
        tab="try_due",
        tried=tried,
        asked="received" in request.args,
        rows=found,
        kinds=words_requests.kinds(),
        duties=words_requests.duties(),
        titles=titles,
        tongue=language(),
    )


def _tried(visit: Visit) -> tuple[Tried, date | None]:
    said = request.args
    received = said.get("received", today(visit).isoformat())
    kind, law = said.get("kind", RequestKind.ACCESS.value), said.get("law", "")
    errors: dict[str, str] = {}
    day = read_day(received)
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        errors["received"] = gettext("Write a day as 2026-12-31.")
    if kind not in set(RequestKind):
        errors["kind"] = gettext("Choose what is asked for.")
    return Tried(kind, law, received, errors), day
