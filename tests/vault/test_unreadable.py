"""The list of places whose values do not open: kept across processes, bounded, and free of values."""

from uuid import UUID

from governance.kernel.ids import uuid7
from governance.vault.unreadable import MOST_BYTES, Place, Unreadables


def _place(row: UUID | None = None) -> Place:
    return Place("person", "family_name", row or uuid7())


def test_what_one_process_met_another_knows_once(tmp_path):
    path, place = tmp_path / "custody" / "unreadable.jsonl", _place()
    for _ in range(2):
        met = Unreadables(path)
        met.note(place)
        met.note(place)

    assert Unreadables(path).known() == [place]
    assert len(path.read_bytes().splitlines()) == 2
    assert path.stat().st_mode & 0o077 == 0


def test_what_is_forgotten_is_gone_for_all_and_may_be_met_again(tmp_path):
    list_, healed, left = Unreadables(tmp_path / "unreadable.jsonl"), _place(), _place()
    list_.note(healed)
    list_.note(left)

    list_.forget({healed})
    assert Unreadables(tmp_path / "unreadable.jsonl").known() == [left]
    list_.note(healed)
    assert list_.known() == [left, healed]


def test_a_line_cut_short_is_passed_over(tmp_path):
    path, place = tmp_path / "unreadable.jsonl", _place()
    path.write_text('{"table": "person", "col\n')
    Unreadables(path).note(place)

    assert Unreadables(path).known() == [place]


def test_the_list_does_not_grow_without_end(tmp_path):
    path = tmp_path / "unreadable.jsonl"
    for _ in range(2):
        many = Unreadables(path)
        for _ in range(1000):
            many.note(_place())

    assert path.stat().st_size < MOST_BYTES + 200


def test_a_list_that_cannot_be_written_hinders_nobody(tmp_path):
    (tmp_path / "file").write_text("x")

    Unreadables(tmp_path / "file" / "unreadable.jsonl").note(_place())
