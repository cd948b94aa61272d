"""What is left of somebody who was erased is found, wherever it was put; what is kept is told apart."""

from pathlib import Path

import pytest
from sqlalchemy import text

from governance.erasure import operations as erasure
from governance.erasure.operations import Left
from governance.kernel.errors import InvalidError
from governance.kernel.ids import uuid4
from governance.kernel.work import Work
from tests.factories.customers import email
from tests.factories.erasing import erase, shop, somebody, whole
from tests.factories.staging import played, stage_of

ADDRESS = "irina.vorobeva@example.org"


stage = stage_of(shop)


work = played()


@pytest.fixture
def desk(work: Work) -> Work:
    """A shop in Germany."""
    return work


def test_nothing_is_left_but_what_the_certificate_lists(desk: Work) -> None:
    whole(desk, contacts=(email("somebody.else@example.org"),))
    found = erasure.prove(desk, erasure=erase(desk, whole(desk)).id, values=[ADDRESS, "+79334552061"])

    assert found.left == ()
    assert {one.where for one in found.kept} >= {"purchase", "consent_event"}


def test_rows_that_came_back_are_found_by_their_key_owner(desk: Work) -> None:
    done = erase(desk, somebody(desk))
    desk.session.execute(
        text(
            "INSERT INTO message (id, owner_id, channel, template, language, state, attempts, due_at, expires_at, "
            "created_at, forgotten) SELECT :id, owners[1], 'email', 'portal_code', 'en', 'waiting', 0, now(), now(), "
            "now(), false FROM erasure_target"
        ),
        {"id": uuid4()},
    )
    assert erasure.prove(desk, erasure=done.id).left == (Left("message", "rows", 1),)


def test_an_index_that_still_answers_is_found(desk: Work) -> None:
    done = erase(desk, somebody(desk))
    somebody(desk, given_name="Другая")

    assert erasure.prove(desk, erasure=done.id, values=[ADDRESS]).left == (Left("contact", "digest", 1),)


def test_values_are_found_in_files_in_any_case_and_across_pieces(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "heap").write_text(ADDRESS)
    (tmp_path / "spool.txt").write_bytes(b"x" * ((1 << 20) - 5) + ADDRESS.upper().encode())
    (tmp_path / "dump").write_text("\\x" + "Воробьева".encode().hex())
    (tmp_path / "other").write_text("somebody.else@example.org")
    needles = erasure.spellings([ADDRESS, "Воробьева"])
    found = erasure.search_files(tmp_path, needles, without=[tmp_path / "postgres"])

    assert [one.where for one in found] == ["dump", "spool.txt"]
    assert erasure.search_stream(iter([b"...irina.voro", b"beva@example.org"]), needles) == 1


def test_a_value_that_is_found_everywhere_by_accident_is_refused() -> None:
    with pytest.raises(InvalidError):
        erasure.spellings(["Ира"])
