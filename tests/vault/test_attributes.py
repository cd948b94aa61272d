"""The mapped attribute: what is assigned is sealed on flush, opened on first read, and undone with its transaction."""

import traceback
from datetime import date
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ArgumentError, IntegrityError
from sqlalchemy.orm import load_only

from governance.kernel.db import driver_connection
from governance.vault.errors import SealError, ShreddedError, UnreadableError, UnsealedWriteError
from governance.vault.items import OpenItem
from governance.vault.runtime import vault_of
from tests.vault.making import make_owner, make_specimen
from tests.vault.models import Specimen

SECRET = "Лавлейс-ξ-4711"


def _stored(session, row_id) -> bytes:
    row = session.execute(text("SELECT * FROM specimen WHERE id = :id"), {"id": row_id}).one()
    return b"".join(bytes(value) for value in row if isinstance(value, bytes))


def test_values_survive_and_nothing_of_them_lies_in_the_row(database):
    with database.sessions.begin() as session:
        row_id = make_specimen(
            session, name=SECRET, born=date(1815, 12, 10), extra={"a": [1, None, "\udc80"]}, card="x\x00y"
        ).id
    with database.sessions() as session:
        row = session.get_one(Specimen, row_id)
        assert (row.name, row.born, row.extra, row.card) == (
            SECRET,
            date(1815, 12, 10),
            {"a": [1, None, "\udc80"]},
            "x\x00y",
        )
        assert row.contact is None
        stored = _stored(session, row_id)
        assert SECRET.encode() not in stored
        assert b"1815" not in stored


def test_a_value_is_readable_before_and_after_flush_without_being_opened(database):
    with database.sessions.begin() as session:
        row = Specimen(owner_id=make_owner(session), kind="email", name="Ada")
        assert row.name == "Ada"
        session.add(row)
        session.flush()
        assert row.name == "Ada"


@pytest.mark.parametrize("undo", ["rollback", "expire", "refresh"])
def test_an_assignment_that_was_undone_is_never_written(database, ada, undo):
    with database.sessions() as session:
        row = session.get_one(Specimen, ada)
        row.name = "Mistake"
        if undo == "rollback":
            session.rollback()
        elif undo == "expire":
            session.expire(row)
        else:
            session.refresh(row)
        assert row.name == "Ada Lovelace"
        row.kind = "phone"
        session.commit()
    with database.sessions() as session:
        assert session.get_one(Specimen, ada).name == "Ada Lovelace"


def test_a_rolled_back_flush_leaves_the_old_value(database, ada):
    with database.sessions() as session:
        row = session.get_one(Specimen, ada)
        row.name = "Mistake"
        session.flush()
        session.rollback()
        assert row.name == "Ada Lovelace"


def test_a_rolled_back_savepoint_leaves_the_value_before_it(database, ada):
    with database.sessions.begin() as session:
        row = session.get_one(Specimen, ada)
        row.name = "Outer"
        session.flush()
        savepoint = session.begin_nested()
        row.name = "Inner"
        session.flush()
        savepoint.rollback()
        assert row.name == "Outer"
    with database.sessions() as session:
        assert session.get_one(Specimen, ada).name == "Outer"


def test_a_new_row_whose_flush_failed_can_be_stored_again_with_its_values(database, ada):
    with database.sessions() as session:
        twin = Specimen(id=ada, owner_id=make_owner(session), kind="email", name="Twin")
        session.add(twin)
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()
        fresh = Specimen(owner_id=make_owner(session), kind="email", name=twin.name)
        session.add(fresh)
        session.commit()
        assert fresh.name == "Twin"


def test_none_clears_value_and_digest(database, ada):
    with database.sessions.begin() as session:
        session.get_one(Specimen, ada).card = None
    with database.sessions() as session:
        row = session.get_one(Specimen, ada)
        assert (row.card, row.card_sealed, row.card_index, row.card_index_next) == (None, None, None, None)


def test_expired_refreshed_and_partly_loaded_rows_open_like_others(database, ada):
    with database.sessions() as session:
        row = session.get_one(Specimen, ada)
        assert row.name == "Ada Lovelace"
        session.expire(row)
        assert row.name == "Ada Lovelace"
        session.refresh(row, ["name_sealed"])
        assert row.name == "Ada Lovelace"
    with database.sessions() as session:
        from_sqlalchemy = session.scalars(select(Specimen).options(load_only(Specimen.kind))).one()
        assert from_sqlalchemy.name == "Ada Lovelace"


def test_a_detached_row_keeps_what_was_read_and_refuses_the_rest(database, ada):
    with database.sessions() as session:
        row = session.get_one(Specimen, ada)
        assert row.name == "Ada Lovelace"
    assert row.name == "Ada Lovelace"
    with pytest.raises(ShreddedError, match="while it is open"):
        _ = row.card


def test_another_process_writing_the_row_is_seen_after_expiry(database, another_process, ada):
    with database.sessions() as session:
        row = session.get_one(Specimen, ada)
        assert row.name == "Ada Lovelace"
        session.commit()
        with another_process.sessions.begin() as theirs:
            theirs.get_one(Specimen, ada).name = "Augusta Ada"
        session.expire(row)
        assert row.name == "Augusta Ada"


@pytest.mark.parametrize("name", ["id", "owner_id"])
@pytest.mark.parametrize("expired", [False, True])
def test_what_values_are_bound_to_never_changes(database, ada, name, expired):
    with database.sessions() as session:
        row = session.get_one(Specimen, ada)
        if expired:
            session.expire(row)
        with pytest.raises(UnsealedWriteError, match="never changes"):
            setattr(row, name, uuid4())


@pytest.mark.parametrize("move", ["column", "row", "owner", "compartment"])
def test_a_value_moved_in_the_database_is_refused(database, ada, move):
    with database.sessions.begin() as session:
        other = make_specimen(session, name="Other", contact="b@example.org", extra={"x": 1})
        stranger = make_owner(session)
        moves = {
            "column": f"UPDATE specimen SET name_sealed = born_sealed WHERE id = '{ada}'",
            "row": f"UPDATE specimen a SET name_sealed = b.name_sealed FROM specimen b "
            f"WHERE a.id = '{ada}' AND b.id = '{other.id}'",
            "owner": f"UPDATE specimen SET owner_id = '{stranger}' WHERE id = '{ada}'",
            "compartment": f"UPDATE specimen SET name_sealed = extra_sealed WHERE id = '{ada}'",
        }
        session.get_one(Specimen, ada).born = date(1815, 12, 10)
    with database.sessions.begin() as session:
        session.execute(text(moves[move]))
    with database.sessions() as session, pytest.raises(SealError):
        _ = session.get_one(Specimen, ada).name


def test_a_value_that_names_a_key_which_never_was_is_broken_and_not_shredded(database, ada):
    with database.sessions.begin() as session:
        session.execute(text("UPDATE specimen SET name_sealed = set_byte(name_sealed, 5, 9)"))
    with database.sessions() as session:
        row = session.get_one(Specimen, ada)
        with pytest.raises(UnreadableError, match=f"specimen.name of the row {ada}"):
            _ = row.name
        item = _open_item(row)
        with pytest.raises(UnreadableError, match=f"specimen.name of the row {ada}"):
            vault_of(session).open_many(session, [item])
        assert vault_of(session).open_many(session, [item], pass_over=True) == [None]
        assert vault_of(session).unreadable.known() == [("specimen", "name", ada)]


def _open_item(row):
    return OpenItem(Specimen.sealed_fields["name"].place, row.id, row.owner_id, row.name_sealed)


def test_equality_finds_by_blind_index_in_any_spelling(database, ada):
    with database.sessions() as session:
        found = [
            session.scalars(select(Specimen).where(condition)).all()
            for condition in (
                Specimen.card == "4000  1234 ",
                Specimen.card.in_(["nothing", "4000 1234"]),
                Specimen.contact.of("email") == "ADA@Example.ORG",
            )
        ]
        assert [[row.id for row in rows] for rows in found] == [[ada]] * 3
        assert session.scalars(select(Specimen).where(Specimen.contact.of("phone") == "ada@example.org")).all() == []
        assert session.scalars(select(Specimen).where(Specimen.card == "")).all() == []
        assert session.scalars(select(Specimen).where(Specimen.card.in_([]))).all() == []


def test_presence_can_be_asked_of_any_field(database, ada):
    with database.sessions() as session:
        assert session.scalars(select(Specimen.id).where(Specimen.born == None)).all() == [ada]  # noqa: E711
        assert session.scalars(select(Specimen.id).where(Specimen.name != None)).all() == [ada]  # noqa: E711


@pytest.mark.parametrize(
    "ask",
    [
        lambda: Specimen.card.like("4%"),
        lambda: Specimen.card.ilike("4%"),
        lambda: Specimen.card.startswith("4"),
        lambda: Specimen.card.contains("4"),
        lambda: Specimen.card.between("1", "5"),
        lambda: Specimen.card.not_in(["4"]),
        lambda: Specimen.card < "5",
        lambda: Specimen.card >= "5",
        lambda: Specimen.card != "5",
        lambda: Specimen.card + "5",
        Specimen.card.desc,
        lambda: Specimen.card.in_("4000 1234"),
        lambda: Specimen.card.in_([None]),
        lambda: Specimen.card == 4000,
        lambda: Specimen.name == "no index",
        lambda: {Specimen.card: 1},
    ],
)
def test_a_question_that_a_blind_index_cannot_answer_is_refused(ask):
    with pytest.raises(TypeError):
        ask()


def test_a_sealed_field_can_neither_be_selected_nor_sorted_by(database):
    with pytest.raises(ArgumentError):
        select(Specimen.name)
    with pytest.raises(ArgumentError):
        select(Specimen).order_by(Specimen.name)


def test_changing_the_kind_of_a_contact_moves_it_to_the_other_index(database, ada):
    with database.sessions.begin() as session:
        row = session.get_one(Specimen, ada)
        row.contact = "+380671234567"
        row.kind = "phone"
    with database.sessions.begin() as session:
        assert session.scalars(
            select(Specimen.id).where(Specimen.contact.of("phone") == "+380 67 123 45 67")
        ).all() == [ada]
        row = session.get_one(Specimen, ada)
        row.kind = "email"  # the value stays as it is
    with database.sessions() as session:
        assert session.scalars(select(Specimen.id).where(Specimen.contact.of("phone") == "+380671234567")).all() == []
        assert session.scalars(select(Specimen.id).where(Specimen.contact.of("email") == "+380671234567")).all() == [
            ada
        ]
        assert session.get_one(Specimen, ada).contact == "+380671234567"


def test_a_kind_without_an_index_leaves_no_digest(database, ada):
    with database.sessions.begin() as session:
        session.get_one(Specimen, ada).kind = "postal"
    with database.sessions() as session:
        row = session.get_one(Specimen, ada)
        assert (row.contact_index, row.contact) == (None, "ada@example.org")


def test_an_unknown_attribute_and_a_wrong_type_are_refused_without_the_value(database):
    with pytest.raises(TypeError, match="nmae") as refused:
        Specimen(nmae=SECRET)
    assert SECRET not in str(refused.value)
    with pytest.raises(TypeError) as refused:
        Specimen(born=SECRET)
    assert SECRET not in str(refused.value)


def test_no_personal_value_shows_in_errors_statements_or_representations(database, ada):
    with database.sessions() as session:
        row = Specimen(id=ada, owner_id=make_owner(session), kind="email", name=SECRET, card=SECRET)
        session.add(row)
        with pytest.raises(IntegrityError) as refused:
            session.flush()
    told = "".join(traceback.format_exception(refused.value)) + repr(row) + repr(refused.value.params)
    assert SECRET not in told
    assert SECRET.encode("unicode_escape").decode() not in told
    question = select(Specimen).where(Specimen.card == SECRET)
    with database.sessions() as session:
        compiled = str(question.compile(session.get_bind()))
    assert SECRET not in compiled


class CountedStatements:
    """Counts every statement that a session sends, those that pass by SQLAlchemy included."""

    def __init__(self, session):
        counted = self
        self.key_statements = 0

        class Cursor(psycopg.Cursor):
            def execute(self, query, *args, **options):
                counted.key_statements += b"data_key" in (query if isinstance(query, bytes) else str(query).encode())
                return super().execute(query, *args, **options)

        driver_connection(session).cursor_factory = Cursor


@pytest.mark.parametrize(("rows", "limit"), [(10, 2), (300, 4), (1500, 5)])
def test_reading_many_rows_asks_for_keys_a_logarithm_of_times(database, another_process, rows, limit):
    with database.sessions.begin() as session:
        for number in range(rows):
            session.add(Specimen(owner_id=make_owner(session), kind="email", name=f"Nr {number}", card=f"{number}"))
    with another_process.sessions() as session:
        counted = CountedStatements(session)
        loaded = session.scalars(select(Specimen)).all()
        assert len({row.name for row in loaded}) == rows
        assert counted.key_statements <= limit


def test_sealing_many_rows_takes_three_statements_for_keys(database):
    with database.sessions.begin() as session:
        owners = [make_owner(session) for _ in range(200)]
        session.flush()
        counted = CountedStatements(session)
        session.add_all(Specimen(owner_id=owner, kind="email", name="x", card="y", extra=[1]) for owner in owners)
        session.flush()
        assert counted.key_statements <= 3
