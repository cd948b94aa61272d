"""Commands: what they answer, how they refuse, and that what is sealed stays sealed."""

import errno
import re
import stat
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from governance.cli import COMMANDS, cli
from tests.cli.conftest import SETUP, Command
from tests.conftest import Store
from tests.factories.recording import CANARY

LIST = (
    "ФИО;Телефон;E-mail\n"
    "Воробьёва Ирина Семёновна;+7 933 455 20 61;irina@example.org\n"
    "Кривой Пётр;нет;petrov(at)example.ru\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A list of customers as a till program writes it."""
    path = tmp_path / "клиенты мои.csv"
    path.write_bytes(LIST.encode("cp1251"))
    return path


def test_every_command_loads_and_explains_itself(command: Command) -> None:
    for name in COMMANDS:
        told = command(name, "--help")
        assert told.code == 0
        assert "Usage: governance" in told.out
    assert set(cli.list_commands(None)) == set(COMMANDS)


def test_setting_up_makes_folders_and_keys_for_the_owner_only(command: Command, surroundings: Path) -> None:
    assert command("init", *SETUP).code == 0
    assert stat.S_IMODE(surroundings.stat().st_mode) == 0o700
    secrets = surroundings / "secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    for name in ("keyring.json", "audit-signing.key"):
        assert stat.S_IMODE((secrets / name).stat().st_mode) == 0o600


def test_setting_up_again_changes_nothing(governance: Command, surroundings: Path) -> None:
    before = {path: path.read_bytes() for path in (surroundings / "secrets").iterdir()}

    again = governance("init")

    assert again.code == 0
    assert {path: path.read_bytes() for path in (surroundings / "secrets").iterdir()} == before
    assert len(governance("staff", "list", "--json").json) == 1
    assert len(governance("audit", "search", "--action", "reference:controller:set", "--json").json["entries"]) == 1


def test_setting_up_again_under_another_name_says_that_nothing_was_changed(governance: Command) -> None:
    again = governance("init", "--controller-name", "ООО Лютик", "--country", "de")

    assert again.code == 0
    assert "is ООО Ромашка (RU) already" in again.err
    assert "another name and another country, and was not taken" in again.err
    assert "Лютик" not in again.err
    assert len(governance("audit", "search", "--action", "reference:controller:set", "--json").json["entries"]) == 1


def test_setting_up_again_with_another_administrator_says_that_nobody_was_added(governance: Command) -> None:
    again = governance("init", "--admin-name", "Zed", "--admin-email", "z@example.org")

    assert (again.code, "nobody was added" in again.err) == (0, True)
    assert "z@example.org" not in again.err
    assert len(governance("staff", "list", "--json").json) == 1
    assert "nobody" not in governance("init", *SETUP).err


def test_of_what_was_said_wrongly_nothing_is_recorded(command: Command, surroundings: Path) -> None:
    told = command("init", *SETUP[:-1], "anna(at)example.org")

    assert told.code == 1
    assert "email" in told.err
    assert "on record" not in told.err
    assert not (surroundings / "secrets" / "keyring.json").exists()
    assert command("init", *SETUP).err.count("on record") == 2


def test_of_a_country_that_is_none_its_zone_and_laws_are_not_asked(command: Command) -> None:
    told = command("init", *SETUP[:4], "--country", "XX", *SETUP[6:])

    assert told.code == 1
    assert "country" in told.err
    assert len(told.err.splitlines()) == 2
    assert "zone" not in told.err
    assert "laws" not in told.err


def test_a_controller_of_a_country_without_proposals_says_zone_and_laws_itself(command: Command) -> None:
    wanting = command("init", *SETUP[:4], "--country", "KZ", *SETUP[6:])
    assert (wanting.code, "--zone" in wanting.err) == (2, True)

    made = command("init", *SETUP[:4], "--country", "KZ", "--zone", "Asia/Almaty", "--laws", "gdpr", *SETUP[6:])
    assert made.code == 0
    assert "under gdpr; deadlines are counted in Asia/Almaty" in made.err


def test_the_first_administrator_may_bring_lists_in(governance: Command) -> None:
    [one] = governance("staff", "list", "--json").json
    assert "steward" in [role["role"] if isinstance(role, dict) else role for role in one["roles"]]


def test_setting_up_without_anybody_to_ask_names_what_is_missing(command: Command, surroundings: Path) -> None:
    told = command("init", *SETUP[:4])

    assert told.code == 2
    assert "--country" in told.err
    assert "GOVERNANCE_COUNTRY" in told.err
    assert not (surroundings / "secrets" / "keyring.json").exists()
    assert command("init", *SETUP).code == 0


def test_setting_up_goes_without_an_address_which_can_be_told_later(command: Command) -> None:
    assert command("init", *SETUP[:2], *SETUP[4:]).code == 0


def test_a_keyring_that_is_lost_is_not_replaced_by_a_new_one(governance: Command, surroundings: Path) -> None:
    (surroundings / "secrets" / "keyring.json").rename(surroundings / "elsewhere.json")

    told = governance("init")

    assert told.code == 1
    assert "recovery sheet" in told.err
    assert not (surroundings / "secrets" / "keyring.json").exists()


def test_a_signing_key_that_is_lost_is_not_replaced_once_something_was_signed(
    governance: Command, surroundings: Path, tmp_path: Path
) -> None:
    assert governance("audit", "export", str(tmp_path / "export")).code == 0
    (surroundings / "secrets" / "audit-signing.key").unlink()

    told = governance("init")

    assert told.code == 1
    assert "new tree" in told.err


REFUSED: list[tuple[list[str], int]] = [
    (["nonsense"], 2),
    (["import", "no-such-file.csv"], 2),
    (["clients", "create", "--name", "x"], 2),
    (["clients", "create", "--name", "x", "--scopes", "everything"], 1),
    (["clients", "create", "--name", "x", "--scopes", "clients:create"], 1),
    (["clients", "revoke", str(uuid4())], 1),
    (["staff", "create", "--name", "x", "--email", "nonsense", "--roles", "admin"], 1),
    (["staff", "create", "--name", "x", "--email", "x@example.org", "--roles", "king"], 1),
    (["audit", "proof", str(uuid4())], 1),
    (["audit", "search", "--cursor", "nonsense"], 1),
    (["audit", "verify", "--checkpoint", "x"], 2),
    (["import", "show", str(uuid4())], 1),
    (["import", "undo", str(uuid4())], 2),
    (["access", "explain", "customers:read"], 2),
    (["access", "explain", "customers:read", "--roles", "king"], 2),
    (["access", "explain", "nobody@example.org", "customers:read"], 1),
    (["access", "explain", str(uuid4()), "customers:read"], 1),
    (["access", "explain", "anna@example.org", "customers:read", "user.nonsense"], 2),
    (["access", "explain", "a", "customers:read", "person.family_name", "b"], 2),
]


def test_what_cannot_be_done_is_said_in_words(governance: Command) -> None:
    wrong = []
    for arguments, code in REFUSED:
        told = governance(*arguments)
        if (told.code, told.out) != (code, "") or not told.err.strip() or "Traceback" in told.err:
            wrong.append((arguments, told.code, told.out, told.err))
    assert wrong == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "open-tree"),
        ("audit", "quarantine"),
        ("erasure", "start", str(UUID(int=1)), "--reason", "a letter"),
        ("import", "undo", str(UUID(int=1))),
    ],
    ids=lambda arguments: arguments[1],
)
def test_an_act_that_asks_first_says_what_to_give_where_nobody_is_there(
    command: Command, arguments: tuple[str, ...]
) -> None:
    told = command(*arguments)

    assert told.code == 2
    assert told.err.endswith("Error: Nobody is there to be asked; say --yes.\n")


def test_a_store_that_was_not_set_up_is_told_as_such(command: Command) -> None:
    told = command("clients", "list")

    assert told.code == 1
    assert "governance init" in told.err


def test_settings_that_make_no_sense_are_named(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOVERNANCE_BIND", "nowhere")

    told = command("clients", "list")

    assert told.code == 1
    assert "GOVERNANCE_BIND" in told.err


def test_an_error_that_nobody_named_is_one_line_without_its_text(governance: Command, fresh_store: Store) -> None:
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute("ALTER TABLE api_client RENAME TO gone")

    told = governance("clients", "list")

    assert told.code == 70
    assert re.fullmatch(r"The command failed: \w+ at \S+\.py:\d+\. Please report this line\.\n", told.err)


@pytest.mark.parametrize("full", [OSError(errno.ENOSPC, CANARY), psycopg.errors.DiskFull(CANARY)])
def test_a_full_disk_is_told_as_such(command: Command, monkeypatch: pytest.MonkeyPatch, full: Exception) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise full

    monkeypatch.setattr(cli, "main", fail)
    told = command("backup")

    assert (told.code, "The disk is full" in told.err) == (1, True)
    assert CANARY not in told.err


def test_a_folder_that_may_not_be_written_is_named(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", "/srv/data/backups")

    monkeypatch.setattr(cli, "main", fail)
    told = command("backup")

    assert told.code == 1
    assert told.err.startswith("Read-only file system: /srv/data/backups. Look at owner, mode and disk of it")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (MemoryError(CANARY), 1, "There is not enough memory"),
        (psycopg.OperationalError(f"server closed the connection {CANARY}"), 1, "The database does not answer"),
        (psycopg.errors.CrashShutdown(CANARY), 1, "The database does not answer"),
        (psycopg.errors.DeadlockDetected(CANARY), 70, "Please report this line"),
    ],
)
def test_a_host_or_database_that_refuses_in_the_middle_is_told_as_such(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, said: str
) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr(cli, "main", fail)
    told = command("backup")

    assert (told.code, said in told.err) == (code, True)
    assert CANARY not in told.err


def test_a_client_gets_its_key_once(governance: Command) -> None:
    made = governance("clients", "create", "--name", "till", "--scopes", "customers:read,customers:search", "--json")
    key = made.json["key"]

    listed = governance("clients", "list", "--json")

    assert key.startswith("gov_")
    assert key not in listed.out
    assert listed.json[0]["scopes"] == ["customers:read", "customers:search"]
    rotated = governance("clients", "rotate", made.json["id"], "--json").json
    assert rotated["key"] != key
    assert governance("clients", "revoke", made.json["id"]).code == 0
    assert governance("clients", "list", "--json").json[0]["revoked_at"] is not None


def test_staff_come_and_go_with_their_roles(governance: Command) -> None:
    made = governance(
        "staff", "create", "--name", "Олег", "--email", "oleg@example.org", "--roles", "sales,support", "--json"
    ).json
    governance("staff", "grant", made["id"], "auditor")
    governance("staff", "withdraw", made["id"], "sales")

    listed = governance("staff", "list", "--json")

    assert {tuple(one["roles"]) for one in listed.json if one["id"] == made["id"]} == {("auditor", "support")}
    assert "Олег" not in listed.out
    governance("staff", "disable", made["id"])
    assert [one["active"] for one in governance("staff", "list", "--json").json if one["id"] == made["id"]] == [False]


def test_access_explains_itself(governance: Command) -> None:
    told = governance("access", "explain", "customers:reveal", "--roles", "sales,marketer", "--json").json

    assert told["decision"]["allowed"] is False
    assert told["decision"]["reason"] == "denied"
    assert any("marketer" in hit["rule"] for hit in told["rules"])
    staff = governance("staff", "list", "--json").json[0]["id"]
    assert governance("access", "explain", "audit:read", "--staff", staff).out.startswith("Allowed")


def test_access_of_a_user_to_a_field_explains_itself(governance: Command) -> None:
    for words, said in (
        (("anna@example.org", "customers:reveal", "user.contact.email"), "contact.value (email)"),
        (("anna@example.org", "customers:reveal", "person.family_name"), "person.family_name: Allowed"),
        (("anna@example.org", "portal:correct", "user.contact.email"), "Refused: not-granted"),
        (("anna@example.org", "proposals:decide"), "Allowed"),
    ):
        told = governance("access", "explain", *words)
        assert (told.code, said in told.out) == (0, True), words
        assert "officer" in told.out or "Refused" in told.out, words


def test_a_system_is_kept_to_purposes_and_channels_that_there_are(governance: Command) -> None:
    given = ("clients", "create", "--name", "Mailer", "--scopes", "consent:check")
    assert governance(*given, "--purposes", "newsleter").code == 2
    assert governance(*given, "--channels", "pigeon").code == 1
    made = governance(*given, "--purposes", "newsletter,surveys", "--channels", "email", "--json").json
    [listed] = governance("clients", "list", "--json").json
    assert (listed["purposes"], listed["channels"], listed["is_test"]) == (["newsletter", "surveys"], ["email"], False)
    assert governance("clients", "limit", made["id"], "--channels", "sms").code == 0
    assert governance("clients", "list", "--json").json[0]["purposes"] is None
    assert "sms" in governance("clients", "list").out


def test_an_import_is_only_shown_until_it_is_agreed_to(governance: Command, file: Path) -> None:
    told = governance("import", str(file))

    assert told.code == 0
    assert "2 rows: 1 good, 1 refused" in told.out
    assert "cp1251" in told.out
    assert f"governance import '{file}' --source SOURCE --ground GROUND --yes" in told.err
    assert governance("import", "list", "--json").json == []
    for value in ("irina", "petrov", "Воробьёва", "933"):
        assert value not in told.out + told.err


def test_an_import_is_done_shown_and_undone(governance: Command, file: Path, tmp_path: Path) -> None:
    done = governance("import", str(file), "--source", "till", "--ground", "contract", "--yes", "--json").json
    batch = done["imported"]["id"]
    again = governance("import", str(file), "--source", "till", "--ground", "contract", "--yes")
    refused = governance("import", "refused", batch, "--json").json
    written = governance("import", "refused", batch, "--to", str(tmp_path / "refused.csv"))

    assert (done["imported"]["state"], done["imported"]["created"]) == ("finished", 1)
    assert batch in again.err
    assert {one["row"] for one in refused} == {3}
    assert written.code == 0
    assert stat.S_IMODE((tmp_path / "refused.csv").stat().st_mode) == 0o600
    assert "petrov(at)example.ru" in (tmp_path / "refused.csv").read_text("utf-8-sig")
    assert governance("import", "undo", batch, "--yes", "--json").json["removed"] >= 1
    assert governance("import", "show", batch, "--json").json["state"] == "undone"


def test_an_import_that_was_interrupted_goes_on_at_once_and_says_so(
    governance: Command, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    given = ("import", str(file), "--source", "till", "--ground", "contract", "--yes")
    with monkeypatch.context() as killed:
        killed.setattr("governance.intake.operations.resume", interrupted)
        assert governance(*given).code != 0
    (batch,) = governance("import", "list", "--json").json
    monkeypatch.setattr("governance.intake.operations.dry_run", interrupted)
    told = governance(*given)

    assert (batch["state"], batch["done"]) == ("staged", 0)
    assert told.code == 0
    assert f"as {batch['id']}.\nIt goes on after 0 of 1 rows." in told.err
    assert governance("import", "show", batch["id"], "--json").json["state"] == "finished"


def test_an_import_counts_rows_of_which_cells_were_refused(governance: Command, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(
        "Name;Phone;E-mail\nIrina Vorobyova;12;irina@example.org\nPyotr Krivoi;;petr@example.org\n", "utf-8"
    )

    told = governance("import", str(file), "--source", "till", "--ground", "contract", "--yes").out
    (batch,) = governance("import", "list", "--json").json

    assert (batch["good"], batch["refused"], batch["incomplete"], batch["created"]) == (2, 0, 1, 2)
    assert "refused: 1 rows" in told
    assert f"governance import refused {batch['id']}" in told


def test_an_import_of_purchases_says_beforehand_that_rows_of_nobody_will_be_refused(
    governance: Command, tmp_path: Path
) -> None:
    file = tmp_path / "sales.csv"
    file.write_text(
        "Purchase number;E-mail;Total;Date;Currency\nA-1;nobody@example.org;10.00;2025-03-04;EUR\n", "utf-8"
    )

    told = governance("import", str(file), "--kind", "purchases").out

    assert "Of nobody in the store: 1, which the import will refuse" in told


def test_an_import_needs_source_and_ground(governance: Command, file: Path) -> None:
    told = governance("import", str(file), "--yes")

    assert told.code == 2
    assert "--source" in told.err


def test_a_mapping_file_gives_meaning_to_headings(governance: Command, tmp_path: Path) -> None:
    table, mapping = tmp_path / "odd.csv", tmp_path / "map.yaml"
    table.write_text("who;where\nИванова Анна;anna2@example.org\n")
    mapping.write_text("who: full_name\nwhere: email\n")

    told = governance(
        "import", str(table), "--mapping", str(mapping), "--source", "till", "--ground", "contract", "--yes", "--json"
    ).json

    assert told["imported"]["created"] == 1


def test_the_log_is_verified_live_and_as_an_export(
    governance: Command, surroundings: Path, tmp_path: Path, fresh_store: Store
) -> None:
    exported = governance("audit", "export", str(tmp_path / "export"))
    checkpoint = tmp_path / "kept"
    checkpoint.write_bytes((surroundings / "audit" / "checkpoint").read_bytes())

    assert exported.code == 0
    live = governance("audit", "verify", "--json")
    assert (live.code, live.json["whole"]) == (0, True)
    offline = governance("audit", "verify", str(tmp_path / "export"), "--checkpoint", str(checkpoint), "--json")
    assert (offline.code, offline.json["whole"]) == (0, True)
    entry = governance("audit", "search", "--limit", "1", "--json").json["entries"][0]["eid"]
    assert governance("audit", "proof", entry, "--json").json["checkpoint"].startswith("governance/")

    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
        connection.execute("UPDATE audit_entry SET leaf_hash = sha256('x') WHERE eid = %s", (UUID(entry),))
    broken = governance("audit", "verify")
    assert broken.code == 1
    assert broken.out.endswith("NOT WHOLE\n")


def test_the_url_of_the_database_is_given_by_role(governance: Command, fresh_store: Store) -> None:
    for role, user in (("admin", "postgres"), ("app", fresh_store.roles.app)):
        url = governance("database", "url", "--role", role).out.strip()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (user,)


def test_an_extra_field_is_defined_once_and_filled_from_a_mapped_column(governance: Command, tmp_path: Path) -> None:
    define = ("fields", "define", "shoe_size", "--label-en", "Shoe size", "--category", "user.demographic")
    (tmp_path / "list.csv").write_text("ФИО;E-mail;Обувь\nКривой Пётр;petr@example.ru;44\n")
    (tmp_path / "mapping.yaml").write_text("Обувь: extra:shoe_size\n")
    bring = ("import", str(tmp_path / "list.csv"), "--mapping", str(tmp_path / "mapping.yaml"))

    assert governance(*bring).code == 1  # not defined yet
    assert governance(*define).code == 0
    assert governance(*define).code == 1
    assert [one["key"] for one in governance("fields", "list", "--json").json] == ["shoe_size"]

    done = governance(*bring, "--source", "till", "--ground", "contract", "--yes", "--json")

    assert done.code == 0
    assert done.json["imported"]["created"] == 1


def test_what_a_dry_run_proposes_reads_the_file_in_the_same_way(governance: Command, file: Path) -> None:
    told = governance("import", str(file), "--region", "UA", "--month-first", "--kind", "customers")

    assert told.code == 0
    assert f"governance import '{file}' --kind customers --region UA --month-first --source SOURCE" in told.err


def test_a_region_or_currency_that_is_none_is_refused_by_name(governance: Command, file: Path) -> None:
    for option, value in (("--region", "XX"), ("--currency", "roubles")):
        told = governance("import", str(file), option, value)
        assert told.code == 1
        assert f"{option.removeprefix('--')}: This is no" in told.err


def test_refused_rows_never_replace_a_file(governance: Command, file: Path, tmp_path: Path) -> None:
    done = governance("import", str(file), "--source", "till", "--ground", "contract", "--yes", "--json").json
    (tmp_path / "kept.csv").write_text("mine")

    told = governance("import", "refused", done["imported"]["id"], "--to", str(tmp_path / "kept.csv"))

    assert told.code == 2
    assert "Name another file." in told.err
    assert (tmp_path / "kept.csv").read_text() == "mine"
