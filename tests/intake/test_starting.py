"""Bringing a file in: staged whole and sealed, once; refused rows wait a week."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from governance.audit.actions import Action
from governance.intake import batches
from governance.intake.errors import EmptyFileError, HeadingsNotFoundError
from governance.intake.reports import BatchState
from governance.intake.staging import decode_waiting, unpack
from governance.intake.tables import ImportChunkRow
from governance.kernel.errors import ConflictError, NotFoundError
from governance.kernel.ids import BatchId, uuid7
from governance.kernel.work import SYSTEM, open_work
from governance.vault.runtime import vault_of
from tests.factories.statements import counted
from tests.factories.trail import entries
from tests.intake.building import csv_bytes
from tests.intake.conftest import BOUGHT, OWN_FORM, bring, name_controller
from tests.intake.stores import undo

HEADINGS = ["ФИО", "Телефон", "E-mail", "Город"]
SECRET = "Тайнова Секлетея"
ROWS = [
    HEADINGS,
    [SECRET, "89331234567", "secret@example.ru", "Тверь"],
    ["=Бедов", "не телефон", "", "Омск"],
    ["", "", "", ""],
]


def test_a_file_is_staged_with_its_counts_and_told_in_the_log(russian):
    started = bring(russian, csv_bytes(ROWS), file_name="клиенты.csv")
    batch = started.batch
    assert (batch.state, batch.good, batch.refused, batch.skipped, batch.done) == (BatchState.STAGED, 1, 1, 1, 0)
    assert batch.file_name == "клиенты.csv"
    assert [column.field for column in batch.file.columns] == ["full_name", "phone", "email", "city"]
    [entry] = entries(russian, Action.IMPORT_STARTED)
    assert entry.facts["good"] == 1
    assert "клиенты" not in str(entry)


def test_nothing_of_a_staged_file_lies_in_the_clear(russian):
    bring(russian, csv_bytes(ROWS), file_name="секрет.csv")
    for table in ("import_batch", "import_chunk", "audit_body", "audit_detail"):
        dump = russian.session.execute(text(f"SELECT string_agg(t::text, '|') FROM {table} t")).scalar_one()
        for value in (SECRET, "79331234567", "secret@example.ru", "секрет", "Бедов"):
            assert value not in dump
            assert value.encode().hex() not in dump


def test_the_same_file_again_answers_the_earlier_import_and_stages_nothing(russian):
    first = bring(russian, csv_bytes(ROWS))
    again = bring(russian, csv_bytes(ROWS), file_name="under another name.csv", region="RU")
    assert again.again
    assert again.batch == first.batch
    assert len(batches.batches(russian)) == 1


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("source", {"provenance": BOUGHT}),
        ("ground", {"provenance": BOUGHT}),
        ("mapping", {"mapping": {"Город": "region"}}),
        ("mapping", {"mapping": {"Город": "ignore"}}),
        ("region", {"region": "UA"}),
        ("currency", {"currency": "UAH"}),
        ("month_first", {"day_first": False}),
    ],
)
def test_the_same_file_told_otherwise_is_refused_until_the_earlier_import_is_undone(russian, field, told):
    first = bring(russian, csv_bytes(ROWS)).batch.id
    with pytest.raises(ConflictError, match=f"undo {first}") as refused:
        bring(russian, csv_bytes(ROWS), **told)
    assert field in refused.value.errors
    undo(russian, first)
    again = bring(russian, csv_bytes(ROWS), **told)
    assert not again.again
    assert again.batch.id != first


def test_long_files_are_cut_into_chunks_that_hold_all_their_rows(russian, monkeypatch):
    monkeypatch.setattr("governance.intake.starting.CHUNK_ROWS", 200)
    rows = [[f"Иванов{n} Пётр", f"8933{n:07}", "", ""] for n in range(423)]
    started = bring(russian, csv_bytes([HEADINGS, *rows]))
    chunks = russian.session.query(ImportChunkRow).order_by(ImportChunkRow.number).all()
    assert [chunk.rows for chunk in chunks] == [200, 200, 23]
    waiting = [row for chunk in chunks for row in decode_waiting(started.batch.kind, unpack(chunk.payload))]
    assert [row.record.number for row in waiting] == list(range(2, 425))
    assert [row.cells for row in waiting] == [tuple(row) for row in rows]


def test_a_file_that_cannot_be_read_leaves_nothing_behind(russian):
    for content, error in ((b"", EmptyFileError), (csv_bytes([["a", "b"], ["1", "2"]]), HeadingsNotFoundError)):
        with pytest.raises(error):
            bring(russian, content)
    with pytest.raises(EmptyFileError), russian.session.begin_nested():
        bring(russian, csv_bytes([HEADINGS]))
    assert not batches.batches(russian)


def test_refused_rows_are_given_out_as_they_stood_with_their_reasons(russian):
    batch = bring(russian, csv_bytes(ROWS)).batch.id
    [row] = batches.refused_rows(russian, batch=batch)
    assert (row.number, row.whole, row.cells) == (3, True, ("=Бедов", "не телефон", "", "Омск"))
    assert [refusal.code for refusal in row.refusals] == ["name-signs", "phone-missing", "row-contacts"]
    assert entries(russian, Action.IMPORT_REFUSALS_READ)


def test_the_download_of_refused_rows_is_harmless_in_a_spreadsheet(russian):
    batch = bring(russian, csv_bytes(ROWS)).batch.id
    heading, row = csv.reader(io.StringIO("".join(batches.refused_csv(russian, batch=batch))))
    assert heading == ["row", "imported", "why", *HEADINGS]
    assert row[0:2] == ["3", "no"]
    assert row[3] == "'=Бедов"


def test_after_a_week_refused_rows_are_gone_for_good(russian):
    batch = bring(russian, csv_bytes(ROWS)).batch.id
    almost = replace(russian, now=russian.now + timedelta(days=7) - timedelta(seconds=1))
    assert batches.purge_refused(almost) == 0
    assert list(batches.refused_rows(almost, batch=batch))
    later = replace(russian, now=russian.now + timedelta(days=7))
    with pytest.raises(NotFoundError):
        batches.refused_rows(later, batch=batch)
    assert batches.purge_refused(later) == 1
    left = russian.session.execute(text("SELECT count(refusals_sealed) FROM import_chunk")).scalar_one()
    assert left == 0
    assert batches.report(later, batch=batch).refused_until is None


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2026, 12, 22, 12, tzinfo=UTC)),
        (datetime(2027, 1, 31, 12, tzinfo=UTC), datetime(2027, 2, 28, 12, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), datetime(2027, 1, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_bought_list_names_the_day_by_which_its_people_are_told(russian, now, due):
    work = replace(russian, now=now)
    assert bring(work, csv_bytes(ROWS), provenance=BOUGHT).batch.inform_by == due


@pytest.mark.parametrize(
    ("provenance", "sources", "to_inform"),
    [
        (OWN_FORM, ["сайт", "куплено", "соцсети", ""], 2),
        (OWN_FORM, ["сайт", "звонок", "", ""], 0),
        (BOUGHT, ["сайт", "звонок", "", ""], 2),
        (BOUGHT, ["сайт", "звонок", "выставка", "сайт"], 0),
    ],
)
def test_the_source_of_a_row_goes_before_that_of_the_file_when_it_comes_to_whom_must_be_told(
    russian, provenance, sources, to_inform
):
    rows = [[name, source] for name, source in zip(("Иванов", "Петров", "Котов", "Лисов"), sources, strict=True)]
    batch = bring(russian, csv_bytes([["ФИО", "Источник"], *rows]), provenance=provenance).batch
    assert batch.refused == 0
    assert (batch.to_inform, batch.inform_by is not None) == (to_inform, to_inform > 0)


def test_an_unknown_import_is_not_found(russian):
    with pytest.raises(NotFoundError):
        batches.report(russian, batch=BatchId(uuid7()))


def test_many_imports_are_listed_by_as_many_statements_as_two(fresh_database):
    with open_work(fresh_database, SYSTEM) as work:
        name_controller(work)
        for number in range(5):
            bring(work, csv_bytes([HEADINGS, [f"Сорока {number}", f"8933123456{number}", "", "Тверь"]]))

    def statements(limit):
        with open_work(fresh_database, SYSTEM) as work:
            vault_of(work.session).cache.clear()
            vault_of(work.session).refresh(work.session)
            with counted(work) as met:
                found = batches.batches(work, limit=limit)
        assert [one.good for one in found] == [1] * limit
        return len(met)

    assert statements(5) == statements(2)
