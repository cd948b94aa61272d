"""The verbs of intake.

An entry point shows `dry_run`, asks for source and ground, calls `start`, and then `run_batch` (or lets the worker do
it: `resumable` lists what waits, `resume` takes it up). `undo_batch` takes an import back. Files are handed in as
seekable bytes: an upload as `BytesIO`, never as a temporary file in the clear. `purge_refused` is for the timetable.
"""

from governance.intake.batches import RefusedWords, batches, purge_refused, refused_csv, refused_rows, remarks, report
from governance.intake.claims import notices_told, read_notice
from governance.intake.duplicates import count_duplicates, duplicates, mark_apart
from governance.intake.duplicates_files import duplicates_in
from governance.intake.duplicates_store import find_duplicates
from governance.intake.headings import read_mapping
from governance.intake.merges import list_merges, merge, merge_surest, review_merge, undo_merge
from governance.intake.running import resumable, resume, run_batch, undo_batch
from governance.intake.sifting import ReasonWords, prove, sift
from governance.intake.snapshots import (
    askable_people,
    freshness_report,
    quality_report,
    take_snapshot,
    unverified_people,
)
from governance.intake.starting import brought_before, start
from governance.intake.stop_lists import stop_list
from governance.intake.trying import dry_run
from governance.intake.undoing import begin_undo, undone

__all__ = [
    "ReasonWords",
    "RefusedWords",
    "askable_people",
    "batches",
    "begin_undo",
    "brought_before",
    "count_duplicates",
    "dry_run",
    "duplicates",
    "duplicates_in",
    "find_duplicates",
    "freshness_report",
    "list_merges",
    "mark_apart",
    "merge",
    "merge_surest",
    "notices_told",
    "prove",
    "purge_refused",
    "quality_report",
    "read_mapping",
    "read_notice",
    "refused_csv",
    "refused_rows",
    "remarks",
    "report",
    "resumable",
    "resume",
    "review_merge",
    "run_batch",
    "sift",
    "start",
    "stop_list",
    "take_snapshot",
    "undo_batch",
    "undo_merge",
    "undone",
    "unverified_people",
]
