"""What lists say of consents, as events: a yes by day and notice is a consent, any other a claim, and a no is a stop.

What a column means:
- a general one (`Согласие на рассылку`): the newsletter by e-mail and by SMS, as far as the row holds such a contact;
- one of e-mail, SMS, messenger or post: the newsletter by that channel; one of calls: own offers by phone, since the
  newsletter never calls;
- one of processing: no purpose; consent to it is not consent to any mailing.
A no also ends what the law of the controller's country would let us send without consent (soft opt-in, legitimate
interest): by the channels that the column names, by all where it is general or of processing. A mapping may name
purposes and channels instead; then these are meant, for yes and no alike.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from functools import cached_property
from types import MappingProxyType
from typing import Final, NamedTuple

from governance.consent import operations as consent
from governance.consent.codes import CONTACTS_OF, NoticeKind
from governance.customers.codes import ContactKind
from governance.customers.reach import allow
from governance.customers.records import Json
from governance.intake.answers import ClaimedConsent, ConsentScope
from governance.intake.errors import MappingError
from governance.intake.headings import NOTICE, Plan, consent_target
from governance.intake.records import CustomerRow
from governance.kernel.errors import InvalidError, NotFoundError
from governance.kernel.ids import BatchId, SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.consent_state import EventKind, Method
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel, Ground, PurposeBook
from governance.reference.operations import controller

NEWSLETTER: Final = "newsletter"
OWN_OFFERS: Final = "own_offers"
NOT_KEPT: Final = "consent-not-kept"
"""Code of the remark on a row whose consent could not be kept; its person is."""
PROCESSING_REFUSED: Final = "processing-refused"
"""Code of the remark on a row whose person does not agree to being kept at all: somebody must decide."""


@frozen
class NoticeShown:
    """The notice that the people of a list were shown when they agreed.

    Attributes:
        version: of the purpose's notice.
        language: ISO 639, in which they read it; None where nobody knows.
    """

    version: int
    language: str | None = None


Notices = Mapping[str, NoticeShown]
"""By key of the purpose."""


class Meant(NamedTuple):
    """What an answer of a list is about."""

    purpose: str
    channel: Channel


_MEANT: Final[Mapping[str, tuple[Meant, ...]]] = MappingProxyType(
    {
        ConsentScope.ANY: (Meant(NEWSLETTER, Channel.EMAIL), Meant(NEWSLETTER, Channel.SMS)),
        ConsentScope.EMAIL: (Meant(NEWSLETTER, Channel.EMAIL),),
        ConsentScope.SMS: (Meant(NEWSLETTER, Channel.SMS),),
        ConsentScope.PHONE: (Meant(OWN_OFFERS, Channel.PHONE),),
        ConsentScope.MESSENGER: (Meant(NEWSLETTER, Channel.MESSENGER),),
        ConsentScope.POST: (Meant(NEWSLETTER, Channel.POST),),
        ConsentScope.PROCESSING: (),
    }
)
_GENERAL: Final = frozenset({ConsentScope.ANY, ConsentScope.PROCESSING})


class Claims:
    """What the answers of one list come to, by the purposes in force."""

    def __init__(self, work: Work, notices: Notices, *, batch: BatchId | None = None) -> None:
        self._work = work
        self._notices = notices
        self._batch = batch

    @cached_property
    def _book(self) -> PurposeBook:
        return consent.book(self._work)

    @cached_property
    def _needing_no_consent(self) -> tuple[Meant, ...]:
        """Advertising that a lawful ground other than consent may allow; it must hold where the controller is."""
        home = self._book.by_country.get(controller(self._work).country)
        return tuple(
            Meant(purpose.key, channel)
            for purpose in self._book.purposes.values()
            if purpose.advertising
            for channel in sorted(purpose.channels)
            if any(basis.ground is not Ground.CONSENT for basis in purpose.bases_for(channel, home))
        )

    def meant(self, row: CustomerRow, claim: ClaimedConsent) -> list[Meant]:
        """What a claim of a row is about; nothing where it permits and forbids nothing."""
        target = consent_target(f"consent:{claim.scope}")
        if target is not None:
            said = [Meant(purpose, channel) for purpose in target.purposes for channel in target.channels]
            return self._reachable(row, said) if claim.given else said
        told = _MEANT[claim.scope]
        if claim.given:
            return self._reachable(row, told)
        if claim.scope == ConsentScope.PROCESSING:
            told = _MEANT[ConsentScope.ANY]
        channels = {one.channel for one in told}
        general = claim.scope in _GENERAL
        return list(dict.fromkeys((*told, *(one for one in self._needing_no_consent if general or one[1] in channels))))

    def _reachable(self, row: CustomerRow, told: Sequence[Meant]) -> list[Meant]:
        """A yes to several channels is one to those that the row has a contact for."""
        used = [one for one in told if self._uses(one)]
        if len({one.channel for one in told}) == 1:
            return used
        kinds = {ContactKind(one.kind) for one in row.contacts}
        return [one for one in used if kinds & set(CONTACTS_OF[one.channel])]

    def _uses(self, one: Meant) -> bool:
        purpose = self._book.purposes.get(one.purpose)
        return purpose is not None and one.channel in purpose.channels

    def is_given(self, row: CustomerRow, claim: ClaimedConsent) -> bool:
        """Whether a yes is more than a claim: its day is known, and the notice of each purpose that it is about."""
        meant = self.meant(row, claim) if claim.given and claim.on is not None and claim.on.exact is not None else []
        return bool(meant) and all(one.purpose in self._notices for one in meant)

    def events(self, row: CustomerRow, person: SubjectId) -> Iterator[consent.NewEvent]:
        """The events of one row, in the order of its columns."""
        for claim in row.consents:
            for one in self.meant(row, claim):
                yield self._event(row, person, claim, one)

    def _event(self, row: CustomerRow, person: SubjectId, claim: ClaimedConsent, one: Meant) -> consent.NewEvent:
        shown = self._notices.get(one.purpose) if claim.given else None
        day = None if claim.on is None else claim.on.exact
        proof: dict[str, Json] = {"row": row.number} if shown is not None and day is not None else {}
        return consent.NewEvent(
            kind=EventKind.GIVEN if claim.given else EventKind.REFUSED,
            purpose=one.purpose,
            channel=one.channel,
            method=Method.IMPORT,
            subject=person,
            valid_at=None if day is None else datetime.combine(day, time(), UTC),
            whole_day=day is not None,
            notice=None if shown is None else shown.version,
            language=None if shown is None else shown.language,
            seen=0 if claim.given else None,
            claimed=claim.given and day is None,
            batch=self._batch,
            evidence=proof,
        )


def record(
    work: Work, *, batch: BatchId, notices: Notices, rows: Iterable[tuple[CustomerRow, SubjectId]]
) -> list[tuple[int, str]]:
    """Record what *rows* say of consents, set by set; answers row numbers with the code of a remark."""
    saying = [(row, person) for row, person in rows if row.consents]
    if not saying:
        return []
    claims = Claims(work, notices, batch=batch)
    events = [(row.number, event) for row, person in saying for event in claims.events(row, person)]
    made = consent.record_claims(work, events=[event for _, event in events], batch=batch)
    told = [
        (number, NOT_KEPT) for (number, _), one in zip(events, made, strict=True) if isinstance(one, consent.Refused)
    ]
    told += [
        (row.number, PROCESSING_REFUSED)
        for row, _ in saying
        for claim in row.consents
        if claim.scope == ConsentScope.PROCESSING and not claim.given
    ]
    return list(dict.fromkeys(told))


def check_notices(work: Work, notices: Notices) -> None:
    """Make sure that consents can be recorded to *notices*, and by this actor.

    Raises:
        ForbiddenError: where the actor may not record consents.
        InvalidError: `errors` names the purpose whose notice is not as told.
    """
    if not notices:
        return
    allow(work, Permission.CONSENT_RECORD)
    wrong: dict[str, list[str]] = {}
    for purpose, shown in notices.items():
        try:
            found = consent.notice(work, kind=NoticeKind.CONSENT, key=purpose, version=shown.version)
        except NotFoundError:
            sentence = "The notice of this purpose has no such version; see: governance consent notices list"
            wrong[f"{NOTICE}{purpose}"] = [sentence]
            continue
        if shown.language is not None and shown.language not in found.texts:
            wrong[f"{NOTICE}{purpose}"] = ["This version of the notice is not written in this language."]
    if wrong:
        raise InvalidError("The notices that people were shown are not as told.", errors=wrong)


def check_targets(work: Work, plan: Plan) -> None:
    """Make sure that purposes which a mapping names exist and use the channels named with them.

    Raises:
        MappingError: `errors` names the field that does not fit.
    """
    wrong: dict[str, list[str]] = {}
    for field in {column.field for column in plan.filled if column.field}:
        target = consent_target(field)
        for key in () if target is None else target.purposes:
            purpose = consent.book(work).purposes.get(key)
            if purpose is None:
                wrong[field] = ["No purpose has this key; see: governance consent purposes"]
            elif not purpose.channels.issuperset(target.channels if target else ()):
                wrong[field] = ["This purpose does not use all of these channels."]
    if wrong:
        raise MappingError("The mapping names consents that there cannot be.", errors=wrong)


def notices_told(mapping: Mapping[str, str]) -> tuple[dict[str, str], dict[str, NoticeShown]]:
    """A mapping of columns, and the notices that stand beside them in its file.

    Raises:
        InvalidError: where a notice is not told as `read_notice` reads it.
    """
    columns = {heading: field for heading, field in mapping.items() if not heading.startswith(NOTICE)}
    shown = {key.removeprefix(NOTICE): said for key, said in mapping.items() if key.startswith(NOTICE)}
    return columns, {purpose: read_notice(purpose, said) for purpose, said in shown.items()}


def read_notice(purpose: str, said: str) -> NoticeShown:
    """A notice as people tell it: its version, and the language after a colon where it is known (`2`, `2:uk`).

    Raises:
        InvalidError: where it is told otherwise.
    """
    version, colon, language = said.strip().partition(":")
    if not (version.isascii() and version.isdigit() and len(version) <= 6) or (colon and not language.isalpha()):
        sentence = "Give the version, and the language after a colon where it is known: 2 or 2:uk."
        raise InvalidError(
            "The notice that people were shown cannot be read.", errors={f"{NOTICE}{purpose}": [sentence]}
        )
    return NoticeShown(int(version), language.lower() or None)
