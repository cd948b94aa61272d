"""Lists of mailers, stories and tellings at the command line."""

import fcntl
import io
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Command

CLIENTS = (
    "ФИО;E-mail;Почтовая рассылка\n"
    "Воробьёва Ирина;irina@example.org;да 12.03.2024\n"
    "Котова Анна;anna@example.org;нет\n"
    "Лисов Ян;yan@example.org;да\n"
)
NOTICES = """
consent:
  newsletter:
    material: true
    texts: {ru: {title: Рассылка, body: Согласна получать новости.}}
privacy:
  customers:
    material: true
    texts: {ru: {title: О данных, body: Мы храним ваши данные.}}
"""
MAILING = "name;email\nИрина;irina@example.org\nАнна;anna@example.org\nЯн;yan@example.org\nКто;кто?\n"


@pytest.fixture
def store(governance: Command, tmp_path: Path) -> Command:
    """A store with three people whose list was bought; one of them is said to have agreed on a day."""
    (tmp_path / "notices.yaml").write_text(NOTICES, "utf-8")
    (tmp_path / "clients.csv").write_text(CLIENTS, "utf-8")
    mapping = "Почтовая рассылка: consent:newsletter/email\nnotice:newsletter: '1:ru'\n"
    (tmp_path / "mapping.yaml").write_text(mapping, "utf-8")
    assert governance("consent", "notices", "publish", str(tmp_path / "notices.yaml")).code == 0
    done = governance(
        "import", str(tmp_path / "clients.csv"), "--mapping", str(tmp_path / "mapping.yaml"),
        "--source", "bought", "--ground", "contract", "--yes", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert (done.json["dry_run"]["consents_yes"], done.json["dry_run"]["consents_given"]) == (2, 1)
    (tmp_path / "mailing.csv").write_text(MAILING, "cp1251")
    return governance


def check(store: Command, folder: Path, *more: str) -> dict[str, object]:
    told = store("consent", "check", str(folder / "mailing.csv"), "--channel", "email", *more, "--json")
    assert told.code == 0, told.err
    answer: dict[str, object] = told.json
    return answer


def test_a_list_is_sifted_into_two_files_for_nobody_else_to_read(store: Command, tmp_path: Path) -> None:
    told = check(store, tmp_path, "--purpose", "newsletter")
    assert (told["rows"], told["allowed"], told["malformed"]) == (4, 0, [5])
    assert told["reasons"] == {"restricted": 3, "malformed": 1}
    allowed, reasons = tmp_path / "mailing.allowed.csv", tmp_path / "mailing.reasons.csv"
    assert allowed.read_text("cp1251") == "name;email\n"
    assert len(reasons.read_text("utf-8-sig").splitlines()) == 5
    assert stat.S_IMODE(allowed.stat().st_mode) == 0o600
    again = store("consent", "check", str(tmp_path / "mailing.csv"), "--purpose", "newsletter", "--channel", "email")
    assert again.code == 2
    assert "is there already" in again.err


def test_what_a_killed_run_has_left_behind_is_used_anew_and_that_of_a_running_one_is_not(
    store: Command, tmp_path: Path
) -> None:
    left = tmp_path / ".mailing.allowed.csv.part"
    left.write_text("half a list of people\n")
    with left.open("r+b") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        asked = ("consent", "check", str(tmp_path / "mailing.csv"), "--purpose", "newsletter", "--channel", "email")
        refused = store(*asked)
    assert refused.code == 2
    assert "another run" in refused.err
    check(store, tmp_path, "--purpose", "newsletter")
    allowed = tmp_path / "mailing.allowed.csv"
    assert allowed.read_text("cp1251") == "name;email\n"
    assert stat.S_IMODE(allowed.stat().st_mode) == 0o600
    assert not left.exists()


def test_a_list_that_cannot_be_read_leaves_no_file_behind(store: Command, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("a;b\n1;2\n")
    told = store("consent", "check", str(tmp_path / "odd.csv"), "--purpose", "newsletter", "--channel", "email")
    assert told.code == 1
    assert "--column" in told.err
    assert not [one for one in tmp_path.iterdir() if "odd." in one.name and one.name != "odd.csv"]


def test_people_are_told_and_taken_off_the_clock(store: Command, tmp_path: Path) -> None:
    listed = store("consent", "uninformed", "--days", "60", "--json").json
    assert len(listed) == 3
    (tmp_path / "ids.txt").write_text("\n".join(one["customer"] for one in listed))
    told = store("consent", "inform", "--from", str(tmp_path / "ids.txt"), "--notice", "customers", "--method", "post")
    assert (told.code, told.err) == (0, "3 people were told.\n")
    assert store("consent", "uninformed", "--days", "60", "--json").json == []
    assert check(store, tmp_path, "--purpose", "newsletter")["reasons"] == {
        "unconfirmed": 2, "refused": 1, "malformed": 1,
    }  # fmt: skip


def test_unsubscriptions_and_bounces_go_in_as_files(store: Command, tmp_path: Path) -> None:
    (tmp_path / "bounces.csv").write_text("irina@example.org\nnobody\n")
    rest = tmp_path / "rest.csv"
    told = store(
        "consent", "suppress", str(tmp_path / "bounces.csv"), "--reason", "hard_bounce", "--channel", "email",
        "--rest", str(rest),
    )  # fmt: skip
    assert told.code == 0
    assert "1 of 2 rows" in told.err
    assert "contact of this channel: 2." in told.err
    assert rest.read_text("utf-8-sig").splitlines()[1].endswith("nobody")
    assert check(store, tmp_path, "--purpose", "service")["reasons"] == {"bounced": 1, "restricted": 2, "malformed": 1}


def test_a_story_is_told_without_the_contact_on_the_command_line(
    store: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("irina@example.org\n"))
    told = store("consent", "explain", "--reason", "She asks.")
    assert told.code == 0, told.err
    assert "given newsletter by email" in told.out
    assert "| Согласна получать новости." in told.out
    assert "nothing may be sent: not_from_the_person" in told.out
    assert "irina" not in told.out
    assert store("consent", "explain").code == 2


def test_a_contact_that_bounced_is_taken_off_the_ledger_by_staff(
    store: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bounces.csv").write_text("E-mail\nback@example.org\n", encoding="utf-8")
    store("consent", "suppress", str(tmp_path / "bounces.csv"), "--reason", "hard_bounce", "--channel", "email")
    for expected in (["hard_bounce"], []):
        monkeypatch.setattr("sys.stdin", io.StringIO(" Back@Example.org\n"))
        told = store("consent", "lift", "--channel", "email", "--json")
        assert (told.code, [one["reason"] for one in told.json]) == (0, expected), told.err


def test_a_decision_is_proved_against_its_list_and_no_other(store: Command, tmp_path: Path) -> None:
    decisions = check(store, tmp_path, "--purpose", "newsletter")["decisions"]
    told = store("consent", "prove", str(tmp_path / "mailing.csv"), *decisions, "--channel", "email", "--json")
    assert (told.code, told.json) == (0, {"proved": [True]}), told.err
    (tmp_path / "mailing.csv").write_text("name;email\nIrina;irina@example.org\n")
    told = store("consent", "prove", str(tmp_path / "mailing.csv"), *decisions, "--channel", "email", "--json")
    assert (told.code, told.json) == (1, {"proved": [False]})
    twice = store("consent", "prove", str(tmp_path / "mailing.csv"), *decisions, *decisions, "--channel", "email")
    assert (twice.code, "10000 rows" in twice.err) == (1, True)
