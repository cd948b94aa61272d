"""Lists brought in: handed over, their columns told, tried, brought in, followed, and taken back.

Between the steps the list waits in the page of whoever brings it, sealed to their session, and nowhere on the server.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Final
from uuid import UUID

from flask import Response, request
from flask_babel import get_locale

from governance.consent import operations as consent
from governance.console import words, words_imports, words_refused
from governance.console.customer_consents import wordings
from governance.console.customers import Summary
from governance.console.frame import go, page
from governance.console.guard import LARGE_FORMS, Visit, act, roles_that_may, screen
from governance.console.paging import asked_id, leaf
from governance.customers import operations as customers
from governance.customers.codes import Ground, Source
from governance.intake import operations as intake
from governance.intake.bounds import Bounds
from governance.intake.claims import Notices
from governance.intake.errors import HeadingsNotFoundError, UnreadableFileError
from governance.intake.files import FileOptions, Provenance
from governance.intake.headings import FileKind, field_keys
from governance.intake.reports import BatchReport, BatchState, DryRun, RefusalShown, Undone
from governance.kernel import jobs
from governance.kernel.errors import InvalidError, Sentence
from governance.kernel.ids import BatchId
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.policies.permissions import Permission

PART: Final = "imports"
ROWS: Final = 50
REFUSALS: Final = 20
KEPT: Final = 50
MEGABYTES: Final = 5
_RESUME: Final = "intake.resume"
_TRIAL: Final = Bounds(rows=20_000, seconds=10)
_WHOLE: Final = Bounds(rows=200_000, seconds=45)
_VERSION: Final = re.compile(r"\d{1,6}", re.ASCII)
_REGION: Final = re.compile(r"[A-Z]{2}")
_OPEN: Final = frozenset({BatchState.FINISHED, BatchState.UNDONE})

_WRONG: Final = {
    "protected-file": Sentence("This file is protected by a password. Save it without one, and hand it over again."),
    "empty-file": Sentence("There is nothing in this file."),
    "oversized-file": Sentence("This file unpacks to far more than a list needs. Save the list alone as CSV or XLSX."),
    "headings-not-found": Sentence(
        "No row with headings was found. Write what the columns are into the first row: Name, E-mail, Phone."
    ),
}
"""What is wrong with a file, by the kind of refusal; the others say that it cannot be read."""

LARGE_FORMS["try_import"] = LARGE_FORMS["begin_import"] = 7 * 1_048_576 + 65_536


@screen("/imports", "imports")
def imports(visit: Visit) -> Response:
    """Imports, newest first."""
    after = asked_id()
    before = None if after is None else BatchId(after)
    found, older = leaf(intake.batches(visit.work, before=before, limit=ROWS + 1), shown=ROWS)
    return page(
        visit,
        "imports",
        part=PART,
        rows=found,
        after=after,
        older=older,
        said=said(),
        going=[one for one in found if is_going(one)],
        importers=", ".join(roles_that_may("new_import")),
    )


def is_going(batch: BatchReport) -> bool:
    """Whether an import, or its undoing, is under way."""
    return batch.state not in _OPEN


def said() -> Mapping[str, Mapping[str, object]]:
    """Words that pages of imports use."""
    return {
        "states": words_imports.states(),
        "kinds": words_imports.kinds(),
        "sources": words_imports.sources(),
        "grounds": words_imports.grounds(),
        "fields": words_imports.fields(),
        "codes": words.codes(),
    }


@screen("/imports/new", "new_import")
def new_import(visit: Visit, typed: Typed = EMPTY, tried: DryRun | None = None, content: str = "") -> Response:
    """The form to hand a list over by; once it was tried, with what came of it and with its columns."""
    chosen = tried.file.kind if tried is not None else FileKind.CUSTOMERS
    titles = words_imports.fields()
    keys = sorted(field_keys(chosen), key=lambda one: titles.get(one, one))
    return page(
        visit,
        "import_new",
        part=PART,
        scripts=("drop.js",),
        typed=typed,
        tried=tried,
        refusals=[] if tried is None else _refusals(tried),
        wordings=_wordings(visit) if tried is not None and tried.consents_yes else [],
        content=content,
        found=None if tried is None else _found(tried),
        columns=[] if tried is None else _columns(tried),
        kinds=list(words_imports.kinds().items()),
        keys=[(key, titles.get(key, key)) for key in keys],
        sources=list(words_imports.sources().items()),
        grounds=list(words_imports.grounds().items()),
        megabytes=MEGABYTES,
        said=said(),
    )


def _found(tried: DryRun) -> Mapping[str, object]:
    """What was found out about a list, for whoever brings it to see whether it is true."""
    file, locale = tried.file, get_locale()
    countries = locale.territories if locale is not None else {}
    left_out = words_imports.left_out()
    return {
        "sheets": [(one, one) for one in (file.sheet, *file.other_sheets)] if file.other_sheets else [],
        "country": countries.get(file.phone_region, file.phone_region),
        "left_out": [f"{left_out.get(why, why)}: {times}" for why, times in tried.skipped.items()],
        "unknown": ", ".join(file.unknown),
    }


def _refusals(tried: DryRun) -> Sequence[tuple[RefusalShown, str]]:
    """The first refusals of a trial, each with what is wrong in words."""
    return [(one, words_refused.why(one.code, one.reason)) for one in tried.refusals[:REFUSALS]]


def _wordings(visit: Visit) -> Sequence[tuple[str, str]]:
    """Words that the people of the list may have been shown when they agreed."""
    if not visit.may(Permission.CONSENT_RECORD):
        return []
    return wordings(
        visit, {one.purpose.key: one.purpose.titles.get(language()) for one in consent.purposes(visit.work)}
    )


def _columns(tried: DryRun) -> Sequence[tuple[str, str]]:
    """Headings of the file, each with the key of what is read from it."""
    told = {one.heading: one.field or "ignore" for one in tried.file.columns}
    return [*told.items(), *((heading, "ignore") for heading in tried.file.unknown if heading not in told)]


@act("/imports/trial", "try_import", shows=new_import, of="new_import")
def try_import(visit: Visit) -> Response:
    """Tell what an import would do; nothing is written."""
    return _tried(visit)


def _tried(visit: Visit) -> Response:
    content, options = _handed()
    _provenance()
    with _read():
        tried = intake.dry_run(visit.work, file=BytesIO(content), options=options, bounds=_TRIAL)
    sheet = tried.file.sheet
    said = {"file_name": options.file_name, "kind": tried.file.kind.value, "sheet": sheet}
    typed = Typed({"first_sheet": sheet, **request.form.to_dict(), **said})
    return new_import(visit, typed=typed, tried=tried, content=base64.b64encode(content).decode("ascii"))


@act("/imports", "begin_import", shows=new_import, of="new_import")
def begin_import(visit: Visit) -> Response:
    """Bring the list in; the same one again leads to the import that it came in by.

    One of which another sheet or kind was chosen only now was not looked at: it is tried.
    """
    if _is_other():
        return _tried(visit)
    content, options = _handed()
    with _read():
        started = intake.start(
            visit.work, file=BytesIO(content), provenance=_provenance(), options=options, bounds=_WHOLE
        )
    batch = started.batch.id
    jobs.defer_once(visit.work, _RESUME, waiting=f"import {batch}", batch=batch)
    return go("import_page", batch=batch)


@screen("/imports/<uuid:batch>", "import_page")
def import_page(visit: Visit, batch: UUID, typed: Typed = EMPTY) -> Response:
    """How far an import is, what came of it, and how to take it back."""
    undone = intake.undone(visit.work, batch=BatchId(batch))
    found = undone.batch
    return page(
        visit,
        "import_page",
        part=PART,
        found=found,
        undone=undone if found.state is BatchState.UNDONE else None,
        kept=_kept(visit, undone),
        kept_shown=KEPT,
        going=is_going(found),
        whole=found.good + found.refused,
        typed=typed,
        said=said(),
    )


def _kept(visit: Visit, undone: Undone) -> Sequence[Summary]:
    """The first of those whom an undoing left as they are, where the visitor may see people."""
    people = undone.edited_since[:KEPT]
    if not people or not visit.may(Permission.CUSTOMERS_READ):
        return []
    return [Summary.of(one) for one in customers.read_several(visit.work, subjects=people).values()]


@act("/imports/<uuid:batch>/undo", "undo_import", shows=import_page, of="import_page",
     then=lambda batch: go("import_page", batch=batch))  # fmt: skip
def undo(visit: Visit, batch: UUID) -> Response:
    """Take an import back; the worker does it, and leaves whoever was edited since."""
    intake.begin_undo(visit.work, batch=BatchId(batch))
    jobs.defer_once(visit.work, _RESUME, waiting=f"import {batch}", batch=batch)
    return go("import_page", batch=batch)


@screen("/imports/<uuid:batch>/refused", "import_refused")
def refused(visit: Visit, batch: UUID) -> Response:
    """Rows that were refused, with the reasons, as a file to correct and bring again."""
    told = intake.RefusedWords(words_refused.headings(), words_refused.outcomes(), words_refused.of_refusal)
    lines = "".join(intake.refused_csv(visit.work, batch=BatchId(batch), words=told))
    named = {"Content-Disposition": f'attachment; filename="refused-{batch}.csv"'}
    return Response("\ufeff" + lines, content_type="text/csv; charset=utf-8", headers=named)


@contextmanager
def _read() -> Iterator[None]:
    """Say beside the field of the file what is wrong with the file."""
    try:
        yield
    except (UnreadableFileError, HeadingsNotFoundError) as wrong:
        raise InvalidError(wrong.detail, errors={"file": [_WRONG.get(wrong.slug, wrong.detail)]}) from None


def _is_other() -> bool:
    """Whether another sheet, or another kind of list, was chosen than was tried: its columns are found out anew."""
    form = request.form
    return any(form.get(name, form.get(f"tried_{name}")) != form.get(f"tried_{name}") for name in ("sheet", "kind"))


def _handed() -> tuple[bytes, FileOptions]:
    """The list, from the file or from the page in which it waits, and what was said of it."""
    sent, form = request.files.get("file"), request.form
    content, name = b"", form.get("file_name", "")[:200]
    if sent is not None and sent.filename:
        content, name = sent.read(), sent.filename[:200]
    elif form.get("content"):
        try:
            content = base64.b64decode(form["content"], validate=True)
        except binascii.Error:
            content = b""
    if not content:
        raise InvalidError("Choose a file.", errors={"file": ["Choose a file with headings in its first row."]})
    headings, fields = ([], []) if _is_other() else (form.getlist("heading"), form.getlist("meaning"))
    region = form.get("region", "").strip().upper()
    options = FileOptions(
        file_name=name,
        kind=FileKind(form["kind"]) if form.get("kind") in set(FileKind) else None,
        # The sheet that is read by itself is not named, so that the list is known again however it comes.
        sheet=None if form.get("sheet") == form.get("first_sheet") else form.get("sheet") or None,
        mapping=dict(zip(headings, fields, strict=False)),
        region=region if _REGION.fullmatch(region) else None,
        day_first=not form.get("month_first"),
        notices=_shown(form.get("shown", "")),
    )
    return content, options


def _shown(said: str) -> Notices:
    """The words that people were shown, where they are known."""
    purpose, _, version = said.partition(":")
    return {purpose: intake.read_notice(purpose, version)} if purpose and _VERSION.fullmatch(version) else {}


def _provenance() -> Provenance:
    source, ground = request.form.get("source", ""), request.form.get("ground", "")
    wrong = {}
    if source not in set(Source):
        wrong["source"] = ["Choose where the list came from."]
    if ground not in set(Ground):
        wrong["ground"] = ["Choose the ground."]
    if wrong:
        raise InvalidError("Say where the list came from, and on which ground its people are kept.", errors=wrong)
    return Provenance(Source(source), Ground(ground))
