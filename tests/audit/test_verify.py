"""The offline verifier: what a forger or an accident may do to an export, and which step finds it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_scales import reader as third_party_reader
from tlog_scales import signing as third_party_signing
from tlog_scales import tiles as third_party_tiles
from tlog_scales.backend import LocalBackend

from governance.audit import merkle, notes, verify
from tests.audit.publishing import KEY, ORIGIN, VKEY, checkpoint, entries, publish, tree, write

SIZE = 1000
KEPT_SIZE = 700


@pytest.fixture
def given() -> list[bytes]:
    return entries(SIZE)


@pytest.fixture(scope="module")
def kept() -> bytes:
    return checkpoint(entries(KEPT_SIZE))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    publish(folder, entries(SIZE), earlier=(100, 300, 512, 999))
    return folder


@pytest.fixture
def directory(tmp_path: Path, published: Path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "export"))


def judge(directory: Path, kept: bytes | None) -> verify.Report:
    return verify.verify_export(directory, kept=kept, vkey=VKEY)


def steps(report: verify.Report) -> set[int]:
    return {found.step for found in report.findings}


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 1000, 65536, 65793])
def test_an_untouched_export_is_whole(tmp_path: Path, size: int):
    given = entries(size)
    publish(tmp_path, given, earlier=[mark for mark in (0, 1, 256, 300, 512) if mark <= size])
    report = judge(tmp_path, checkpoint(given[: size // 2]))
    assert report.whole, report.findings
    assert (report.size, report.verified, report.pruned) == (size, size, 0)


def test_an_edited_entry_is_named_by_its_number(directory: Path, given: list[bytes], kept: bytes):
    given[300] = given[300].replace(b"entry-300", b"entry-3OO")
    write(directory / "tile/entries/001", merkle.write_bundle(given[256:512]))
    report = judge(directory, kept)
    assert steps(report) == {4}
    assert report.findings[0].seq == 300


def test_an_entry_edited_with_its_tile_breaks_the_tiles_above_and_the_roots(
    directory: Path, given: list[bytes], kept: bytes
):
    given[300] = b"forged"
    group = given[256:512]
    write(directory / "tile/entries/001", merkle.write_bundle(group))
    write(directory / "tile/0/001", b"".join(map(merkle.leaf_hash, group)))
    assert steps(judge(directory, kept)) == {5, 6}


def test_an_entry_edited_with_all_hashes_breaks_every_later_checkpoint(
    directory: Path, given: list[bytes], kept: bytes
):
    honest = (directory / "checkpoint").read_bytes()
    given[300] = b"forged"
    publish(directory, given)
    write(directory / "checkpoint", honest)
    report = judge(directory, kept)
    assert steps(report) == {6}
    assert {found.what.split(" states")[0] for found in report.findings} == {
        "the kept checkpoint", "the export's checkpoint", "checkpoints/512", "checkpoints/999",
    }  # fmt: skip


def test_a_forger_who_also_holds_the_key_is_caught_by_the_kept_checkpoint_alone(
    tmp_path: Path, given: list[bytes], kept: bytes
):
    given[300] = b"forged"
    publish(tmp_path, given)
    assert judge(tmp_path, None).whole
    report = judge(tmp_path, kept)
    assert [found.what.split(" states")[0] for found in report.findings] == ["the kept checkpoint"]


@pytest.mark.parametrize("seq", [0, 255, 256, 500, 998])
def test_an_entry_removed_from_the_middle_is_found(directory: Path, given: list[bytes], kept: bytes, seq: int):
    first = seq - seq % 256
    group = given[first : first + 256]
    del group[seq - first]
    write(directory / merkle.tile_path(None, first // 256, len(given[first : first + 256])), merkle.write_bundle(group))
    report = judge(directory, kept)
    assert steps(report) == {4}
    assert report.findings[0].seq == seq


def test_two_entries_that_changed_places_are_found(directory: Path, given: list[bytes], kept: bytes):
    given[10], given[11] = given[11], given[10]
    write(directory / "tile/entries/000", merkle.write_bundle(given[:256]))
    assert judge(directory, kept).findings[0].seq == 10


def test_a_truncated_log_is_smaller_than_the_kept_checkpoint(tmp_path: Path, given: list[bytes], kept: bytes):
    publish(tmp_path, given[: KEPT_SIZE - 1])
    report = judge(tmp_path, kept)
    assert steps(report) == {3}
    assert report.findings[0].seq == KEPT_SIZE - 1


def test_a_log_of_another_key_is_not_the_kept_one(tmp_path: Path, given: list[bytes], kept: bytes):
    publish(tmp_path, given)
    write(tmp_path / "checkpoint", checkpoint(given, Ed25519PrivateKey.generate()))
    assert steps(judge(tmp_path, kept)) == {2}


def test_a_log_of_another_name_is_not_the_kept_one(tmp_path: Path, given: list[bytes], kept: bytes):
    publish(tmp_path, given)
    write(tmp_path / "checkpoint", checkpoint(given, KEY, "governance.example/new"))
    assert steps(judge(tmp_path, kept)) == {2}


def test_a_missing_bundle_is_found_and_is_no_pruned_part(directory: Path, kept: bytes):
    (directory / "tile/entries/002").unlink()
    report = judge(directory, kept)
    assert [(found.step, found.seq) for found in report.findings] == [(4, 512)]


def test_a_missing_tile_is_found_while_entries_still_make_the_tree(directory: Path, kept: bytes):
    (directory / "tile/0/001").unlink()
    report = judge(directory, kept)
    assert [(found.step, found.seq) for found in report.findings] == [(4, 256)]


def test_a_tile_missing_with_its_entries_ends_the_reading(directory: Path, kept: bytes):
    (directory / "tile/0/001").unlink()
    (directory / "tile/entries/001").unlink()
    report = judge(directory, kept)
    assert not report.whole
    assert report.verified == 256


@pytest.mark.parametrize("path", ["tile/1/000.p/3", "tile/0/003.p/232"])
def test_a_changed_partial_tile_is_found(directory: Path, kept: bytes, path: str):
    content = bytearray((directory / path).read_bytes())
    content[40] ^= 1
    write(directory / path, bytes(content))
    assert not judge(directory, kept).whole


def test_a_bundle_that_breaks_off_within_an_entry_is_found(directory: Path, kept: bytes):
    bundle = (directory / "tile/entries/001").read_bytes()
    write(directory / "tile/entries/001", bundle[:-1])
    report = judge(directory, kept)
    assert [(found.step, found.seq) for found in report.findings] == [(4, 511)]


def test_a_pruned_prefix_is_verified_by_hashes_and_kept_entries_by_bytes(tmp_path: Path, given: list[bytes]):
    given[600] = b'{"action":"audit:bodies:dropped","facts":{"class":"read"}}'
    kept = publish(tmp_path, given, pruned=512)
    lines = [json.dumps({"seq": seq, "entry": given[seq].decode()}) for seq in (3, 255, 256, 511)]
    write(tmp_path / "kept.jsonl", "\n".join(lines).encode())
    report = judge(tmp_path, kept)
    assert report.whole, report.findings
    assert (report.verified, report.pruned) == (SIZE - 512 + 4, 508)
    write(tmp_path / "kept.jsonl", "\n".join(lines).replace("entry-256", "entry-999").encode())
    assert [found.seq for found in judge(tmp_path, kept).findings] == [256]
    write(tmp_path / "kept.jsonl", b"{not json")
    assert not judge(tmp_path, kept).whole


def test_a_pruned_prefix_that_no_entry_tells_of_is_found(tmp_path: Path, given: list[bytes]):
    kept = publish(tmp_path, given, pruned=512)
    assert [(found.step, found.seq) for found in judge(tmp_path, kept).findings] == [(4, None)]


def test_without_key_and_checkpoint_of_ones_own_the_report_says_what_that_is_worth(directory: Path):
    report = verify.verify_export(directory)
    assert report.whole
    assert len(report.notices) == 2


def test_an_empty_folder_is_not_whole(tmp_path: Path):
    assert steps(verify.verify_export(tmp_path)) == {1}
    write(tmp_path / "vkey", VKEY.encode())
    assert not verify.verify_export(tmp_path).whole


def test_the_verifier_runs_by_itself_without_a_database_or_any_other_room(directory: Path, tmp_path: Path, kept: bytes):
    write(tmp_path / "kept", kept)
    write(tmp_path / "key", VKEY.encode())
    run = subprocess.run(
        [sys.executable, "-m", "governance.audit.verify", str(directory), "--checkpoint", str(tmp_path / "kept"),
         "--vkey", str(tmp_path / "key")],
        capture_output=True, text=True, check=False, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert (run.returncode, run.stdout.splitlines()[-1]) == (0, "WHOLE"), run.stdout + run.stderr
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, governance.audit.verify; print(sorted(sys.modules))"],
        capture_output=True, text=True, check=True, cwd=Path(__file__).resolve().parents[2],
    ).stdout  # fmt: skip
    assert "'governance.audit.merkle'" in loaded
    for foreign in ("sqlalchemy", "psycopg", "governance.kernel", "governance.audit.operations"):
        assert f"'{foreign}" not in loaded


def test_the_command_answers_with_its_exit_code(directory: Path, tmp_path: Path, kept: bytes, capsys):
    write(tmp_path / "kept", kept)
    write(directory / "tile/entries/001", b"")
    assert verify.main([str(directory), "--checkpoint", str(tmp_path / "kept")]) == 1
    assert "NOT WHOLE" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        verify.main([str(directory), "--checkpoint", str(tmp_path / "nothing")])
    assert stopped.value.code == 2


def test_an_independent_implementation_accepts_what_we_publish(directory: Path, given: list[bytes]):
    log = third_party_reader.TilesReader(LocalBackend(directory))
    signed = log.get_checkpoint()
    signed.verify(third_party_signing.Vkey.from_string(VKEY))
    assert (signed.origin, signed.size) == (ORIGIN, SIZE)
    assert log.calculate_root_hash() == signed.root_hash
    for seq in (0, 255, 256, 767, 768, 999):
        assert log.get_entry(seq) == given[seq]
        proof = log.get_inclusion_proof(seq, SIZE)
        proof.check(third_party_tiles.leaf_hash(given[seq]), signed.root_hash)


def test_an_independent_implementation_makes_the_same_proofs(directory: Path, given: list[bytes]):
    log = third_party_reader.TilesReader(LocalBackend(directory))
    root = log.get_checkpoint().root_hash
    edge, tiles = tree(given)
    full = {(tile.level, tile.index): tile.hashes for tile in tiles}
    node = merkle.nodes_from_tiles(SIZE, lambda level, index, width: full.get((level, index)) or edge.row(level))
    for seq in (0, 255, 256, 999):
        assert merkle.inclusion_proof(seq, SIZE, node) == log.get_inclusion_proof(seq, SIZE).node_hashes
    for size in (1, 255, 256, 300, 512, 999):
        theirs = log.get_consistency_proof(size, SIZE)
        assert merkle.consistency_proof(size, SIZE, node) == theirs.node_hashes
        theirs.check(tree(given[:size])[0].root(), root)


def test_an_independent_implementation_signs_checkpoints_that_we_accept():
    signer = third_party_signing.PlainEd25519Signer(ORIGIN, KEY)
    assert signer.vkey.serialize() == VKEY
    from_us = notes.open_checkpoint(checkpoint(entries(5)), notes.Verifier.parse(signer.vkey.serialize()))
    assert from_us.size == 5
