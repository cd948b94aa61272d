"""Finding duplicates among 100,000 people: in a file, and across a store of sealed fields.

People come in households with one telephone: spouses, children, twins, fathers and sons of one name. Every tenth stands
a second time, written as people write who enter somebody again. Seconds are of the processor: whatever else runs on the
machine does not count, and one process uses one core.
"""

import csv
import io
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

from benchmarks.figures import Figure
from benchmarks.stores import BenchStore, bench_store
from governance.customers.bulk import create_people
from governance.customers.codes import ContactKind, Ground, Source
from governance.customers.comparing import open_people
from governance.customers.records import NewContact, NewPerson, Origin
from governance.intake import operations as intake
from governance.intake.duplicates_files import duplicates_in
from governance.intake.files import CustomerFile, FileOptions
from governance.kernel.ids import BatchId, SubjectId, uuid7
from governance.kernel.work import OPERATOR, open_work
from governance.reference.operations import set_controller

PEOPLE = 100_000
AGAIN = PEOPLE // 11
BAR_SECONDS = 180
BAR_PRECISION, BAR_RECALL = 0.98, 0.93
AT_ONCE = 5_000
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
# fmt: off
MEN = ("Александр", "Сергей", "Дмитрий", "Андрей", "Алексей", "Максим", "Евгений", "Иван", "Михаил", "Николай", "Игорь",
       "Олег", "Юрий", "Виктор", "Роман", "Павел", "Артём", "Илья", "Кирилл", "Антон", "Фёдор", "Глеб", "Тимур", "Марк")
WOMEN = ("Елена", "Анна", "Ольга", "Наталья", "Татьяна", "Ирина", "Екатерина", "Мария", "Светлана", "Юлия", "Анастасия",
         "Марина", "Людмила", "Дарья", "Виктория", "Ксения", "Алина", "Вера", "Яна", "Полина", "Раиса", "Зинаида")
FATHERS = ("Александр", "Сергей", "Дмитри", "Андре", "Алексе", "Максим", "Иван", "Михайл", "Никола", "Игор", "Олег",
           "Виктор", "Роман", "Павл", "Кирилл", "Антон", "Фёдор", "Глеб", "Тимур", "Марк", "Степан", "Борис", "Петр")
ROOTS = ("Иван", "Смирн", "Кузнец", "Поп", "Василь", "Петр", "Сокол", "Михайл", "Нов", "Фёдор", "Мороз",
         "Волк", "Алексе", "Лебед", "Семён", "Егор", "Павл", "Козл", "Степан", "Никола", "Орл", "Андре",
         "Макар", "Никит", "Захар", "Зайц", "Соловь", "Борис", "Яковл", "Григорь", "Роман", "Воробь", "Серге",
         "Кузьм", "Фрол", "Александр", "Дмитри", "Корол", "Гус", "Киселё", "Ильин", "Максим", "Поляк",
         "Сорок", "Виноград", "Ковал", "Бел", "Медвед", "Антон", "Тарас", "Жук", "Баран", "Филипп", "Комар",
         "Давыд", "Беля", "Герасим", "Богдан", "Осип", "Сидор")
INFIXES = ("", "ч", "н", "шк", "ищ", "ейк", "оград", "ат", "ин", "ерск", "ул", "евск", "урм", "ал", "ант", "емысл")
CITIES = ("Москва", "Санкт-Петербург", "Казань", "Тверь", "Омск", "Пермь", "Уфа", "Самара", "Томск", "Сочи", "Псков")
LATIN = str.maketrans({
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
})
# fmt: on
FAMILIES = tuple(f"{root}{infix}{'ев' if (root + infix)[-1] in 'еьи' else 'ов'}" for infix in INFIXES for root in ROOTS)
Row = tuple[str, str, str, str, str]
"""Name, telephone, e-mail, birth date, city."""


@dataclass(frozen=True, slots=True)
class _Home:
    """Where the file is at home."""

    region: str = "RU"
    zone: str = "Europe/Moscow"


class _People:
    """Makes people, each with the number of who it is."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        # A name is about as common as its place in the list is high (Zipf).
        self._shares = {
            len(names): tuple(accumulate(1 / place for place in range(3, 3 + len(names))))
            for names in (MEN, WOMEN, FATHERS, FAMILIES)
        }
        self._numbers = iter(self._chance.sample(range(10**9), PEOPLE * 2))

    def all(self) -> list[tuple[int, Row]]:
        """Rows in no order."""
        rows: list[tuple[int, Row]] = []
        while len(rows) < PEOPLE - AGAIN:
            for row in self._household():
                rows.append((len(rows), row))
        del rows[PEOPLE - AGAIN :]
        rows += [(who, self._again(row)) for who, row in self._chance.sample(rows, AGAIN)]
        self._chance.shuffle(rows)
        return rows

    def _one_of(self, names: tuple[str, ...]) -> str:
        return self._chance.choices(names, cum_weights=self._shares[len(names)])[0]

    def _phone(self) -> str:
        return f"+79{next(self._numbers):09}"

    def _household(self) -> Iterator[Row]:
        family, phone, city = self._one_of(FAMILIES), self._phone(), self._chance.choice(CITIES)
        shares = self._chance.random() < 0.5
        father = self._one_of(MEN)
        yield self._person(family, father, self._one_of(FATHERS) + "ович", phone, city, years=(1945, 1970))
        if self._chance.random() < 0.5:
            own = phone if shares else self._phone()
            name = self._one_of(WOMEN)
            yield self._person(family + "а", name, self._one_of(FATHERS) + "овна", own, city, years=(1945, 1970))
        if self._chance.random() < 0.2:
            born = self._born(1975, 2005)
            for name in self._chance.sample(WOMEN, 2) if self._chance.random() < 0.3 else (self._one_of(WOMEN),):
                yield self._person(family + "а", name, father + "овна", phone, city, born=born)
        if self._chance.random() < 0.1:
            yield self._person(family, father, father + "ович", phone, city, years=(1975, 2005))

    def _born(self, first: int, last: int) -> str:
        days = (date(last, 12, 31) - date(first, 1, 1)).days
        return (date(first, 1, 1) + timedelta(days=self._chance.randrange(days))).isoformat()

    def _person(
        self,
        family: str,
        given: str,
        patronymic: str,
        phone: str,
        city: str,
        *,
        years: tuple[int, int] = (1975, 2005),
        born: str = "",
    ) -> Row:
        born = born or self._born(*years)
        address = f"{given}.{family}".casefold().translate(LATIN) + f"{next(self._numbers) % 100_000}@example.org"
        email = address if self._chance.random() < 0.7 else ""
        return (f"{family} {given} {patronymic}", phone, email, born, city)

    def _again(self, row: Row) -> Row:
        name, phone, email, born, city = row
        for change in self._chance.sample(range(7), 2):
            if change == 0:
                name = " ".join(name.split()[:2]).casefold().translate(LATIN).title()
            elif change == 1:
                name = " ".join(name.split()[:2])
            elif change == 2:
                name = name.replace("е", "ё", 1)
            elif change == 3 and email:
                phone = self._phone()
            elif change == 4:
                email = ""
            elif change == 5:
                born = ""
            elif change == 6:
                place = self._chance.randrange(1, max(2, name.index(" ") - 2))
                name = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
        return (name, phone, email, born, city)


def run() -> list[Figure]:
    """Seconds of the processor for a file and for a store, and how right the answer is."""
    people = _People(1).all()
    file, plain_file = _in_file(people)
    with bench_store() as store:
        store_seconds, plain_store = _in_store(store, people)
    return [
        _seconds("duplicates in a file of 100k rows", file[0], "reading the same rows", plain_file),
        _seconds("duplicates across a store of 100k people", store_seconds, "opening the same fields", plain_store),
        _share("precision of the duplicates found in the file", file[1], BAR_PRECISION),
        _share("recall of the duplicates found in the file", file[2], BAR_RECALL),
    ]


def _spent(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def _in_file(people: list[tuple[int, Row]]) -> tuple[tuple[float, float, float], float]:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(("ФИО", "Телефон", "E-mail", "Дата рождения", "Город"))
    writer.writerows(row for _, row in people)
    content = text.getvalue().encode()
    options = FileOptions(region="RU")
    began = time.process_time()
    found = duplicates_in(io.BytesIO(content), options=options, now=NOW)
    spent = time.process_time() - began
    told = {pair for one in found.clusters for pair in _pairs([row - 2 for row in one])}
    places: dict[int, list[int]] = {}
    for place, (who, _) in enumerate(people):
        places.setdefault(who, []).append(place)
    true = {pair for one in places.values() for pair in _pairs(one)}
    right = len(told & true)

    def read() -> None:
        for _ in CustomerFile(io.BytesIO(content), options, controller=_Home(), now=NOW).rows():
            pass

    return (spent, right / max(1, len(told)), right / len(true)), _spent(read)


def _pairs(places: list[int]) -> Iterator[tuple[int, int]]:
    for at, one in enumerate(places):
        for other in places[at + 1 :]:
            yield min(one, other), max(one, other)


def _in_store(store: BenchStore, people: list[tuple[int, Row]]) -> tuple[float, float]:
    with open_work(store.database, OPERATOR) as work:
        set_controller(work, legal_name="Benchmark", address="Nowhere 1", country="RU")
    origin = Origin(BatchId(uuid7()), NOW, Source.TILL, Ground.CONTRACT)
    for at in range(0, len(people), AT_ONCE):
        with open_work(store.database, OPERATOR) as work:
            create_people(work, [_kept(row) for _, row in people[at : at + AT_ONCE]], origin=origin)
    spent = _spent(lambda: intake.find_duplicates(store.database, actor=OPERATOR))

    def open_all() -> None:
        after: SubjectId | None = None
        while True:
            with open_work(store.database, OPERATOR) as work:
                opened = open_people(work, after=after, limit=AT_ONCE)
            if not opened:
                return
            after = opened[-1].id

    return spent, _spent(open_all)


def _kept(row: Row) -> NewPerson:
    name, phone, email, born, city = row
    family, given, patronymic = ([*name.split(), "", ""])[:3]
    contacts = [NewContact(ContactKind.PHONE, phone, region="RU")]
    contacts += [NewContact(ContactKind.EMAIL, email)] if email else []
    return NewPerson(
        family_name=family,
        given_name=given,
        patronymic=patronymic or None,
        birth_date=born or None,
        city=city,
        contacts=tuple(contacts),
    )


def _seconds(name: str, spent: float, limit_name: str, limit: float) -> Figure:
    return Figure(
        name=name,
        value=spent,
        unit="s of the processor",
        bar=f"<= {BAR_SECONDS} s",
        holds=spent <= BAR_SECONDS,
        limit_name=limit_name,
        limit_value=limit,
        ratio=spent / limit,
    )


def _share(name: str, share: float, bar: float) -> Figure:
    return Figure(name=name, value=share, unit="", bar=f">= {bar}", holds=share >= bar)
