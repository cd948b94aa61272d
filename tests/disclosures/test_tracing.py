"""Leaked files: traced to the export that they come from, however they were sorted, cut, renamed or mixed."""

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Sequence

import pytest

from governance.disclosures import likelihood
from governance.disclosures import operations as disclosures
from governance.disclosures.likelihood import Pattern, Source
from governance.disclosures.operations import ExportFormat, ExportId, Selection, Traced
from governance.disclosures.prints import EMPTY, digest, normal
from governance.intake.errors import UnreadableFileError
from governance.kernel.errors import ForbiddenError
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import Actor, Work
from tests.factories import exporting
from tests.factories.actors import by, staff
from tests.factories.exporting import buyers, content, export, make, officer
from tests.factories.staging import stage_of

FIELDS = ("person.family_name", "person.given_name", "person.city", "contact.email")
Row = dict[str, str]


stage = stage_of(exporting.firm, exporting.letters)


@pytest.fixture
def pair(desk: Work) -> tuple[Actor, Actor]:
    """Who proposes and who approves."""
    return officer(desk), officer(desk)


def exported(
    work: Work, pair: tuple[Actor, Actor], people: Sequence[SubjectId], **said: object
) -> tuple[ExportId, list[Row]]:
    """An export that left, and its rows."""
    one = export(work, *pair, selection=Selection(people), **{"fields": FIELDS, **said})
    make(work, one)
    text = content(work, one, pair[0]).decode("utf-8-sig")
    return one, list(csv.DictReader(io.StringIO(text)))


def as_csv(rows: Sequence[Row], *columns: str, delimiter: str = ",") -> io.BytesIO:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([[row[column] for column in columns] for row in rows])
    return io.BytesIO(text.getvalue().encode())


def half(rows: Sequence[Row], seed: int) -> list[Row]:
    return random.Random(seed).sample(list(rows), len(rows) // 2)


def suspects(traced: Traced) -> list[ExportId]:
    return [one.export for one in traced.suspects]


def test_two_exports_that_held_the_same_cannot_be_told_apart_and_that_is_said(
    desk: Work, pair: tuple[Actor, Actor]
) -> None:
    people = buyers(desk, 12)
    (first, rows), (second, _) = exported(desk, pair, people), exported(desk, pair, people)
    traced = disclosures.trace(desk, file=as_csv(rows[:6], "email"))

    assert not traced.certain
    [suspect] = traced.suspects
    assert {suspect.export, *suspect.or_else} == {first, second}


def test_a_part_that_two_exports_share_names_neither_of_them_for_certain(desk: Work, pair: tuple[Actor, Actor]) -> None:
    people = buyers(desk, 12)
    _, rows = exported(desk, pair, people)
    exported(desk, pair, people[:8])
    shared = [row for row in rows if row["email"] in {f"buyer{one}@example.org" for one in range(8)}]
    assert not disclosures.trace(desk, file=as_csv(shared, "email")).certain
    assert disclosures.trace(desk, file=as_csv(rows, "email")).certain


def test_a_file_of_other_people_is_nobodys(desk: Work, pair: tuple[Actor, Actor]) -> None:
    exported(desk, pair, buyers(desk, 12))
    strangers = [{"email": f"stranger{one}@example.com", "city": "Київ"} for one in range(30)]
    traced = disclosures.trace(desk, file=as_csv(strangers, "email", "city"))
    assert (traced.recognised, traced.suspects, traced.certain, traced.exports) == (0, (), False, 1)


def test_what_tells_nobody_apart_names_nothing(desk: Work, pair: tuple[Actor, Actor]) -> None:
    _, rows = exported(desk, pair, buyers(desk, 12))
    assert disclosures.trace(desk, file=as_csv(rows, "city", "given_name")).recognised == 0


def test_workbooks_and_documents_are_traced_as_well(desk: Work, pair: tuple[Actor, Actor]) -> None:
    people = buyers(desk, 6)
    one = export(desk, *pair, selection=Selection(people), format=ExportFormat.XLSX)
    make(desk, one)
    workbook = content(desk, one, pair[0])
    documents = json.dumps([{"a": f"Buyer{number}@Example.org"} for number in range(6)]).encode()
    for file in (workbook, documents, documents.replace(b"}, {", b"}\n{").strip(b"[]")):
        assert suspects(disclosures.trace(desk, file=io.BytesIO(file))) == [one]


def test_an_export_that_never_left_is_no_suspect(desk: Work, pair: tuple[Actor, Actor]) -> None:
    one = export(desk, *pair, selection=Selection(buyers(desk, 6)))
    make(desk, one)
    leaked = [{"email": f"buyer{number}@example.org"} for number in range(6)]
    assert disclosures.trace(desk, file=as_csv(leaked, "email")).exports == 0


def test_of_a_long_file_a_part_is_looked_at(
    desk: Work, pair: tuple[Actor, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governance.disclosures.leaks.MOST_ROWS", 10)
    one, rows = exported(desk, pair, buyers(desk, 30))
    traced = disclosures.trace(desk, file=as_csv(rows, "email"))
    assert (traced.rows, traced.compared, traced.recognised, suspects(traced)) == (30, 10, 10, [one])


def test_tracing_is_for_officers_and_needs_a_file(desk: Work) -> None:
    for role in ("steward", "auditor", "admin"):
        with pytest.raises(ForbiddenError):
            disclosures.trace(by(desk, staff(role)), file=io.BytesIO(b"x"))
    with pytest.raises(UnreadableFileError):
        disclosures.trace(by(desk, staff("officer")), file=io.BytesIO(b""))


def test_fingerprints_are_forgotten_after_three_years(desk: Work, pair: tuple[Actor, Actor]) -> None:
    _, rows = exported(desk, pair, buyers(desk, 3))
    assert disclosures.forget_prints(desk) == 0
    aged = Work(session=desk.session, actor=desk.actor, now=desk.now.replace(year=desk.now.year + 3, month=12))
    assert disclosures.forget_prints(aged) == 1
    assert disclosures.trace(desk, file=as_csv(rows, "email")).exports == 0


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("+38 (067) 123-45-67", "380671234567"),
        ("8 (912) 345-67-89", "+79123456789"),
        ("09.08.1982", "1982-08-09"),
        ("1982-08-09T00:00:00", "1982-08-09"),
        ("Irina.V@Example.ORG", " irina.v@example.org "),
        ("'+79123456789", "79123456789"),
    ],
)
def test_another_way_of_writing_is_the_same_value(one: str, same: str) -> None:
    assert normal(one) == normal(same)


def test_a_digest_says_nothing_without_its_key() -> None:
    first, second = (uuid4().bytes * 2 for _ in range(2))
    assert digest(first, "a") != digest(second, "a")
    assert digest(first, " - ") == EMPTY


def test_an_export_is_named_only_where_the_file_is_far_likelier_with_it() -> None:
    same, sizes = [Pattern((0, 0), 50)], [60, 60]
    assert [len(one.others) for one in likelihood.sources(same, sizes)] == [1]
    version = [*same, Pattern((0, 1), 1)]  # one cell, which somebody may have changed
    assert likelihood.sources(version, sizes)[0].others == (1,)
    held = [*same, Pattern((0, None), 1)]  # one person whom the other never held
    assert [(one.place, one.others) for one in likelihood.sources(held, sizes)] == [(0, ())]
    assert likelihood.sources([], []) == []


EVERYBODY = 1000


def drawn(*halves: int, seed: int = 1, rows: int = 450) -> list[Source]:
    """What rows drawn from some of ten exports come to: one of everybody, nine of nine tenths by chance."""
    chance = random.Random(seed)
    exports = [set(range(EVERYBODY)), *({*chance.sample(range(EVERYBODY), 900)} for _ in range(9))]
    leaked = [row for one in halves for row in chance.sample(sorted(exports[one]), rows)]
    counted = Counter(tuple(0 if row in one else None for one in exports) for row in leaked)
    return likelihood.sources([Pattern(*one) for one in counted.items()], [len(one) for one in exports])


def test_an_export_of_everybody_is_not_named_for_what_a_smaller_one_held() -> None:
    for one in range(1, 10):
        for rows in (450, 900):
            [found] = drawn(one, rows=rows, seed=one)
            assert (found.place, found.others) == (one, (0,)), "whoever held everybody may have picked the rows"
    assert [(one.place, one.others) for one in drawn(0)] == [(0, ())]


@pytest.mark.parametrize("pair", [(1, 4), (5, 9), (2, 7)])
def test_of_a_mixture_neither_is_forgotten_for_an_export_of_everybody(pair: tuple[int, int]) -> None:
    found = drawn(*pair)
    assert {one.place for one in found} == set(pair)
    assert all(one.others == (0,) and 0.4 < one.share < 0.6 for one in found)


def test_of_a_mixture_too_short_to_tell_nobody_is_named_for_certain() -> None:
    for seed in range(20):
        assert all(one.others for one in drawn(1, 4, rows=20, seed=seed))


def test_who_picks_a_city_out_of_all_is_not_hidden_by_an_export_of_that_city() -> None:
    city, rest = Pattern((0, 0), 100), Pattern((0, None), 230)
    [found] = likelihood.sources([city], [1000, 100])
    assert (found.place, found.others) == (1, (0,))
    mixed = {one.place: one.others for one in likelihood.sources([city, rest], [1000, 100])}
    assert mixed == {0: (), 1: (0,)}


def test_half_of_a_part_names_the_part_and_says_that_the_whole_held_it_too(
    desk: Work, pair: tuple[Actor, Actor]
) -> None:
    people = buyers(desk, 100)
    everybody, _ = exported(desk, pair, people)
    part, rows = exported(desk, (officer(desk), pair[1]), people[:70])
    traced = disclosures.trace(desk, file=as_csv(half(rows, 1), "email"))
    assert (suspects(traced), traced.certain) == ([part], False)
    assert traced.suspects[0].or_else == (everybody,)
