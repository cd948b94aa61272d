"""Made-up people for the demonstration, with purchases and calls: the same ones each time, as a till exports them."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from importlib.resources import files
from random import Random
from typing import Any, Final

import yaml

from governance.kernel.records import frozen

PEOPLE: Final = 300
SEED: Final = 20261122
LAST_DAY: Final = date(2026, 11, 20)
SOURCES: Final = ("own_form", "till", "call", "fair", "recommendation")
KINDS: Final = ("call", "letter", "meeting")
RESULTS: Final = ("agreed", "call again", "not reached", "refused")


@frozen
class DemoFile:
    """A file to be imported.

    Attributes:
        name: file name.
        content: CSV in UTF-8.
    """

    name: str
    content: bytes


@frozen
class _Person:
    email: str
    currency: str
    since: date
    row: Sequence[str]


def demo_files() -> list[DemoFile]:
    """Customers, their purchases and the calls with them; byte for byte the same each time."""
    chance = Random(SEED)  # noqa: S311 - made-up people need no secrecy, but must be the same each time
    people = list(_people(chance))
    return [
        DemoFile("demo-customers.csv", _table(_CUSTOMERS, (one.row for one in people))),
        DemoFile("demo-orders.csv", _table(_ORDERS, _orders(chance, people))),
        DemoFile("demo-calls.csv", _table(_CALLS, _calls(chance, people))),
    ]


def demo_email() -> str:
    """The address of one of them, for trying the search."""
    return demo_emails()[0]


def demo_birth_date() -> str:
    """The birth date of whoever has that address, which the portal asks for."""
    return next(one.row[_BORN] for one in _people(Random(SEED)) if one.email == demo_email())  # noqa: S311 - as above


def demo_emails() -> list[str]:
    """The addresses of all of them."""
    return [one.email for one in _people(Random(SEED))]  # noqa: S311 - as above


_BORN: Final = 4
"""Place of the birth date in a row."""
_CUSTOMERS: Final = (
    "surname", "first name", "patronymic", "sex", "date of birth", "email", "mobile", "country", "city", "address",
    "profession", "language", "source", "customer since", "consent email", "notes",
)  # fmt: skip
_ORDERS: Final = ("order no", "customer email", "paid at", "total", "currency", "items")
_CALLS: Final = ("when", "email", "kind", "duration", "outcome", "next call", "note")


def _names() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load(files("governance.cli").joinpath("demo_names.yaml").read_bytes())
    return loaded


def _people(chance: Random) -> Iterator[_Person]:
    names = _names()
    for number in range(PEOPLE):
        language = ("ru", "uk", "en")[number % 3]
        of = names[language]
        sex = chance.randrange(2)
        given = chance.choice(of["male" if sex == 0 else "female"])
        since = LAST_DAY - timedelta(days=chance.randrange(30, 1800))
        birth = date(chance.randrange(1946, 2006), chance.randrange(1, 13), chance.randrange(1, 29))
        email = f"person{number:03}@example.org"
        row = [
            chance.choice(of["family"])[sex],
            given,
            chance.choice(of["patronymic"])[sex],
            ("male", "female")[sex],
            birth.isoformat(),
            email,
            f"{of['phone']}{number:03}",
            of["country"],
            chance.choice(of["cities"]),
            f"{chance.choice(of['streets'])}, {chance.randrange(1, 90)}",
            chance.choice(names["professions"]),
            language,
            chance.choice(SOURCES),
            since.isoformat(),
            chance.choice(("yes", "yes", "no", "")),
            chance.choice(("", "", "regular", "asks for the catalogue")),
        ]
        yield _Person(email, of["currency"], since, row)


def _orders(chance: Random, people: Sequence[_Person]) -> Iterator[Sequence[str]]:
    goods = _names()["goods"]
    for number in range(2 * PEOPLE):
        person = chance.choice(people)
        paid = person.since + timedelta(days=chance.randrange(0, (LAST_DAY - person.since).days))
        total = f"{chance.randrange(500, 900_000) / 100:.2f}"
        items = "; ".join(chance.sample(goods, chance.randrange(1, 4)))
        yield [f"D-{number:05}", person.email, paid.isoformat(), total, person.currency, items]


def _calls(chance: Random, people: Sequence[_Person]) -> Iterator[Sequence[str]]:
    for _ in range(PEOPLE):
        person = chance.choice(people)
        day = person.since + timedelta(days=chance.randrange(0, (LAST_DAY - person.since).days))
        at = f"{day.isoformat()}T{chance.randrange(8, 18):02}:{chance.randrange(60):02}:00+00:00"
        following = (day + timedelta(days=14)).isoformat() if chance.random() < 0.3 else ""
        yield [
            at, person.email, chance.choice(KINDS), str(chance.randrange(20, 900)), chance.choice(RESULTS), following,
            chance.choice(("", "", "interested in the new tea")),
        ]  # fmt: skip


def _table(headings: Sequence[str], rows: Iterator[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows(rows)
    return text.getvalue().encode()
