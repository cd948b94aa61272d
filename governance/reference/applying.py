"""Which laws a controller is under: those that are shipped, and those that it wrote itself; and in which versions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import func, select

from governance.kernel.errors import NotFoundError
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.deadline_rules import LawTimes
from governance.policies.deadline_writer import write_law
from governance.policies.documents import Titles
from governance.policies.shipped import deadlines
from governance.reference.lookup import laws
from governance.reference.operations import controller, set_controller
from governance.reference.record import Controller, ProtectionOfficer
from governance.reference.tables import LawVersionRow
from governance.reference.times import law_times

NEW_KEY: Final = "my_law"
_TEMPLATE: Final = "gdpr"


@frozen
class KnownLaw:
    """A law that a controller may be under.

    Attributes:
        key: of the law.
        titles: what people call it.
        citation: its official name; that of counting, where a controller wrote the law itself.
        verified: whether all of it was compared with a published text: the name, and every time limit.
        unverified: time limits that were not.
        duties: all of its time limits.
        version: of the time limits; 0 where there are none.
        own: whether the controller wrote the time limits in force itself.
        applies: whether the controller is under it.
    """

    key: str
    titles: Titles
    citation: str
    verified: bool
    unverified: int
    duties: int
    version: int
    own: bool
    applies: bool


@frozen
class LawVersion:
    """A version of a law's time limits; the one that is shipped has no instant."""

    key: str
    version: int
    recorded_at: datetime | None


def known_laws(work: Work) -> list[KnownLaw]:
    """All laws: those that apply first, then by key."""
    times, named = law_times(work), laws()
    own, chosen = _own_keys(work), set(controller(work).laws)
    found = []
    for key in {**named, **times}:
        law, limits = named.get(key), times.get(key)
        rules = [rule for duties in limits.rules.values() for rule in duties.values()] if limits else []
        unverified = sum(not rule.verified for rule in rules)
        titles = law.titles if law else limits.titles if limits else Titles(key, key, key)
        found.append(
            KnownLaw(
                key=key,
                titles=titles,
                citation=law.citation if law else limits.counting.citation if limits else "",
                verified=(law is None or law.verified) and unverified == 0,
                unverified=unverified,
                duties=len(rules),
                version=limits.version if limits else 0,
                own=key in own,
                applies=key in chosen,
            )
        )
    return sorted(found, key=lambda one: (not one.applies, one.key))


def law_of(work: Work, *, key: str) -> LawTimes:
    """The time limits of a law in force.

    Raises:
        NotFoundError: where none are known.
    """
    found = law_times(work).get(key)
    if found is None:
        raise NotFoundError("No law has this key.")
    return found


def law_versions(work: Work, *, key: str) -> list[LawVersion]:
    """All versions of a law's time limits, newest first."""
    query = select(LawVersionRow).where(LawVersionRow.key == key).order_by(LawVersionRow.version.desc())
    own = [LawVersion(row.key, row.version, row.recorded_at) for row in work.session.scalars(query)]
    shipped = deadlines().get(key)
    return own if shipped is None else [*own, LawVersion(key, shipped.version, None)]


def next_law(work: Work, *, key: str | None = None) -> str:
    """What the next version of a law begins from, as YAML; a law of the controller's own where no key is given.

    Raises:
        NotFoundError: where no such law is known.
    """
    if key is None:
        own = replace(
            deadlines()[_TEMPLATE], key=NEW_KEY, version=1, titles=Titles("My law", "Свой закон", "Свій закон")
        )
        unseen = {
            kind: MappingProxyType({duty: replace(rule, verified=False) for duty, rule in duties.items()})
            for kind, duties in own.rules.items()
        }
        return write_law(replace(own, rules=MappingProxyType(unseen)))
    standing = law_of(work, key=key)
    return write_law(replace(standing, version=standing.version + 1))


def choose_laws(work: Work, *, chosen: Sequence[str], calendar: str) -> Controller:
    """Say which laws the controller is under, and whose days of rest count; a version that says the same of all else.

    Raises:
        NoControllerError: where none was set yet.
        InvalidError: a law or the calendar is unknown; `errors` says which.
    """
    return _restated(work, {"laws": tuple(chosen), "calendar": calendar.strip().upper()})


def name_officer(work: Work, *, name: str, email: str, phone: str, authority: str) -> Controller:
    """Say whom people and authorities turn to, and who supervises; a version that says the same of all else.

    Raises:
        NoControllerError: where none was set yet.
        InvalidError: a contact cannot be used; `errors` says which.
    """
    officer = ProtectionOfficer(name.strip() or None, email.strip() or None, phone.strip() or None)
    told = None if officer == ProtectionOfficer() else officer
    return _restated(work, {"officer": told, "authority": authority.strip() or None})


def _restated(work: Work, changed: Mapping[str, object]) -> Controller:
    standing = controller(work)
    said: dict[str, Any] = {name: getattr(standing, name) for name in _SAID}
    return set_controller(work, **{**said, "fiscal_year": str(standing.fiscal_year), **changed})


def own_titles(work: Work) -> Mapping[str, Titles]:
    """What all laws are called, by key; those of the controller's own included."""
    return {**{key: one.titles for key, one in law_times(work).items()}, **{k: law.titles for k, law in laws().items()}}


_SAID: Final = (
    "legal_name",
    "address",
    "country",
    "registration",
    "zone",
    "language",
    "calendar",
    "laws",
    "authority",
    "officer",
)


def _own_keys(work: Work) -> set[str]:
    return set(work.session.scalars(select(LawVersionRow.key).group_by(LawVersionRow.key).having(func.count() > 0)))
