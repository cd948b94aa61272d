"""Folders and passwords: nobody else can read them, and nobody's folder is taken."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from governance.kernel.errors import ConfigurationError
from governance.kernel.folders import PRIVATE, first_owned, prepare_data_dir, runtime_parent, try_lock
from governance.kernel.passwords import keep_passwords, new_password, read_passwords


def test_a_folder_to_which_all_may_write_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(ConfigurationError, match="shared"):
        prepare_data_dir(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777


def test_a_folder_with_files_of_others_is_refused_and_keeps_its_mode(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o755)
    (home / "letter.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="holds other files"):
        prepare_data_dir(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o755


def test_a_folder_that_only_holds_another_store_may_become_one(tmp_path: Path) -> None:
    prepare_data_dir(tmp_path / "var" / "demo")
    (tmp_path / "var").chmod(0o755)
    assert stat.S_IMODE(prepare_data_dir(tmp_path / "var").stat().st_mode) == PRIVATE


def test_an_empty_folder_becomes_private(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    folder.chmod(0o755)
    assert stat.S_IMODE(prepare_data_dir(folder).stat().st_mode) == PRIVATE


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="GOVERNANCE_DATA_DIR"):
        prepare_data_dir(tmp_path / "file")


def test_a_link_or_an_open_folder_under_our_name_is_not_used(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    good = tmp_path / "good"
    assert first_owned([tmp_path / "link", tmp_path / "open", good], PRIVATE) == good
    with pytest.raises(ConfigurationError, match="remove them"):
        first_owned([tmp_path / "link"], PRIVATE)


def test_the_folder_for_sockets_has_a_short_path_and_belongs_to_us() -> None:
    folder = runtime_parent(0o711 if os.geteuid() == 0 else PRIVATE)
    assert len(str(folder)) < 40
    assert folder.stat().st_uid == os.geteuid()


def test_a_lock_is_held_once_and_freed_with_its_descriptor(tmp_path: Path) -> None:
    first = try_lock(tmp_path / "lock")
    assert first is not None
    assert try_lock(tmp_path / "lock") is None
    os.close(first)
    second = try_lock(tmp_path / "lock")
    assert second is not None
    os.close(second)


def test_passwords_are_merged_and_stay_private(tmp_path: Path) -> None:
    folder = prepare_data_dir(tmp_path / "store")
    assert read_passwords(folder) == {}
    keep_passwords(folder, {"postgres": "a"})
    assert keep_passwords(folder, {"app": "b"}) == {"postgres": "a", "app": "b"}
    assert read_passwords(folder) == {"postgres": "a", "app": "b"}
    assert stat.S_IMODE((folder / "secrets" / "database.json").stat().st_mode) == 0o600
    assert [path.name for path in (folder / "secrets").iterdir()] == ["database.json"]


def test_passwords_kept_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    folder = prepare_data_dir(tmp_path / "store")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: keep_passwords(folder, {f"role{n}": new_password()}), range(24)))
    assert len(read_passwords(folder)) == 24


@pytest.mark.parametrize("content", [b"{", b"[]", json.dumps({"app": 1}).encode()])
def test_a_damaged_password_file_is_told(tmp_path: Path, content: bytes) -> None:
    folder = prepare_data_dir(tmp_path / "store")
    (folder / "secrets" / "database.json").write_bytes(content)
    with pytest.raises(ConfigurationError, match="damaged"):
        read_passwords(folder)


@pytest.mark.parametrize("mode", [0o777, 0o750, 0o701])
def test_a_folder_of_secrets_that_is_open_to_others_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    folder = prepare_data_dir(tmp_path / "my store")
    (folder / "secrets").chmod(mode)
    with pytest.raises(ConfigurationError, match=r"chmod 700 '.*my store/secrets'"):
        prepare_data_dir(folder)
    (folder / "secrets").chmod(0o700)
    prepare_data_dir(folder)


def test_a_folder_of_copied_backups_is_refused_with_the_remedy(tmp_path: Path) -> None:
    folder = tmp_path / "restored"
    (folder / "backups").mkdir(parents=True)
    folder.chmod(0o755)
    with pytest.raises(ConfigurationError, match=f"chmod 700 {folder}"):
        prepare_data_dir(folder)
    folder.chmod(0o700)
    prepare_data_dir(folder)
