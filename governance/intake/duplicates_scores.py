"""Whether two profiles are one person: evidence for and against, added up in bits (Fellegi and Sunter, JASA 1969).

Two who share a contact are usually one person or one family; two who share none are usually strangers. So what a
family has in common (name, patronymic, address) counts little in the first case, and in the second as much as it is
rare among all who are compared. Some differences no evidence outweighs: two given names, two fathers, two days of
birth. By them families with one telephone, twins, and father and son of one name stay apart.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import StrEnum
from math import log2

from governance.intake.duplicates_names import Likeness, family_likeness, given_likeness, patronymic_likeness
from governance.intake.duplicates_profiles import Profile
from governance.intake.letters import is_one_letter_apart
from governance.kernel.records import frozen

ENOUGH_BITS = 3.0
"""Odds of eight to one that it is one person; less is not worth anybody's time."""
FEWEST = 1000
"""Chance is reckoned as among so many people at least: a short list tells nothing of how common a name is."""
LIFETIME_DAYS = 20_000
SLIP_YEARS = 11
CONTACT_LENGTH = 9
"""Shorter ones are too often one letter apart by chance."""
_WHOLE_DATE = len("2000-01-01")


class Reason(StrEnum):
    """Why two are taken for one, and what speaks against it; codes lie in the clear."""

    SAME_EMAIL = "same-email"
    SAME_PHONE = "same-phone"
    SAME_OTHER_CONTACT = "same-other-contact"
    NEAR_CONTACT = "near-contact"
    OTHER_CONTACTS = "other-contacts"
    SAME_NAME = "same-name"
    NAME_IN_OTHER_FORM = "name-in-other-form"
    NEAR_NAME = "near-name"
    NAME_ORDER = "name-order"
    NAME_INCOMPLETE = "name-incomplete"
    OTHER_FAMILY_NAME = "other-family-name"
    SAME_PATRONYMIC = "same-patronymic"
    SAME_BIRTH_DATE = "same-birth-date"
    NEAR_BIRTH_DATE = "near-birth-date"
    OTHER_SEX = "other-sex"
    SAME_ADDRESS = "same-address"
    SAME_CITY = "same-city"
    OTHER_CITY = "other-city"


@frozen
class Score:
    """What speaks for two being one person.

    Attributes:
        bits: base-2 logarithm of the odds.
        reasons: sorted by code.
    """

    bits: float
    reasons: tuple[Reason, ...]

    @property
    def percent(self) -> int:
        """Probability, 0 to 99."""
        return min(99, int(100 / (1 + 2.0**-self.bits)))


class _Rarity:
    """How rare values of one kind are: the bits that agreeing in one is worth.

    Args:
        usual: share of a usual value; with few profiles it counts more than they do.
        least, most: bits.
    """

    def __init__(self, values: Iterable[str], *, usual: float, least: float, most: float) -> None:
        self._counts = Counter(filter(None, values))
        self._all = self._counts.total()
        self._usual, self._least, self._most = usual, least, most
        self._known: dict[str, float] = {}

    def bits(self, value: str) -> float:
        """Bits that agreeing in *value* is worth."""
        found = self._known.get(value)
        if found is None:
            share = (self._counts[value] + FEWEST * self._usual) / (self._all + FEWEST)
            found = self._known[value] = min(self._most, max(self._least, -log2(share)))
        return found


class Scale:
    """What is common and what is rare among the profiles that are compared; independent of their order."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        known = list(profiles)
        self.strangers = -log2(10 * max(FEWEST, len(known)))
        self.family = _Rarity((one.family for one in known), usual=1 / 400, least=3, most=11)
        self.given = _Rarity((one.given for one in known), usual=1 / 40, least=2, most=9)
        self.patronymic = _Rarity((one.patronymic for one in known), usual=1 / 40, least=2, most=8)
        self.birth = _Rarity((one.birth_date for one in known), usual=1 / LIFETIME_DAYS, least=4, most=13)
        self.city = _Rarity((one.city for one in known), usual=1 / 30, least=0.5, most=4)
        self.names_at: Mapping[str, int] = Counter(
            contact for contact, _ in {(contact, one.given) for one in known for contact in one.contacts}
        )
        """Different given names at each contact."""

    def score(self, one: Profile, other: Profile) -> Score | None:
        """What speaks for these two being one person; None where a difference forbids it."""
        weighing = _Weighing(self, one, other)
        return Score(round(weighing.bits, 6), tuple(sorted(weighing.reasons))) if weighing.run() else None

    def same_person(self, one: Profile, other: Profile) -> Score | None:
        """As `score`, where the odds are worth telling; else None."""
        found = self.score(one, other)
        return found if found is not None and found.bits >= ENOUGH_BITS else None


class _Weighing:
    """One comparison."""

    __slots__ = ("bits", "near_family", "one", "other", "reasons", "scale")

    def __init__(self, scale: Scale, one: Profile, other: Profile) -> None:
        self.scale, self.one, self.other = scale, one, other
        self.bits = 0.0
        self.reasons: list[Reason] = []
        self.near_family = False
        """Whether they share a contact: one person, or one family."""

    def run(self) -> bool:
        """Add all up; answers False where a difference forbids that they are one."""
        self._contacts()
        return self._names() and self._fathers() and self._birth() and self._rest()

    def _add(self, bits: float, reason: Reason | None = None) -> None:
        self.bits += bits
        if reason is not None:
            self.reasons.append(reason)

    def _contacts(self) -> None:
        one, other = self.one, self.other
        emails = set(one.emails) & set(other.emails)
        phones = set(one.phones) & set(other.phones)
        others = set(one.others) & set(other.others)
        self.near_family = bool(emails or phones or others)
        if not self.near_family:
            self.bits = self.scale.strangers
            self._near_contact(one.emails, other.emails, _is_near_email)
            self._near_contact(one.phones, other.phones, _is_near)
            return
        weights = []
        for shared, bits, reason in (
            (emails, 0.0, Reason.SAME_EMAIL),
            (phones, -1.5, Reason.SAME_PHONE),
            (others, 0.0, Reason.SAME_OTHER_CONTACT),
        ):
            if shared:
                # A contact of many is an office or a family, not a person.
                fewest = min(self.scale.names_at[contact] for contact in shared)
                weights.append(bits - log2(max(1, fewest - 1)))
                self.reasons.append(reason)
        self.bits = max(weights) + 4.0 * (len(weights) - 1)
        if (not emails and one.emails and other.emails) or (not phones and one.phones and other.phones):
            self._add(-0.5, Reason.OTHER_CONTACTS)

    def _near_contact(self, one: tuple[str, ...], other: tuple[str, ...], is_near: Callable[[str, str], bool]) -> None:
        if not one or not other:
            return
        if any(is_near(first, second) for first in one for second in other):
            self._add(8.0, Reason.NEAR_CONTACT)
        else:
            self._add(-1.5, Reason.OTHER_CONTACTS)

    def _names(self) -> bool:
        one, other = self.one, self.other
        given = given_likeness(one.given, other.given, names=(one.names, other.names))
        family = family_likeness(one.family, other.family)
        if one.given and one.given == other.family and one.family and one.family == other.given:
            given = family = Likeness.EQUAL
            self.reasons.append(Reason.NAME_ORDER)
        if given is Likeness.DIFFERENT:
            return False
        self.bits += self._given_bits(given) + self._family_bits(family)
        both = {given, family}
        if both == {Likeness.EQUAL}:
            self.reasons.append(Reason.SAME_NAME)
        for likeness, reason in (
            (Likeness.FORM, Reason.NAME_IN_OTHER_FORM),
            (Likeness.NEAR, Reason.NEAR_NAME),
            (Likeness.INITIAL, Reason.NAME_INCOMPLETE),
            (Likeness.UNKNOWN, Reason.NAME_INCOMPLETE),
            (Likeness.DIFFERENT, Reason.OTHER_FAMILY_NAME),
        ):
            if likeness in both:
                self.reasons.append(reason)
        return True

    def _given_bits(self, likeness: Likeness) -> float:
        if likeness is Likeness.EQUAL:
            given = min(self.one.given, self.other.given)
            return self.scale.given.bits(given)
        return {Likeness.FORM: 4.0, Likeness.NEAR: 2.5, Likeness.INITIAL: 3.0}.get(likeness, 0.0)

    def _family_bits(self, likeness: Likeness) -> float:
        if self.near_family:
            return {
                Likeness.EQUAL: 1.0,
                Likeness.FORM: 0.5,
                Likeness.NEAR: 0.5,
                Likeness.DIFFERENT: -3.5,
            }.get(likeness, 0.0)
        if likeness is Likeness.EQUAL:
            return self.scale.family.bits(min(self.one.family, self.other.family))
        return {
            Likeness.FORM: 3.0,
            Likeness.NEAR: 3.0,
            Likeness.INITIAL: 2.0,
            Likeness.DIFFERENT: -8.0,
        }.get(likeness, 0.0)

    def _fathers(self) -> bool:
        one, other = self.one.patronymic, self.other.patronymic
        likeness = patronymic_likeness(one, other)
        if likeness is Likeness.DIFFERENT:
            return False
        if likeness is Likeness.EQUAL:
            # Brothers and sisters share it as well.
            self._add(1.5 if self.near_family else self.scale.patronymic.bits(one), Reason.SAME_PATRONYMIC)
        elif likeness in (Likeness.NEAR, Likeness.INITIAL):
            self._add(1.0 if self.near_family else 2.0)
        return True

    def _birth(self) -> bool:
        one, other = sorted((self.one.birth_date, self.other.birth_date), key=lambda told: (len(told), told))
        if not one:
            return True
        if one == other and len(one) == _WHOLE_DATE:
            self._add(6.0 if self.near_family else self.scale.birth.bits(one), Reason.SAME_BIRTH_DATE)
        elif other.startswith(one):
            self._add(3.0, Reason.SAME_BIRTH_DATE)
        elif is_near_date(one, other):
            self._add(0.0 if self.near_family else 3.0, Reason.NEAR_BIRTH_DATE)
        else:
            return False
        return True

    def _rest(self) -> bool:
        one, other = self.one, self.other
        if one.sex and other.sex and one.sex != other.sex:
            self._add(-3.0, Reason.OTHER_SEX)
        if one.city and other.city and one.city != other.city:
            self._add(-0.5 if self.near_family else -1.0, Reason.OTHER_CITY)
        elif one.street and one.street == other.street:
            self._add(0.5 if self.near_family else 6.0, Reason.SAME_ADDRESS)
        elif one.city and one.city == other.city:
            self._add(0.2 if self.near_family else self.scale.city.bits(one.city), Reason.SAME_CITY)
        return True


def is_near_date(one: str, other: str) -> bool:
    """Whether two whole dates differ as slips do: day and month swapped, or one of the two wrong within one year.

    The year alone may be wrong by one digit or two swapped ones, and by less than a generation.
    """
    if len(one) != len(other) or len(one) != _WHOLE_DATE:
        return False
    first, second = date.fromisoformat(one), date.fromisoformat(other)
    if first.year == second.year:
        same_part = first.day == second.day or first.month == second.month
        return same_part or (first.day, first.month) == (second.month, second.day)
    if (first.month, first.day) != (second.month, second.day) or abs(first.year - second.year) > SLIP_YEARS:
        return False
    return is_one_letter_apart(one, other)


def _is_near(one: str, other: str) -> bool:
    if min(len(one), len(other)) < CONTACT_LENGTH:
        return False
    return is_one_letter_apart(one, other)


def _is_near_email(one: str, other: str) -> bool:
    """Whether one letter apart; another digit is how people who came too late get an address at all."""
    return _digits(one) == _digits(other) and _is_near(one, other)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
