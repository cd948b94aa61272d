"""Bringing in a list of 100,000 customers with ten columns, against a plain COPY of the same cells in the clear.

Twice: with a column of consents, each answer of which becomes events with entries and evidence of their own (a yes and
a no are about several purposes and channels), and with a profession in its place.
"""

import csv
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from benchmarks.figures import Figure
from benchmarks.stores import BenchStore, bench_store
from governance.customers.codes import Ground, Source
from governance.intake import operations as intake
from governance.intake.files import Provenance
from governance.kernel.work import OPERATOR, open_work
from governance.reference.operations import set_controller

ROWS = 100_000
BAR_ROWS = 2_500
BAR_MIB = 300
LOOK_SECONDS = 0.1
HELPER = "governance.intake.helper"
HEADINGS = ("ФИО", "Телефон", "E-mail", "Дата рождения", "Пол", "Город", "Адрес", "Источник", "Комментарий")
CONSENTS = ("Согласие на рассылку", ("да", "нет", "", "согласен 12.03.2024"))
PROFESSIONS = ("Профессия", ("врач", "учитель", "", "инженер-конструктор"))
FAMILIES = ("Воробьев", "Кузнецов", "Соловьев", "Лебедев", "Щербаков", "Емельянов")
GIVEN = ("Иван", "Пётр", "Сергей", "Олег", "Николай", "Юрий")
PATRONYMICS = ("Иванович", "Петрович", "Ильич", "Олегович")


def _rows(answers: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    chance = random.Random(1)
    for n in range(ROWS):
        yield (
            f"{chance.choice(FAMILIES)} {chance.choice(GIVEN)} {chance.choice(PATRONYMICS)}",
            f"8 (9{n // 10_000:02}) {n % 10_000 // 10:03}-{n % 10}0-{n % 97:02}",
            f"client{n}@example.ru",
            f"{n % 28 + 1:02}.{n % 12 + 1:02}.{1950 + n % 50}",
            chance.choice(("муж", "жен")),
            chance.choice(("Тверь", "Казань", "Улан-Удэ")),
            f"ул. Энгельса, д. {n % 200}",
            chance.choice(("сайт", "выставка", "звонок")),
            chance.choice(("VIP", "перезвонить после 18", "")),
            chance.choice(answers),
        )


def _write(path: Path, column: tuple[str, tuple[str, ...]] = CONSENTS) -> None:
    heading, answers = column
    with path.open("w", encoding="cp1251", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow((*HEADINGS, heading))
        writer.writerows(_rows(answers))


def _import(store: BenchStore, path: Path) -> float:
    """Seconds from the file to the last row in the store."""
    with open_work(store.database, OPERATOR) as work:
        set_controller(work, legal_name="Benchmark", address="Nowhere 1", country="RU")
    began = time.perf_counter()
    with path.open("rb") as file, open_work(store.database, OPERATOR) as work:
        started = intake.start(work, file=file, provenance=Provenance(Source.OWN_FORM, Ground.CONTRACT))
    done = intake.run_batch(store.database, actor=OPERATOR, batch=started.batch.id)
    spent = time.perf_counter() - began
    if done.created + done.enriched + done.unchanged != ROWS:
        raise AssertionError("the benchmark did not import every row")
    return spent


def _copy(store: BenchStore, path: Path) -> float:
    """Seconds to COPY the cells of the same file into a plain table."""
    columns = ", ".join(f"c{n} text" for n in range(len(HEADINGS) + 1))
    with psycopg.connect(store.admin_url) as connection:
        connection.execute(f"CREATE TABLE plain_import ({columns})")
        began = time.perf_counter()
        with (
            path.open(encoding="cp1251", newline="") as file,
            connection.cursor() as cursor,
            cursor.copy("COPY plain_import FROM STDIN") as copy,
        ):
            for row in csv.reader(file, delimiter=";"):
                copy.write_row(row)
        connection.commit()
        return time.perf_counter() - began


def run() -> list[Figure]:
    """Rows a second, from opening the file to the last commit, for both lists; and the most memory held meanwhile."""
    with _watched() as held:
        rates = [
            _rate("import of 100k rows with 10 columns, none of them consents", PROFESSIONS),
            _rate("import of 100k rows with 10 columns, one of them consents", CONSENTS),
        ]
    return [*rates, _peak(max(held))]


@contextmanager
def _watched() -> Iterator[list[float]]:
    """MiB held by this process and the helper of its import, looked at all the while; what they share counts once."""
    held: list[float] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_SECONDS):
            held.append(sum(map(_pss, [psutil.Process(), *_helpers()])) / 2**20)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield held
    finally:
        ended.set()
        watcher.join()


def _helpers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if HELPER in _told_to(one)]


def _told_to(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:  # it has just ended
        return 0


def _rate(name: str, column: tuple[str, tuple[str, ...]]) -> Figure:
    with tempfile.TemporaryDirectory() as folder, bench_store() as store:
        path = Path(folder) / "clients.csv"
        _write(path, column)
        rate = ROWS / _import(store, path)
        limit = ROWS / _copy(store, path)
    return Figure(
        name=name,
        value=rate,
        unit="rows/s",
        bar=f">= {BAR_ROWS} rows/s",
        holds=rate >= BAR_ROWS,
        limit_name="plain COPY of the same cells",
        limit_value=limit,
        ratio=rate / limit,
    )


def _peak(peak: float) -> Figure:
    return Figure(
        name="peak memory of these imports, both processes",
        value=peak,
        unit="MiB",
        bar=f"<= {BAR_MIB} MiB",
        holds=peak <= BAR_MIB,
    )
