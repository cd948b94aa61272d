"""What of a person is compared with others: folded once, held in memory while it is compared, never kept."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from governance.customers.codes import ContactKind
from governance.intake.duplicates_names import REMEMBERED, fold_patronymic, known_names
from governance.intake.folding import fold_name
from governance.vault.blind import normal_email

_NOT_ADDRESS = re.compile(r"[\W_]+")
_STREET_WORDS = re.compile(
    r"\b(?:улица|ул|вулиця|вул|проспект|просп|пр-т|пр|переулок|пер|провулок|пров|бульвар|бул|шоссе|площадь|пл|площа"
    r"|дом|д|будинок|буд|б|квартира|кв|корпус|корп|к|город|г|місто|м)\b\.?",
    re.IGNORECASE,
)


class Profile(NamedTuple):
    """One person, or one row of a list; empty where nothing is known.

    Attributes:
        family, given: skeletons; of a firm without a person's name, its name stands as the given one.
        names: the names that the given one may be a form of.
        patronymic: the father's name, as `fold_patronymic` makes it.
        birth_date: ISO 8601, possibly of reduced precision.
        city, street: folded.
        emails, phones, others: contacts in normal form; the others with their kind in front.
    """

    family: str = ""
    given: str = ""
    names: frozenset[str] = frozenset()
    patronymic: str = ""
    birth_date: str = ""
    sex: str = ""
    city: str = ""
    street: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def contacts(self) -> tuple[str, ...]:
        """All contacts; e-mail addresses, numbers and the rest never coincide."""
        return self.emails + self.phones + self.others


class Told(NamedTuple):
    """What is told of a person, as `customers.comparing.FIELDS` has it."""

    family_name: str | None = None
    given_name: str | None = None
    patronymic: str | None = None
    organisation: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    city: str | None = None
    street: str | None = None


def profile_of(told: Told, contacts: Iterable[tuple[str, str]] = ()) -> Profile:
    """Fold what is told of a person; contacts are pairs of kind and value, phones in E.164."""
    named = bool(told.family_name or told.given_name)
    given = told.given_name if named else told.organisation
    emails, phones, others = _sorted_out(contacts)
    return Profile(
        family=folded(told.family_name or ""),
        given=folded(given or ""),
        names=known_names(given) if named and given else frozenset(),
        patronymic=fold_patronymic(told.patronymic) if told.patronymic else "",
        birth_date=told.birth_date or "",
        sex=told.sex or "",
        city=folded(told.city or ""),
        street=folded_street(told.street or ""),
        emails=emails,
        phones=phones,
        others=others,
    )


def _sorted_out(contacts: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    emails: set[str] = set()
    phones: set[str] = set()
    others: set[str] = set()
    for kind, value in contacts:
        if kind == ContactKind.EMAIL:
            emails.add(normal_email(value))
        elif kind == ContactKind.PHONE:
            phones.add(value)
        elif kind != ContactKind.POSTAL:
            others.add(f"{kind}:{value.casefold().strip()}")
    return tuple(sorted(emails)), tuple(sorted(phones)), tuple(sorted(others))


@lru_cache(maxsize=REMEMBERED)
def folded(name: str) -> str:
    """Skeleton of a name or place, remembered: lists hold the same few over and over."""
    return fold_name(name)


def folded_street(street: str) -> str:
    """Letters and digits of an address, without the words for street, house and flat."""
    return _NOT_ADDRESS.sub(" ", _STREET_WORDS.sub(" ", street.casefold().replace("ё", "е"))).strip()
