"""Bringing in a list of 100,000 customers with ten columns, against a plain COPY of the same cells in the clear."""

import csv
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

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
HEADINGS = (
    *("ФИО", "Телефон", "E-mail", "Дата рождения", "Пол", "Город", "Адрес", "Источник", "Согласие на рассылку"),
    "Комментарий",
)
FAMILIES = ("Воробьев", "Кузнецов", "Соловьев", "Лебедев", "Щербаков", "Емельянов")
GIVEN = ("Иван", "Пётр", "Сергей", "Олег", "Николай", "Юрий")
PATRONYMICS = ("Иванович", "Петрович", "Ильич", "Олегович")


def _rows() -> Iterator[tuple[str, ...]]:
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
            chance.choice(("да", "нет", "", "согласен 12.03.2024")),
            chance.choice(("VIP", "перезвонить после 18", "")),
        )


def _write(path: Path) -> None:
    with path.open("w", encoding="cp1251", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADINGS)
        writer.writerows(_rows())


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
    columns = ", ".join(f"c{n} text" for n in range(len(HEADINGS)))
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
    """Two figures: rows a second, from opening the file to the last commit; and the most memory held meanwhile."""
    with tempfile.TemporaryDirectory() as folder, bench_store() as store:
        path = Path(folder) / "clients.csv"
        _write(path)
        spent = _import(store, path)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        limit = _copy(store, path)
    rate, limit_rate = ROWS / spent, ROWS / limit
    return [
        Figure(
            name="import of 100k rows with 10 columns",
            value=rate,
            unit="rows/s",
            bar=f">= {BAR_ROWS} rows/s",
            holds=rate >= BAR_ROWS,
            limit_name="plain COPY of the same cells",
            limit_value=limit_rate,
            ratio=rate / limit_rate,
        ),
        Figure(
            name="peak memory of that import",
            value=peak,
            unit="MiB",
            bar=f"<= {BAR_MIB} MiB",
            holds=peak <= BAR_MIB,
        ),
    ]
