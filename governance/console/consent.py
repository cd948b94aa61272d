"""Purposes and notices, the tester of send checks, and lists given back with only those who may be written to."""

import base64
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Final

from flask import Response, abort, request
from flask_babel import gettext

from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.consent.operations import Asked
from governance.consent.sentences import RULES
from governance.console import words
from governance.console.frame import page
from governance.console.guard import Visit, act, screen
from governance.console.place import current_console
from governance.intake import operations as intake
from governance.intake.contact_lists import ListOptions
from governance.intake.operations import ReasonWords
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.policies.consent_facts import Reason, Verdict, Word
from governance.policies.purposes import Channel

LIST_LIMIT_BYTES: Final = 5 * 1_048_576


@screen("/consent", "consent")
def purposes(visit: Visit) -> Response:
    """Purposes in force, and the notices that people are shown."""
    return page(
        visit,
        "consent",
        part="consent",
        purposes=consent.purposes(visit.work),
        notices=sorted(consent.notices(visit.work), key=lambda one: (one.kind.value, one.key, -one.version)),
        names=names_of_notices(visit),
        channels=words.channels(),
        now=visit.work.now,
    )


@screen("/consent/notices/<kind>/<notice>/<int:version>", "consent_notice")
def notice(visit: Visit, kind: str, notice: str, version: int) -> Response:
    """The exact words of a version of a notice, in all its languages."""
    if kind not in set(NoticeKind):
        abort(404)
    found = consent.notice(visit.work, kind=NoticeKind(kind), key=notice, version=version)
    return page(visit, "notice", part="consent", found=found, name=names_of_notices(visit).get(notice, notice))


def names_of_notices(visit: Visit) -> Mapping[str, str]:
    """What notices are called, by key: those of purposes as the purposes are."""
    titles = {one.purpose.key: one.purpose.titles.get(language()) for one in consent.purposes(visit.work)}
    return {"privacy": gettext("Privacy notice")} | titles


@frozen
class Answer:
    """What a send check says, in words."""

    verdict: Verdict
    sentence: str
    citation: str | None
    decision: object


@screen("/send-check", "send_check")
def check_page(visit: Visit, typed: Typed = EMPTY, answer: Answer | None = None) -> Response:
    """The form to ask by whether one contact may be written to."""
    return page(
        visit,
        "send_check",
        part="send_check",
        purposes=_choices(visit),
        channels=words.channels(),
        typed=typed,
        answer=answer,
    )


@act("/send-check", "ask_send_check", shows=check_page, of="send_check")
def ask(visit: Visit) -> Response:
    """Ask as a mailing system would; the question is in the log, the contact is not."""
    said = request.form
    contact = said.get("contact", "").strip()[:500]
    if not contact:
        raise InvalidError("Write one contact.", errors={"contact": ["Write one whole contact."]})
    asked = _asked()
    found = consent.check(visit.work, question=asked, contacts=[contact])
    verdict = found.verdicts[0]
    rule, basis = RULES[verdict.reason], verdict.basis
    citation = rule.citation if basis is None else basis.citation
    answer = Answer(verdict, words.reasons()[verdict.reason.value], citation, found.decision)
    return check_page(visit, typed=Typed(said.to_dict()), answer=answer)


@frozen
class Cleaned:
    """A list that was gone through.

    Attributes:
        reasons: why rows were left out, how many, and their share in percent of all rows.
        kept, left: the two files as addresses of data, so that nothing of them stays on the server.
    """

    rows: int
    allowed: int
    column: str
    reasons: Sequence[tuple[str, int, int]]
    kept: str
    kept_name: str
    left: str
    left_name: str


@screen("/clean-list", "clean_list")
def list_page(visit: Visit, typed: Typed = EMPTY, cleaned: Cleaned | None = None) -> Response:
    """The form to hand in a list by."""
    return page(
        visit,
        "clean_list",
        part="clean_list",
        scripts=("drop.js",),
        purposes=_choices(visit),
        channels=words.channels(),
        typed=typed,
        cleaned=cleaned,
        megabytes=LIST_LIMIT_BYTES // 1_048_576,
    )


@act("/clean-list", "sift_list", shows=list_page, of="clean_list")
def clean(visit: Visit) -> Response:
    """Give a list back with only those rows that may be written to, and the others with why not."""
    sent = request.files.get("file")
    content = b"" if sent is None else sent.read()
    if sent is None or not content:
        raise InvalidError("Choose a file.", errors={"file": ["Choose a file with one contact in each row."]})
    console, kept, left = current_console(), BytesIO(), BytesIO()
    told = intake.sift(
        console.database,
        actor=visit.work.actor,
        file=BytesIO(content),
        asked=_asked(),
        options=ListOptions(column=request.form.get("column", "").strip() or None),
        allowed=kept,
        reasons=left,
        words=_reason_words(),
        clock=console.clock,
    )
    sayings_of = words.reasons()
    counted = sorted(told.reasons.items(), key=lambda one: -one[1])
    kept_word, left_word = gettext("may-be-written-to"), gettext("left-out")  # of names of files
    stem, dot, ending = (sent.filename or "list.csv").rpartition(".")
    cleaned = Cleaned(
        rows=told.rows,
        allowed=told.allowed,
        column=told.column,
        reasons=[(sayings_of[why.value], count, round(100 * count / told.rows)) for why, count in counted],
        kept=_data(kept, "application/octet-stream"),
        kept_name=f"{stem or ending}-{kept_word}.{ending if dot else 'csv'}",
        left=_data(left, "text/csv"),
        left_name=f"{stem or ending}-{left_word}.csv",
    )
    return list_page(visit, typed=Typed(request.form.to_dict()), cleaned=cleaned)


def _reason_words() -> ReasonWords:
    """What the file of rows that were left out says, in the language of whoever handed the list in."""
    sentences = words.reasons()
    return ReasonWords(
        headings=(gettext("row"), gettext("verdict"), gettext("code of the reason"), gettext("why")),
        answers={
            Word.OK: gettext("yes"),
            Word.NO_GROUND: gettext("no ground"),
            Word.OPTED_OUT: gettext("wants no messages"),
            Word.INVALID: gettext("no usable contact"),
        },
        sentences={one: sentences[one.value] for one in Reason},
    )


def _asked() -> Asked:
    said = request.form
    channel = said.get("channel", "")
    if channel not in set(Channel):
        raise InvalidError("Choose a channel.", errors={"channel": ["Choose a channel."]})
    return Asked(
        purpose=said.get("purpose", "")[:64],
        channel=Channel(channel),
        opt_out_in_message=bool(said.get("opt_out")),
        details=False,
    )


def _choices(visit: Visit) -> Sequence[tuple[str, str]]:
    return [(one.purpose.key, one.purpose.titles.get(language())) for one in consent.purposes(visit.work)]


def _data(file: BytesIO, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
