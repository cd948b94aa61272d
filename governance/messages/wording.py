"""Words of messages that a controller writes itself: in versions that stay, since messages were sent in them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import distinct_on

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.kernel import packs
from governance.kernel.errors import InvalidError
from governance.kernel.ids import uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.messages.demands import check_words
from governance.messages.tables import WordingRow
from governance.messages.texts import Rendered, Template, Values, language_of, render, shipped

WORDING_LOCK: Final = 0x776F726473
"""Advisory lock under which versions are numbered ("words" in ASCII)."""
VERSION: Final = "wording"
"""Beside the values of a message that was put on its way: in which version of the words."""


@frozen
class Wording:
    """The words of a message in a language, as they stand.

    Attributes:
        version: of the controller's own words; 0 where nobody wrote any.
        words: what is sent.
        own: whether the controller wrote them; else they are those shipped.
        language: that the words are in: English, where a further language lacks them.
        recorded_at: since when they stand; None for those shipped, where nobody wrote any.
    """

    template: Template
    version: int
    words: str
    own: bool
    language: str
    recorded_at: datetime | None


def wording(work: Work, *, template: Template, language: str) -> Wording:
    """The words in force.

    Raises:
        InvalidError: there is no such language.
    """
    _require_language(language)
    return _told(template, language, _newest(work, template, language))


def wordings(work: Work, *, language: str) -> list[Wording]:
    """The words of all messages in a language.

    Raises:
        InvalidError: there is no such language.
    """
    _require_language(language)
    newest = (
        select(WordingRow)
        .where(WordingRow.language == language)
        .ext(distinct_on(WordingRow.template))
        .order_by(WordingRow.template, WordingRow.version.desc())
    )
    rows = {row.template: row for row in work.session.scalars(newest)}
    return [_told(one, language, rows.get(one.value)) for one in Template]


def wording_versions(work: Work, *, template: Template, language: str) -> list[tuple[int, datetime, bool]]:
    """All versions, newest first: number, since when, and whether the words are the controller's own."""
    query = select(WordingRow).where(WordingRow.template == template.value, WordingRow.language == language)
    rows = work.session.scalars(query.order_by(WordingRow.version.desc()))
    return [(row.version, row.recorded_at, row.words is not None) for row in rows]


def set_wording(work: Work, *, template: Template, language: str, words: str) -> Wording:
    """Have a message say these words from now on; what was put on its way before keeps its own.

    Raises:
        InvalidError: `errors` says what is missing or cannot be.
    """
    _require_language(language)
    return _add(work, template, language, check_words(template, words), Action.WORDING_SET)


def reset_wording(work: Work, *, template: Template, language: str) -> Wording:
    """Have a message say again what it came with.

    Raises:
        InvalidError: there is no such language.
    """
    _require_language(language)
    return _add(work, template, language, None, Action.WORDING_RESET)


def version_in_force(work: Work, *, template: Template, language: str) -> int:
    """The version of the words in force; 0 where nobody wrote any."""
    row = _newest(work, template, language_of(language))
    return 0 if row is None else row.version


def render_as_sent(
    work: Work, *, template: Template, language: str, values: Values, version: int | None = None
) -> Rendered:
    """A message in the words that it was put on its way in, whatever has been written since.

    Args:
        work: the transaction.
        template: of the message.
        language: of the message.
        values: what it was filled in with, with its version of the words.
        version: of the words, where the values do not tell it.
    """
    told = values.get(VERSION, 0) if version is None else version
    own = words_of(work, template=template, language=language, version=int(str(told)))
    return render(template, language, values, own=own)


def words_of(work: Work, *, template: Template, language: str, version: int) -> str | None:
    """The controller's own words of a version; None where it has those shipped."""
    if version == 0:
        return None
    where: Mapping[str, object] = {"template": template.value, "language": language_of(language), "version": version}
    return work.session.scalars(select(WordingRow.words).filter_by(**where)).one_or_none()


def _require_language(language: str) -> None:
    if language not in packs.names():
        raise InvalidError("There is no such language.", errors={"language": ["Choose a language of this service."]})


def _newest(work: Work, template: Template, language: str) -> WordingRow | None:
    query = select(WordingRow).where(WordingRow.template == template.value, WordingRow.language == language)
    return work.session.scalars(query.order_by(WordingRow.version.desc()).limit(1)).first()


def _told(template: Template, language: str, row: WordingRow | None) -> Wording:
    source, in_language = shipped(template, language)
    if row is None:
        return Wording(template, 0, source, own=False, language=in_language, recorded_at=None)
    if row.words is None:
        return Wording(template, row.version, source, own=False, language=in_language, recorded_at=row.recorded_at)
    return Wording(template, row.version, row.words, own=True, language=language, recorded_at=row.recorded_at)


def _add(work: Work, template: Template, language: str, words: str | None, action: Action) -> Wording:
    work.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WORDING_LOCK})
    standing = _newest(work, template, language)
    if (None if standing is None else standing.words) == words or words == shipped(template, language)[0] == (
        _told(template, language, standing).words
    ):
        return _told(template, language, standing)
    version = 1 if standing is None else standing.version + 1
    row = WordingRow(
        id=uuid7(), template=template.value, language=language, version=version, recorded_at=work.now, words=words
    )
    work.session.add(row)
    work.session.flush()
    facts = {"template": template.value, "language": language, "version": version}
    audit.append(work, action, object=ObjectRef("wording", row.id), facts=facts)
    return _told(template, language, row)
