"""Verify an exported audit log offline: `python -m governance.audit.verify DIR --checkpoint FILE --vkey FILE`.

Needs the export, a checkpoint and the key that were kept elsewhere; no database, and of this project nothing but
`merkle` and `notes`. The steps, and what each detects:

1. The verifier key is read. (One that lies in the export shows damage, not forgery: a forger forges it as well.)
2. All checkpoints are signed by this key and of one log: a log under another name or key.
3. The export is not smaller than the kept checkpoint: a truncated tail, a shorter log, an old backup.
4. Every entry hashes to its place in the tree: an edited, reordered, inserted or removed entry, by its number.
5. Every tile is made of the tiles below it: hashes that were edited without care.
6. The tree has the root of each checkpoint (of the export, kept, earlier) at its size: entries changed together with
   all hashes; the first checkpoint that fails tells between which two sizes.

Not detected: a log forged by one who also holds the signing key, where no checkpoint was kept out of their reach.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from governance.audit import merkle, notes

MAX_FINDINGS = 20
OWN_CHECKPOINT = "the export's checkpoint"
NEWER = (
    "The tail was cut off, or an older or shorter log was put in its place; or the export was simply made before this "
    "checkpoint was signed: export again, and if it still falls short, entries are gone."
)
OTHER_LOG = (
    "It is of another log (perhaps of an earlier tree, which is exported by its number), or was forged or damaged."
)
DROPPING = b'"action":"audit:bodies:dropped"'
"""What an entry holds that tells of bodies dropped by age; such entries are kept longest of all."""


@dataclass(frozen=True, slots=True)  # by the standard library, since whoever verifies needs nothing else
class Finding:
    """Something that is not as it must be.

    Attributes:
        step: which of the six steps found it.
        seq: number of the entry concerned (the first is 0), where one can be told.
        what: what is wrong.
        meaning: what must have happened for it to be so.
    """

    step: int
    seq: int | None
    what: str
    meaning: str


@dataclass(slots=True)
class Report:
    """The outcome of a verification.

    Attributes:
        origin, size, root: of the export's checkpoint, once it is known to be signed.
        verified: entries whose bytes were checked against the tree.
        pruned: entries whose bodies left the log by age; their hashes were checked.
        findings: the first differences; none means that the export is whole.
        notices: what an auditor should know though nothing is wrong.
    """

    origin: str = ""
    size: int = 0
    root: bytes = b""
    verified: int = 0
    pruned: int = 0
    findings: list[Finding] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def found(self, step: int, seq: int | None, what: str, meaning: str) -> None:
        """Add a finding, up to the limit."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(step, seq, what, meaning))


def verify_export(
    directory: Path,
    *,
    kept: bytes | None = None,
    vkey: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Verify the export in *directory*.

    Args:
        directory: an export in tlog-tiles layout.
        kept: a signed checkpoint that was kept elsewhere; without it a log replaced as a whole is not found out.
        vkey: the verifier key as it was kept elsewhere, or those of several trees, one a line; without it that of the
            export is taken.
        progress: told how many entries of how many are done.
    """
    report = Report()
    roots = _read_checkpoints(directory, kept, vkey, report)  # steps 1 to 3
    if roots is None:
        return report
    edge = merkle.Edge()
    marks = sorted(size for size in roots if size <= report.size)
    _check_root(edge, roots, report)
    for first, hashes in _checked_leaves(directory, report):  # step 4
        begin = 0
        for mark in [mark for mark in marks if first < mark < first + len(hashes) // merkle.HASH_BYTES]:
            _grow(directory, edge, hashes[begin : (mark - first) * merkle.HASH_BYTES], report)
            _check_root(edge, roots, report)
            begin = (mark - first) * merkle.HASH_BYTES
        _grow(directory, edge, hashes[begin:], report)  # step 5
        _check_root(edge, roots, report)  # step 6
        if progress is not None:
            progress(edge.size, report.size)
    _check_partial_tiles(directory, edge, report)
    return report


def _read_checkpoints(
    directory: Path, kept: bytes | None, vkey: str | None, report: Report
) -> dict[int, list[tuple[str, bytes]]] | None:
    """Steps 1 to 3: roots to be met, by size, each with the name of the checkpoint that states it."""
    try:
        checkpoints = list(_checkpoint_files(directory, kept))
        given = vkey if vkey is not None else (directory / "vkey").read_text("utf-8")
        verifier = _choose(given.split(), (directory / "checkpoint").read_bytes())
    except (OSError, ValueError) as error:
        report.found(1, None, f"the key or the checkpoint cannot be read: {error}", "The export is incomplete.")
        return None
    if vkey is None:
        report.notices.append(
            "The key is the export's own: this shows damage, not forgery. Give the one that was kept."
        )
    if kept is None:
        report.notices.append("No checkpoint was given: a log replaced as a whole would not be found out.")
    roots: dict[int, list[tuple[str, bytes]]] = {}
    for name, note in checkpoints:
        try:
            checkpoint = notes.open_checkpoint(note, verifier)
        except notes.NoteError as error:
            report.found(2, None, f"{name}: {error}", OTHER_LOG)
            continue
        roots.setdefault(checkpoint.size, []).append((name, checkpoint.root))
        if name == OWN_CHECKPOINT:
            report.origin, report.size, report.root = checkpoint.origin, checkpoint.size, checkpoint.root
    for size in sorted(size for size in roots if size > report.size and report.origin):
        what = f"{roots[size][0][0]} states {size} entries, the export has {report.size}"
        report.found(3, report.size, what, NEWER)
    return roots if report.origin else None


def _choose(vkeys: list[str], checkpoint: bytes) -> notes.Verifier:
    """The key of the export's log among those of several trees, as they were kept; a lone one is taken as it is."""
    verifiers = [notes.Verifier.parse(one) for one in vkeys]
    origin = notes.Checkpoint.parse_text(notes.Note.parse(checkpoint).text).origin
    found = verifiers if len(verifiers) == 1 else [one for one in verifiers if one.name == origin]
    if not found:
        raise notes.NoteError(f"none of the verifier keys is of {origin}")
    return found[0]


def _checkpoint_files(directory: Path, kept: bytes | None) -> Iterator[tuple[str, bytes]]:
    if kept is not None:
        yield "the kept checkpoint", kept
    yield OWN_CHECKPOINT, (directory / "checkpoint").read_bytes()
    for path in sorted((directory / "checkpoints").glob("*"), key=lambda path: path.name.zfill(20)):
        yield f"checkpoints/{path.name}", path.read_bytes()


def _checked_leaves(directory: Path, report: Report) -> Iterator[tuple[int, bytes]]:
    """Step 4: the leaf hashes of each level-0 tile, with the entries checked against them."""
    bodies = _Bodies(directory, report)
    for index in range(-(-report.size // merkle.TILE_WIDTH)):
        width = merkle.tile_width(report.size, 0, index)
        first = index * merkle.TILE_WIDTH
        stored = _read(directory, 0, index, width, width * merkle.HASH_BYTES)
        computed = bodies.hash_bundle(index, width)
        if stored is None:
            report.found(4, first, "a tile of hashes is missing or of a wrong length", "The export was cut or damaged.")
            stored = computed or b""
        elif computed is not None and computed != stored:
            _compare(stored, computed, first, report)
        bodies.check_kept(first, width, stored)
        if len(stored) != width * merkle.HASH_BYTES:
            return  # a hole in the tree: nothing after it can be placed
        yield first, stored
    bodies.judge_pruned()


class _Bodies:
    """The bytes of the entries: bundles, and behind the pruned part those that are still kept."""

    def __init__(self, directory: Path, report: Report) -> None:
        self._directory, self._report = directory, report
        self._begun = False
        self._dropping_told = False
        self._kept = _read_kept(directory / "kept.jsonl", report)
        self._next = next(self._kept, None)

    def hash_bundle(self, index: int, width: int) -> bytes | None:
        """The leaf hashes of a bundle; None where it is not there."""
        bundle = _read(self._directory, None, index, width)
        if bundle is None:
            if self._begun:
                meaning = "Entries were removed from the export or the log."
                self._report.found(4, index * merkle.TILE_WIDTH, "a bundle of entries is missing", meaning)
            else:
                self._report.pruned += width
            return None
        self._begun = True
        self._dropping_told = self._dropping_told or DROPPING in bundle
        hashes = _hash_bundle(bundle)
        self._report.verified += len(hashes) // merkle.HASH_BYTES
        return hashes

    def check_kept(self, first: int, width: int, stored: bytes) -> None:
        """Check the kept entries among *width* leaves from *first* on against their hashes."""
        while self._next is not None and self._next[0] < first + width:
            seq, entry = self._next
            self._report.verified += 1
            self._report.pruned -= 0 if self._begun else 1
            self._dropping_told = self._dropping_told or DROPPING in entry
            start = (seq - first) * merkle.HASH_BYTES
            if start < 0 or merkle.leaf_hash(entry) != stored[start : start + merkle.HASH_BYTES]:
                self._report.found(4, seq, "a kept entry is not the one in the tree", "The entry was edited.")
            self._next = next(self._kept, None)

    def judge_pruned(self) -> None:
        """Whether the log itself tells why bytes are missing."""
        pruned = self._report.pruned
        if pruned and not self._dropping_told:
            what = f"{pruned} entries are there by their hashes alone, and no entry tells of their dropping"
            self._report.found(4, None, what, "The bytes of entries were removed from the export or the log.")
        elif pruned:
            self._report.notices.append(f"{pruned} entries are there by their hashes alone; a dropping is told of.")


def _read_kept(path: Path, report: Report) -> Iterator[tuple[int, bytes]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                read = json.loads(line)
                yield int(read["seq"]), str(read["entry"]).encode()
            except (ValueError, KeyError, TypeError):
                report.found(4, None, "kept.jsonl has a line that cannot be read", "The export was damaged.")
                return


def _hash_bundle(bundle: bytes) -> bytes:
    """Leaf hashes of a bundle; what follows a break within an entry is left out."""
    hashes, at, end, digest = [], 0, len(bundle), sha256
    while at + 2 <= end:
        stop = at + 2 + (bundle[at] << 8 | bundle[at + 1])
        if stop > end:
            break
        hashes.append(digest(b"\x00" + bundle[at + 2 : stop]).digest())
        at = stop
    return b"".join(hashes)


def _compare(stored: bytes, computed: bytes, first: int, report: Report) -> None:
    """Name the first entry of a bundle that is not the one in the tree."""
    starts = range(0, max(len(stored), len(computed)), merkle.HASH_BYTES)
    at = next(at for at in starts if stored[at : at + merkle.HASH_BYTES] != computed[at : at + merkle.HASH_BYTES])
    meaning = "Entries were edited, moved, added or removed; where step 6 fails too, their hashes were."
    report.found(4, first + at // merkle.HASH_BYTES, "an entry is not the one in the tree", meaning)


def _grow(directory: Path, edge: merkle.Edge, hashes: bytes, report: Report) -> None:
    """Step 5: add leaf hashes and compare the tiles that this fills with those of the export."""
    for tile in edge.append(hashes):
        if tile.level and _read(directory, tile.level, tile.index, merkle.TILE_WIDTH) != tile.hashes:
            first = tile.index << merkle.TILE_HEIGHT * (tile.level + 1)
            what = f"{merkle.tile_path(tile.level, tile.index)} is not made of the tiles below it"
            report.found(5, first, what, "Hashes were edited, or entries and only some of their hashes.")


def _check_partial_tiles(directory: Path, edge: merkle.Edge, report: Report) -> None:
    """Step 5 for the tiles at the right edge, which are not full."""
    if edge.size != report.size:
        return
    for level, width in enumerate(merkle.partial_widths(edge.size)):
        index = edge.size >> merkle.TILE_HEIGHT * (level + 1)
        if level and width and _read(directory, level, index, width) != edge.row(level):
            what = f"{merkle.tile_path(level, index, width)} is not made of the tiles below it"
            report.found(5, index << merkle.TILE_HEIGHT * (level + 1), what, "Hashes were edited.")


def _check_root(edge: merkle.Edge, roots: dict[int, list[tuple[str, bytes]]], report: Report) -> None:
    """Step 6, at the sizes that some checkpoint speaks of."""
    for name, root in roots.get(edge.size, ()):
        if edge.root() != root:
            what = f"{name} states another root for the first {edge.size} entries"
            report.found(6, None, what, "Entries before that size were changed together with their hashes.")


def _read(directory: Path, level: int | None, index: int, width: int, length: int | None = None) -> bytes | None:
    """A tile or bundle; the full one, cut to *length*, where the partial one has given way to it."""
    try:
        return (directory / merkle.tile_path(level, index, width)).read_bytes()
    except OSError:
        if width == merkle.TILE_WIDTH or length is None:
            return None
    full = _read(directory, level, index, merkle.TILE_WIDTH)
    return full[:length] if full is not None else None


def main(arguments: list[str] | None = None) -> int:
    """Verify by the command line; exit code 0: whole, 1: not whole, 2: wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m governance.audit.verify", description="Verify an exported log.")
    parser.add_argument("directory", type=Path, help="folder of the export")
    parser.add_argument("--checkpoint", type=Path, required=True, help="a checkpoint that was kept elsewhere")
    parser.add_argument("--vkey", type=Path, help="the verifier key that was kept elsewhere")
    given = parser.parse_args(arguments)
    try:
        kept = given.checkpoint.read_bytes()
        vkey = given.vkey.read_text("utf-8") if given.vkey else None
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    report = verify_export(given.directory, kept=kept, vkey=vkey)
    sys.stdout.write(describe(report))
    return 0 if report.whole else 1


def describe(report: Report) -> str:
    """The report as lines for a person to read."""
    lines = [f"log      {report.origin or 'unknown'}", f"entries  {report.size}"]
    lines += [f"verified {report.verified} by their bytes, {report.pruned} by their hashes alone"]
    lines += [f"note     {notice}" for notice in report.notices]
    for found in report.findings:
        place = "" if found.seq is None else f" entry {found.seq}:"
        lines.append(f"step {found.step}:{place} {found.what}. {found.meaning}")
    lines.append("WHOLE" if report.whole else "NOT WHOLE")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
