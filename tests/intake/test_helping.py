"""Two processes apply one import: it comes to the same as if one had, whoever is killed and whatever comes between."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.customers.codes import ContactKind, Ground, Source
from governance.customers.contact_values import ContactSaid
from governance.customers.records import Origin
from governance.intake import operations as intake
from governance.intake.ahead import apart, make_ahead
from governance.intake.applying import begin, help_next
from governance.intake.helping import errand
from governance.intake.lookup import Digests, digests_of
from governance.intake.people import keys_of, new_person
from governance.intake.recent import CHUNKS, RecentContacts
from governance.intake.records import ContactValue, CustomerRow
from governance.intake.reports import BatchReport, BatchState
from governance.intake.staging import WaitingRow
from governance.intake.turns import OutOfTurnError
from governance.intake.waiting import ReadyRow
from governance.kernel.db import Database
from governance.kernel.ids import BatchId
from governance.kernel.work import OPERATOR, SYSTEM, Work, open_work
from governance.vault.keyring import Keyring
from tests import forks
from tests.conftest import Store
from tests.intake.conftest import bring, name_controller
from tests.intake.stores import contents, holders, import_rows, one_value
from tests.intake.test_running import CHILD, staged

HEADINGS = ["ФИО", "Телефон", "E-mail", "Город"]
SECONDS = 30


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few rows, and help with few of them."""
    monkeypatch.setattr("governance.intake.starting.CHUNK_ROWS", 40)
    monkeypatch.setattr("governance.intake.helping.HELP_FROM_ROWS", 1)
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1})


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def helpers(of: int | None = None) -> list[psutil.Process]:
    found = [child for child in psutil.Process(of).children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in found if "governance.intake.helper" in child.cmdline()]


def parts_done(database: Database, batch: BatchId) -> int:
    with open_work(database, SYSTEM) as work:
        return intake.report(work, batch=batch).done // 40


def whole(database: Database, batch: BatchId) -> BatchReport:
    """All 320 people of `staged` are there once, each with two contacts."""
    with open_work(database, SYSTEM) as work:
        held, report = contents(work), intake.report(work, batch=batch)
    assert (report.state, report.done, report.created) == (BatchState.FINISHED, 352, 320)
    assert report.enriched + report.unchanged == 32
    assert len(held["people"]) == 320
    assert len({value for _, _, value, *_ in held["contacts"]}) == len(held["contacts"]) == 640
    return report


def test_what_two_processes_apply_comes_to_the_same_as_if_one_had(fresh_database: Database):
    batch = staged(fresh_database, 320)
    helped = threading.Event()

    def wait_for_help(_progress: object) -> None:
        if not helped.is_set():
            until(lambda: parts_done(fresh_database, batch) >= 3)
            helped.set()

    intake.run_batch(fresh_database, actor=SYSTEM, batch=batch, on_progress=wait_for_help)
    assert helped.is_set()
    whole(fresh_database, batch)
    with open_work(fresh_database, SYSTEM) as work:
        acts = "SELECT count(*) FROM audit_body WHERE action = :action"
        assert one_value(work, acts, action=Action.IMPORT_BATCH_APPLIED) == 9
        assert one_value(work, acts, action=Action.IMPORT_FINISHED) == 1
        assert one_value(work, acts, action=Action.PERSON_CREATED) == 320


def test_an_import_goes_on_alone_where_its_helper_is_killed(fresh_database: Database):
    batch = staged(fresh_database, 320)

    def kill(_progress: object) -> None:
        for helper in helpers():
            until(lambda: parts_done(fresh_database, batch) >= 2)
            helper.kill()

    intake.run_batch(fresh_database, actor=SYSTEM, batch=batch, on_progress=kill)
    whole(fresh_database, batch)


def test_a_helper_ends_with_whoever_it_helps_and_no_row_is_lost_or_doubled(
    fresh_database: Database, fresh_store: Store, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
):
    batch = staged(fresh_database, 320)
    helped = CHILD.replace(
        "\nverbs =", "\nfrom governance.intake import helping\nhelping.HELP_FROM_ROWS = 1\nimport time\nverbs ="
    ).replace("print(p.done, flush=True)", "(print(p.done, flush=True), time.sleep(20))")
    with forks.piped("-c", helped, fresh_store.app_url, str(keyring.path), "run", str(batch)) as (child, output):
        assert output.readline()
        until(lambda: parts_done(fresh_database, batch) >= 2)
        left = helpers(child.pid)
        child.kill()
    assert not psutil.wait_procs(left, timeout=SECONDS)[1]
    monkeypatch.setattr("governance.intake.helping.HELP_FROM_ROWS", 10**6)
    intake.resume(fresh_database, actor=SYSTEM, batch=batch)
    whole(fresh_database, batch)


def test_parts_are_done_in_the_order_of_rows_and_one_given_up_comes_first(fresh_database: Database):
    batch = staged(fresh_database, 320)
    with open_work(fresh_database, SYSTEM) as work:
        begin(work, batch=batch)
    told: list[object] = []

    def second() -> None:
        try:
            with open_work(fresh_database, SYSTEM) as work:
                told.append(help_next(work, batch=batch))
        except OutOfTurnError as error:
            told.append(type(error))

    for gives_up in (True, False):
        other = threading.Thread(target=second)
        with open_work(fresh_database, SYSTEM) as work:
            help_next(work, batch=batch)
            other.start()
            time.sleep(0.5)
            assert len(told) == (not gives_up)  # it waits
            if gives_up:
                work.session.rollback()
        other.join(SECONDS)
    assert told == [OutOfTurnError, True]
    assert parts_done(fresh_database, batch) == 2


def ready(number: int, *contacts: tuple[str, str], again: bool = False, name: str = "Иванов") -> ReadyRow:
    row = CustomerRow(number, family_name=name, contacts=tuple(ContactValue(*contact) for contact in contacts))
    return ReadyRow(WaitingRow(row, "", again), keys_of(row.contacts), new_person(row))


def digests(work: Work, rows: list[ReadyRow]) -> Digests:
    return digests_of(work, (key for row in rows for key in row.keys))


def test_rows_that_share_a_contact_with_a_known_person_or_with_a_row_before_wait_for_their_turn(russian: Work):
    import_rows(russian, HEADINGS, ["Петров Олег", "", "known@example.ru", ""])
    rows = [
        ready(1, ("email", "new@example.ru")),
        ready(2, ("email", "known@example.ru"), ("phone", "+79331110001")),
        ready(3, ("phone", "+79331110001"), ("phone", "+79331110002")),
        ready(4, ("phone", "+79331110002")),
        ready(5, ("email", "before@example.ru"), again=True),
        ready(6, ("email", "before@example.ru")),
        ready(7),
    ]
    unknown, bound = apart(russian, rows, digests(russian, rows))
    assert [row.waiting.record.number for row in unknown] == [1, 7]
    assert [row.waiting.record.number for row in bound] == [2, 3, 4, 5, 6]


def test_people_made_ahead_are_taken_back_where_somebody_else_makes_one_of_them_meanwhile(fresh_database: Database):
    with open_work(fresh_database, OPERATOR) as work:
        name_controller(work)
        batch = bring(work, "ФИО;E-mail\r\nИванов Пётр;a@example.ru\r\n".encode()).batch.id
        origin = Origin(batch, work.now, Source.OWN_FORM, Ground.CONTRACT)
    rows = [ready(1, ("email", "a@example.ru")), ready(2, ("email", "b@example.ru"))]
    with open_work(fresh_database, OPERATOR) as work:
        made = make_ahead(work, origin, rows, notices={})
        assert made is not None
        with open_work(fresh_database, OPERATOR) as other:
            customers.create(
                other,
                fields={"family_name": "Иванов"},
                contacts=[ContactSaid(kind=ContactKind.EMAIL, value="a@example.ru")],
            )
        assert not made.settle(work, digests(work, rows))
    with open_work(fresh_database, OPERATOR) as work:
        assert len(holders(work, ContactKind.EMAIL, "a@example.ru")) == 1
        assert not holders(work, ContactKind.EMAIL, "b@example.ru")
    with open_work(fresh_database, OPERATOR) as work:
        made = make_ahead(work, origin, rows[1:], notices={})
        assert made is not None
        assert made.settle(work, digests(work, rows))
        assert holders(work, ContactKind.EMAIL, "b@example.ru")[0].id == made.people[0]


def test_contacts_are_known_again_in_the_parts_that_follow_and_not_within_their_own():
    recent = RecentContacts()
    row = CustomerRow(1, contacts=(ContactValue("email", "a@example.ru"),))
    assert not recent.meets(row)
    assert not recent.meets(row)
    for _ in range(CHUNKS):
        recent.end_chunk()
    assert recent.meets(row)
    for _ in range(CHUNKS + 1):
        recent.end_chunk()
    assert not recent.meets(row)


def test_a_helper_is_had_for_long_lists_of_customers_only(russian: Work, monkeypatch: pytest.MonkeyPatch):
    people = bring(russian, "ФИО;E-mail\r\nИванов Пётр;a@example.ru\r\n".encode()).batch.id
    told = errand(russian, batch=people)
    assert told is not None
    assert Path(str(told["keyring"])).is_file()
    monkeypatch.setattr("governance.intake.helping.HELP_FROM_ROWS", 2)
    assert errand(russian, batch=people) is None
    monkeypatch.setattr("governance.intake.helping.HELP_FROM_ROWS", 1)
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0})
    assert errand(russian, batch=people) is None
