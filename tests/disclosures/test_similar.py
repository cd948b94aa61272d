"""Leaked files of many exports of nearly the same people: each is traced to its own, whatever was done to it."""

import io
import random

import pytest

from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.disclosures import operations as disclosures
from governance.disclosures.operations import ExportId
from governance.executors import EXECUTORS
from governance.kernel.work import Actor, Work
from tests.disclosures.test_tracing import Row, as_csv, exported, half, suspects
from tests.factories import exporting
from tests.factories.exporting import buyers, officer
from tests.factories.staging import Stage, played, stage_of
from tests.factories.trail import entries

PEOPLE, EXPORTS = 120, 10
Leaks = tuple[Actor, list[tuple[ExportId, list[Row]]]]
"""Who took exports away, and each of them with its rows."""


def similar(work: Work, pair: tuple[Actor, Actor]) -> list[tuple[ExportId, list[Row]]]:
    """Exports of nearly the same people, some of whose values change from one to the next."""
    chance = random.Random(7)
    people = buyers(work, PEOPLE)
    found = []
    for turn in range(EXPORTS):
        for person in chance.sample(people, 5):
            customers.edit(work, subject=person, patch={"city": f"Lviv-{turn}"})
        left_out = set(chance.sample(people, 9))
        found.append(exported(work, pair, [one for one in people if one not in left_out]))
    return found


stage = stage_of(exporting.firm, exporting.letters)


@pytest.fixture(scope="module")
def leaks(stage: Stage) -> Leaks:
    with stage.prepare() as work:
        work.session.info["executors"] = EXECUTORS
        pair = officer(work), officer(work)
        return pair[0], similar(work, pair)


desk = played("leaks")


def test_leaked_halves_of_ten_similar_exports_name_each_its_export_and_exporter(desk: Work, leaks: Leaks) -> None:
    exporter, found = leaks
    for seed, (one, rows) in enumerate(found):
        leaked = sorted(half(rows, seed), key=lambda row: row["email"])
        traced = disclosures.trace(desk, file=as_csv(leaked, "email", "city", "family_name", delimiter=";"))
        assert (suspects(traced), traced.certain) == ([one], True), seed
        [suspect] = traced.suspects
        assert (suspect.exporter, suspect.recipient_key, suspect.share) == (exporter.id, "letters", 100)
        assert suspect.rows == traced.recognised == traced.people == len(leaked)
    assert len(entries(desk, Action.LEAK_TRACED)) == 10


def test_exports_that_were_mixed_are_named_with_their_shares(desk: Work, leaks: Leaks) -> None:
    _, found = leaks
    first, second = found[1], found[4]
    mixed = [*half(first[1], 1), *half(second[1], 2)]
    random.Random(3).shuffle(mixed)
    headings = "Фамилия;Город;Почта\n".encode()
    traced = disclosures.trace(
        desk, file=io.BytesIO(headings + as_csv(mixed, "family_name", "city", "email", delimiter=";").read())
    )
    assert {first[0], second[0]} <= set(suspects(traced))
    assert len(traced.suspects) == 2
    assert sum(one.share for one in traced.suspects) in (99, 100, 101)


def test_a_file_in_which_somebody_changed_cells_and_added_columns_is_known_still(desk: Work, leaks: Leaks) -> None:
    _, found = leaks
    one, rows = found[2]
    leaked = [{**row, "note": f"note {number}"} for number, row in enumerate(half(rows, 5))]
    for row in leaked[:3]:
        row["city"] = "somewhere else"
    traced = disclosures.trace(desk, file=as_csv(leaked, "note", "email", "city"))
    assert suspects(traced) == [one]
