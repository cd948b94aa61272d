"""The question of a send check as it is sent, and its answer: the envelope by schema, the rows by plain code."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import marshmallow as ma

from governance.api.parsing import read_lists
from governance.api.problems import flatten
from governance.api.schemas import Instant, Schema, code, flag
from governance.consent import operations as consent
from governance.consent.operations import Asked, Checked
from governance.kernel.clock import UTC
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.policies.consent_facts import WORDS, Reason, Verdict, Word
from governance.policies.purposes import Channel

NOBODY: Final = SubjectId(UUID(int=0))
"""Stands for what is no id."""

_CAMPAIGN: Final = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"


class Envelope(Schema):
    """All of a question but the contacts."""

    purpose = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 50),
        metadata={"description": "Key of the purpose; an unknown one is answered no."},
    )
    channel = code(Channel, required=True)
    as_of = Instant(
        metadata={
            "description": "Answers as a check answered at this instant: the `at` of an answer gives that answer "
            "again, whatever was under way and not done yet. By contacts only."
        },
    )
    campaign = ma.fields.String(
        validate=ma.validate.Regexp(_CAMPAIGN + r"\Z"),
        metadata={"description": "Your code of the mailing, for the log; nothing of a person."},
    )
    region = ma.fields.String(
        validate=ma.validate.Regexp(r"[A-Z]{2}\Z"),
        metadata={"description": "Country of phone numbers without a country code; the controller's by default."},
    )
    opt_out_in_message = flag(
        metadata={"description": "Whether every message offers a way to refuse; soft opt-in rests on it."}
    )
    unsubscribe = flag(
        metadata={
            "description": "Give an address for `List-Unsubscribe` (RFC 8058) with each yes; counts as "
            "`opt_out_in_message`."
        }
    )
    details = flag(metadata={"description": "Give full reasons; needs the scope consent:details."})


class CheckQuestion(Envelope):
    """A question: contacts or customers, 1 to 10,000 of them."""

    contacts = ma.fields.List(
        ma.fields.String(),
        validate=ma.validate.Length(1, consent.MOST_CONTACTS),
        metadata={"description": "As people write them; what is no contact gets `invalid` in its place."},
    )
    customers = ma.fields.List(
        ma.fields.UUID(),
        validate=ma.validate.Length(1, consent.MOST_CONTACTS),
        metadata={"description": "Instead of contacts; each by the contact that a message would go to."},
    )


class CheckedContact(Schema):
    """The answer for one contact."""

    allowed = ma.fields.Boolean(required=True)
    reason = code(Word, required=True)
    unsubscribe = ma.fields.String(metadata={"description": "For List-Unsubscribe, with List-Unsubscribe-Post."})
    full_reason = code(Reason)
    ground = ma.fields.String(allow_none=True)
    valid_until = Instant(allow_none=True)
    notice_version = ma.fields.Integer(allow_none=True)
    event_id = ma.fields.UUID(allow_none=True)


class CheckAnswer(Schema):
    """Answers in the order of what was asked about."""

    decision_id = ma.fields.UUID(required=True, metadata={"description": "The entry of the audit log that tells it."})
    at = Instant(required=True, metadata={"description": "The instant that the answers are of."})
    items = ma.fields.List(ma.fields.Nested(CheckedContact), required=True)


@frozen
class Question:
    """A question as it was read.

    Attributes:
        asked: the envelope.
        contacts, people: what it is about; one of them is empty.
        unsubscribe: whether the answer is to hold addresses to unsubscribe by.
    """

    asked: Asked
    contacts: Sequence[object]
    people: Sequence[SubjectId]
    unsubscribe: bool


def read_question(body: bytes) -> Question:
    """Read a question.

    Raises:
        MalformedError: it is no JSON object.
        InvalidError: `errors` says by field what is wrong.
    """
    document, lists = read_lists(body, ("contacts", "customers"))
    asked, unsubscribe = read_envelope(document)
    contacts, ids = lists.get("contacts", []), lists.get("customers", [])
    if bool(contacts) == bool(ids):
        raise InvalidError("Ask about something.", errors={"contacts": ["Give either contacts or customers."]})
    return Question(asked, contacts, [_subject(one) for one in ids], unsubscribe)


def read_envelope(document: dict[str, Any]) -> tuple[Asked, bool]:
    """The envelope of a question, and whether addresses to unsubscribe by are wanted.

    Raises:
        InvalidError: `errors` says by field what is wrong.
    """
    try:
        # With their types, since 1 and True are the same key to a cache.
        return _known_envelope(tuple((name, type(value), value) for name, value in document.items()))
    except TypeError:  # something in it is a list or an object
        return _envelope(document)


@lru_cache(maxsize=256)
def _known_envelope(items: tuple[tuple[str, type, Any], ...]) -> tuple[Asked, bool]:
    return _envelope({name: value for name, _, value in items})


def _envelope(document: dict[str, Any]) -> tuple[Asked, bool]:
    try:
        told = _SCHEMA.load(document)
    except ma.ValidationError as error:
        messages = error.messages if isinstance(error.messages, dict) else {"_schema": error.messages}
        raise InvalidError("Some fields cannot be used as they are.", errors=flatten(messages)) from None
    unsubscribe = told.pop("unsubscribe", False)
    if unsubscribe:
        told["opt_out_in_message"] = True
    return Asked(**told), unsubscribe


_SCHEMA: Final = Envelope()


def _subject(value: object) -> SubjectId:
    try:
        return SubjectId(UUID(value)) if isinstance(value, str) else NOBODY
    except ValueError:
        return NOBODY


_BRIEF: Final = {
    reason: json.dumps({"allowed": word is Word.OK, "reason": word.value}, separators=(",", ":"))
    for reason, word in WORDS.items()
}
"""Answers that hold no more than their word."""


def write_head(checked: Checked) -> str:
    """What stands before the answers for the contacts of one decision, as a JSON object."""
    return f'{{"decision_id":"{checked.decision}","at":"{_instant(checked.at)}","count":{len(checked.verdicts)}}}'


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def write_answer(checked: Checked, *, details: bool) -> str:
    """An answer as JSON."""
    at = _instant(checked.at)
    items = ",".join(write_rows(checked, details=details))
    return f'{{"decision_id":"{checked.decision}","at":"{at}","items":[{items}]}}\n'


def write_rows(checked: Checked, *, details: bool) -> list[str]:
    """The answers for the contacts, each as a JSON object."""
    if not details and not checked.unsubscribe:
        return [_BRIEF[verdict[1]] for verdict in checked.verdicts]
    links = checked.unsubscribe
    return [_row(verdict, links.get(place), details=details) for place, verdict in enumerate(checked.verdicts)]


def _row(verdict: Verdict, link: str | None, *, details: bool) -> str:
    told: dict[str, object] = {"allowed": verdict.allowed, "reason": verdict.word.value}
    if link is not None:
        told["unsubscribe"] = link
    if details:
        until = verdict.valid_until
        told |= {
            "full_reason": verdict.reason.value,
            "ground": verdict.ground,
            "valid_until": None if until is None else _instant(until),
            "notice_version": verdict.notice_version,
            "event_id": None if verdict.event is None else str(verdict.event),
        }
    return _encode(told)


_encode: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
