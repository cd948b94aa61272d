"""Exports: whole or not at all, resumed, extended, and accepted by an implementation that is not ours."""

from pathlib import Path

import pytest
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tiles import leaf_hash

from governance.audit import exporting, verify
from governance.audit import operations as audit
from governance.audit.entries import decode
from governance.audit.errors import NotYetProvableError
from governance.audit.exporting import Exported
from governance.kernel.clock import FixedClock
from governance.kernel.errors import ConflictError
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from tests.audit.conftest import Log


def export(log: Log, directory: Path, **options: int) -> Exported:
    with open_work(log.database, SYSTEM, clock=FixedClock(log.now)) as work:
        key = log.key.public_key().public_bytes_raw()
        return audit.export(work, directory=directory, outside=log.outside, public_key=key, **options)  # type: ignore[arg-type]


def judge(log: Log, directory: Path) -> verify.Report:
    return verify.verify_export(directory, kept=log.outside.last(), vkey=log.outside.vkey())


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("size", [1, 256, 600])
def test_an_export_holds_every_entry_and_an_independent_implementation_accepts_it(log: Log, tmp_path: Path, size: int):
    log.grow(size)
    exported = export(log, tmp_path / "out")
    assert (exported.size, exported.pruned, exported.kept, exported.damaged) == (size, 0, 0, ())
    assert judge(log, tmp_path / "out").verified == size
    theirs = TilesReader(LocalBackend(tmp_path / "out"))
    checkpoint = theirs.get_checkpoint()
    checkpoint.verify(Vkey.from_string((tmp_path / "out/vkey").read_text().strip()))
    assert theirs.calculate_root_hash() == checkpoint.root_hash
    for seq in {0, size // 2, size - 1}:
        entry = theirs.get_entry(seq)
        assert decode(entry).eid == log.eids[seq]
        theirs.get_inclusion_proof(seq, size).check(leaf_hash(entry), checkpoint.root_hash)


def test_a_later_export_into_the_same_folder_adds_what_is_new_and_continues_the_earlier_one(log: Log, tmp_path: Path):
    log.grow(300)
    export(log, tmp_path / "out")
    first = TilesReader(LocalBackend(tmp_path / "out")).get_checkpoint()
    full = {path: content for path, content in contents(tmp_path / "out").items() if path == "tile/entries/000"}
    log.sequence()
    log.grow(300)
    exported = export(log, tmp_path / "out")
    assert exported.size == 601  # the first export told of itself
    assert judge(log, tmp_path / "out").whole
    assert contents(tmp_path / "out").items() >= full.items()
    theirs = TilesReader(LocalBackend(tmp_path / "out"))
    second = theirs.get_checkpoint()
    theirs.get_consistency_proof(first.size, second.size).check(first.root_hash, second.root_hash)


def test_an_interrupted_export_goes_on_where_it_was(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log.grow(1500)
    written: list[str] = []

    def write(directory: Path, name: str, content: bytes) -> None:
        if name == "tile/entries/003":
            raise KeyboardInterrupt
        written.append(name)
        original(directory, name, content)

    original = exporting._write
    monkeypatch.setattr(exporting, "_write", write)
    with pytest.raises(KeyboardInterrupt):
        export(log, tmp_path / "out")
    assert not (tmp_path / "out/checkpoint").exists()
    assert not judge(log, tmp_path / "out").whole
    monkeypatch.setattr(exporting, "_write", lambda *told: (written.append(told[1]), original(*told)))
    written.clear()
    export(log, tmp_path / "out")
    assert judge(log, tmp_path / "out").whole
    assert [name for name in written if "entries" in name] == [f"tile/entries/00{n}" for n in (3, 4)] + [
        "tile/entries/005.p/220"
    ]
    assert [name for name in written if name.startswith("tile/0/0")] == ["tile/0/005.p/220"]
    assert [path for path in contents(tmp_path / "out") if path.rpartition("/")[2].startswith(".")] == []


def test_a_file_that_a_loss_of_power_left_empty_is_written_again(log: Log, tmp_path: Path):
    log.grow(600)
    export(log, tmp_path / "out")
    for name in ("tile/entries/001", "tile/0/001"):
        (tmp_path / "out" / name).write_bytes(b"")
    export(log, tmp_path / "out")
    assert judge(log, tmp_path / "out").whole


def test_nothing_is_exported_before_a_checkpoint_or_into_the_export_of_another_log(log: Log, tmp_path: Path):
    log.append(3)
    log.sequence()
    with pytest.raises(NotYetProvableError):
        export(log, tmp_path / "out")
    log.sign()
    export(log, tmp_path / "out")
    log.signer.open_tree(OPERATOR, clock=FixedClock(log.now))
    log.sign()
    with pytest.raises(ConflictError):
        export(log, tmp_path / "out")
    assert export(log, tmp_path / "new").origin != export(log, tmp_path / "out", tree_id=1).origin


def test_exporting_is_told_in_the_trail_and_shows_its_progress(log: Log, tmp_path: Path):
    log.grow(600)
    seen: list[tuple[int, int]] = []
    with open_work(log.database, SYSTEM, clock=FixedClock(log.now)) as work:
        audit.export(
            work, directory=tmp_path / "out", outside=log.outside,
            public_key=log.key.public_key().public_bytes_raw(),
            progress=lambda done, total: seen.append((done, total)),
        )  # fmt: skip
    assert seen == [(256, 600), (512, 600), (600, 600)]
    assert log.ask("SELECT count(*) FROM audit_body WHERE action = 'audit:trail:exported'") == [(1,)]
    assert contents(tmp_path / "out").keys() >= {"checkpoint", "vkey", "tile/0/000", "tile/1/000.p/2"}


def test_the_last_checkpoint_of_each_day_goes_along(log: Log, tmp_path: Path):
    log.grow(1)
    log.grow(1)
    log.as_superuser(
        "ALTER TABLE audit_checkpoint DISABLE TRIGGER ALL",
        "UPDATE audit_checkpoint SET at = at - interval '1 day'",
    )
    log.grow(1)
    log.grow(1)
    export(log, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out/checkpoints").iterdir()) == ["2", "3"]
    assert judge(log, tmp_path / "out").whole
