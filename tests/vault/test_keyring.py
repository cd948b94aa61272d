"""The keyring file: never overwritten, never readable by others, never half written, and told apart from others."""

import json
import stat
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.vault import keyfile
from governance.vault.errors import KeyringError
from governance.vault.keyring import Keyring
from tests import forks
from tests.conftest import NOW


def test_a_new_keyring_is_readable_by_its_owner_only(keyring):
    assert stat.S_IMODE(keyring.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keyring.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602])
def test_a_keyring_open_to_others_is_refused_with_the_remedy(keyring, mode):
    keyring.path.chmod(mode)
    with pytest.raises(KeyringError, match="chmod 600"):
        Keyring(keyring.path)


def test_a_missing_keyring_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(KeyringError, match="recovery sheet"):
        Keyring(tmp_path / "nothing.json")


def test_a_keyring_is_never_overwritten(keyring):
    before = keyring.path.read_bytes()
    with pytest.raises(KeyringError, match="never overwritten"):
        Keyring.create(keyring.path, now=NOW)
    assert keyring.path.read_bytes() == before


def test_no_key_shows_in_a_representation(keyring):
    contents = keyfile.read(keyring.path)
    told = repr(contents) + repr(keyring) + repr(keyring.epochs()) + repr(keyring.index_roots())
    for held in (*contents.epochs, *contents.index_roots, *contents.backup_roots, *contents.ledger_roots):
        assert repr(held.key) not in told
        assert held.key.hex() not in told


def test_a_changed_key_is_noticed_by_its_check_value(keyring):
    document = json.loads(keyring.path.read_bytes())
    document["epochs"][0]["key"] = document["index_roots"][0]["key"]
    keyring.path.write_text(json.dumps(document))
    with pytest.raises(KeyringError, match="damaged"):
        Keyring(keyring.path)


def test_a_keyring_of_a_later_release_is_refused(keyring):
    document = json.loads(keyring.path.read_bytes()) | {"v": 2}
    keyring.path.write_text(json.dumps(document))
    with pytest.raises(KeyringError, match="version 2"):
        Keyring(keyring.path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["v", "id", "key", "epochs", "check"]), inner),
    max_leaves=8,
)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_no_keyring_is_refused_with_a_sentence(content):
    with pytest.raises(KeyringError):
        keyfile.decode(content, source="a file")


@given(st.sampled_from(["deployment", "epochs", "index_roots", "backup_roots", "ledger_roots"]), json_values)
def test_a_keyring_with_one_part_replaced_is_refused_with_a_sentence(part, value):
    whole = keyfile.Contents(
        deployment=UUID_,
        epochs=(keyfile.new_key("epoch", 1, NOW),),
        index_roots=(keyfile.new_key("index", 1, NOW),),
        backup_roots=(keyfile.new_key("backup", 1, NOW),),
        ledger_roots=(keyfile.new_key("ledger", 1, NOW),),
    )
    document = json.loads(keyfile.encode(whole)) | {part: value}
    with pytest.raises(KeyringError):
        keyfile.decode(json.dumps(document).encode(), source="a file")


UUID_ = keyfile.UUID("00000000-0000-4000-8000-000000000001")


def test_epochs_are_added_and_destroyed_on_disk(keyring):
    added = keyring.add_epoch(now=NOW)
    assert [epoch.id for epoch in Keyring(keyring.path).epochs()] == [1, 2]
    keyring.destroy_epoch(1)

    again = Keyring(keyring.path)
    assert again.epochs() == (added,)
    with pytest.raises(KeyringError, match="destroyed after rotation"):
        again.epoch_key(1)


def test_the_youngest_keys_cannot_be_destroyed(keyring):
    with pytest.raises(KeyringError):
        keyring.destroy_epoch(1)
    with pytest.raises(KeyringError):
        keyring.destroy_index_root(1)


def test_a_key_made_by_another_process_is_found_without_a_restart(keyring):
    here = Keyring(keyring.path)
    keyring.add_epoch(now=NOW)
    keyring.add_index_root(now=NOW)
    assert here.epoch_key(2) == keyring.epoch_key(2)
    assert Keyring(keyring.path).index_root(2) == here.index_root(2)


def test_a_key_destroyed_by_another_process_is_forgotten_here_as_well(keyring):
    here = Keyring(keyring.path)
    here.refresh()
    keyring.add_epoch(now=NOW)
    keyring.destroy_epoch(1)

    here.refresh()

    assert [epoch.id for epoch in here.epochs()] == [2]


def test_processes_that_add_keys_at_once_lose_none(keyring):
    program = (
        "import sys; from pathlib import Path; from datetime import UTC, datetime\n"
        "from governance.vault.keyring import Keyring\n"
        "ring = Keyring(Path(sys.argv[1]))\n"
        "for _ in range(10): print(ring.add_epoch(now=datetime.now(UTC)).check.hex())\n"
    )
    with ExitStack() as stack:
        outputs = [stack.enter_context(forks.piped("-c", program, str(keyring.path)))[1] for _ in range(3)]
        checks = {line.decode() for output in outputs for line in output.read().split()}

    standing = {epoch.check.hex() for epoch in Keyring(keyring.path).epochs()}
    assert len(checks) == 30
    assert checks <= standing


def test_what_a_killed_process_left_behind_is_cleared(keyring):
    draft = keyring.path.with_name(f".{keyring.path.name}.deadbeef")
    draft.write_bytes(keyring.export())
    keyring.add_epoch(now=NOW)
    assert not draft.exists()


@pytest.fixture
def younger(keyring, tmp_path: Path):
    """What the ring exports after a rotation of all that rotates, in which nothing was destroyed yet."""
    copy = tmp_path / "copy" / "keyring.json"
    Keyring.restore(copy, keyring.export(), now=NOW)
    ring = Keyring(copy)
    ring.add_epoch(now=NOW)
    ring.add_index_root(now=NOW)
    return ring


def _aside(ring) -> list[Path]:
    return sorted(path for path in ring.path.parent.iterdir() if ".replaced-" in path.name)


def test_an_older_or_damaged_ring_that_is_replaced_is_kept_aside(keyring, younger):
    before = keyring.path.read_bytes()

    Keyring.restore(keyring.path, younger.export(), now=NOW)
    keyring.path.write_bytes(b"{")
    Keyring.restore(keyring.path, younger.export(), now=NOW + timedelta(seconds=1))

    assert [path.read_bytes() for path in _aside(keyring)] == [before, b"{"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in _aside(keyring)} == {0o600}


def test_a_ring_with_younger_keys_is_not_replaced(keyring, younger):
    older, standing = keyring.export(), younger.path.read_bytes()
    with pytest.raises(KeyringError, match=r"holds epoch 2, index root 2.*keyring\.sealed"):
        Keyring.restore(younger.path, older, now=NOW)
    younger.destroy_epoch(1)
    with pytest.raises(KeyringError, match="epoch 2"):
        Keyring.restore(younger.path, older, now=NOW)
    assert younger.path.read_bytes() != standing
    assert _aside(younger) == []


def test_a_ring_of_another_store_is_not_replaced(keyring, tmp_path: Path):
    other = Keyring.create(tmp_path / "other" / "keyring.json", now=NOW)
    with pytest.raises(KeyringError, match="another store"):
        Keyring.restore(keyring.path, other.export(), now=NOW)
    assert _aside(keyring) == []


def test_a_replaced_ring_goes_once_nothing_in_it_is_needed(keyring, younger):
    Keyring.restore(keyring.path, younger.export(), now=NOW)
    ring = Keyring(keyring.path)
    ring.destroy_epoch(1)
    assert len(_aside(ring)) == 1

    assert ring.sweep() == 1

    assert _aside(ring) == []


def test_a_replaced_ring_with_younger_keys_or_of_another_store_is_left(keyring, younger, tmp_path: Path):
    other = Keyring.create(tmp_path / "other" / "keyring.json", now=NOW)
    for number, content in enumerate((younger.export(), other.export(), b"{")):
        keyring.path.with_name(f"keyring.json.replaced-{number}").write_bytes(content)
    assert keyring.sweep() == 0
    assert len(_aside(keyring)) == 3


def test_putting_back_the_same_ring_keeps_no_copy(keyring):
    Keyring.restore(keyring.path, keyring.export(), now=NOW)
    assert [path.name for path in keyring.path.parent.iterdir()] == ["keyring.json"]
