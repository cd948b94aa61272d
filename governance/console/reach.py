"""Who may be written to: of all customers so many, so many not, and why; as it was counted last."""

from collections import Counter
from collections.abc import Sequence

from flask import Response, request

from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.console import words
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.console.reach_steps import PRIVACY, form_of, others, remedy, steps
from governance.customers.records import Json
from governance.intake import operations as intake
from governance.intake.snapshots import TAKE_SNAPSHOT, Count, Freshness
from governance.kernel import jobs
from governance.kernel.errors import InvalidError, NotFoundError
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.policies.purposes import Channel

_FIRST = ("newsletter", "email")


@frozen
class Reasons:
    """Who may not be written to, by one reason.

    Attributes:
        remedy: what can be done about it.
        share: percent of all customers; 0 where the number is not told exactly.
    """

    sentence: str
    remedy: str
    people: int | str
    share: int


@screen("/reach", "reach")
def reach(visit: Visit, typed: Typed = EMPTY) -> Response:
    """The answer an owner wants, for one purpose and channel, and what to do about it."""
    known = {one.purpose.key: one.purpose for one in consent.purposes(visit.work)}
    titles = {key: one.titles.get(language()) for key, one in known.items()}
    purpose, channel = request.values.get("purpose", _FIRST[0]), request.values.get("channel", _FIRST[1])
    purpose = purpose if purpose in titles else next(iter(titles), "")
    channel = channel if channel in set(Channel) else _FIRST[1]
    try:
        found: Freshness | None = intake.freshness_report(visit.work)
    except NotFoundError:
        found = None
    mine = [] if found is None else [one for one in found.counts if (one.purpose, one.channel) == (purpose, channel)]
    may = [one.people for one in mine if one.outcome.value == "mailable"]
    return page(
        visit,
        "reach",
        part="reach",
        purposes=list(titles.items()),
        purpose=purpose,
        channel=channel,
        channels=words.channels(),
        found=found,
        counting=jobs.is_under_way(visit.work, TAKE_SNAPSHOT),
        may=sum(one for one in may if isinstance(one, int)) if _exact(may) else may[0],
        may_not=0 if found is None or not _exact(may) else found.people - sum(int(one) for one in may),
        reasons=_reasons(found, mine),
        steps=steps(visit, purpose=known[purpose], reasons=[one.reason for one in mine]) if purpose in known else [],
        others=[] if found is None else others(titles, found.counts, purpose=purpose, channel=channel),
        typed=typed,
    )


def _exact(counts: Sequence[int | str]) -> bool:
    return all(isinstance(one, int) for one in counts)


def _reasons(found: Freshness | None, mine: Sequence[Count]) -> Sequence[Reasons]:
    """Reasons with how many people each is told of; those that read the same are one."""
    known, summed, told, remedies = words.reasons(), Counter[str](), list[Reasons](), dict[str, str]()
    for one in mine:
        sentence = known.get(one.reason, one.reason)
        remedies[sentence] = remedy(one.reason)
        if one.outcome.value != "mailable" and isinstance(one.people, int):
            summed[sentence] += one.people
        elif one.outcome.value != "mailable":
            told.append(Reasons(sentence, remedies[sentence], one.people, 0))
    people = max(1, 0 if found is None else found.people)
    exact = [
        Reasons(sentence, remedies[sentence], number, round(100 * number / people))
        for sentence, number in summed.most_common()
    ]
    return exact + told


@act("/reach", "count_reach", shows=reach, of="reach", then=lambda: go("reach"))
def count(visit: Visit) -> Response:
    """Have it counted anew; a job does it."""
    jobs.defer_once(visit.work, TAKE_SNAPSHOT, waiting=TAKE_SNAPSHOT)
    return go("reach")


@act("/reach/form", "put_up_form", shows=reach, of="reach", then=lambda: go("reach", **_place()))
def put_up_form(visit: Visit) -> Response:
    """Publish a subscription form that asks for one purpose by mail, in the words that are in force."""
    found = {one.purpose.key: one.purpose for one in consent.purposes(visit.work)}
    purpose = found.get(request.form.get("purpose", ""))
    if purpose is None:
        raise InvalidError("There is no such purpose.", errors={"purposes": ["Choose a purpose of the list."]})
    if form_of(visit, purpose) is None:
        notices = consent.notices(visit.work, kind=NoticeKind.PRIVACY)
        document: dict[str, Json] = {
            "titles": {"en": purpose.titles.en, "ru": purpose.titles.ru, "uk": purpose.titles.uk},
            "items": [{"purpose": purpose.key, "channels": [Channel.EMAIL.value]}],
            "privacy_notice": notices[0].key if notices else PRIVACY,
            "fields": ["given_name", *(["birth_date"] if purpose.minimum_age is not None else [])],
        }
        consent.publish_form(visit.work, key=purpose.key, document=document)
    return go("reach", **_place())


def _place() -> dict[str, str]:
    """The purpose and channel that the page was about."""
    return {name: request.form.get(name, "") for name in ("purpose", "channel")}
