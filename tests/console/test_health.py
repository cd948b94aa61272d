"""What doctor finds, in words of each language."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import governance
from governance.audit.errors import AuditBrokenError, AuditRollbackError, SigningKeyChangedError, SigningKeyError
from governance.audit.outside import Outside, Watch
from governance.console.place import EXTENSION
from governance.console.words_health import said, sayings
from governance.custody.findings import Finding, Level
from governance.kernel.errors import Sentence

FOUND = [
    Finding("audit-backlog", Level.WARNING, "4 entries wait.", "Start it", {"count": "4"}),
    Finding("open-to-others", Level.FAILING, "x can be reached", "chmod", {"path": "/srv/data/secrets"}),
    Finding("backup-overdue", Level.WARNING, "The last backup is old.", "governance backup", {"day": "1.11."}),
    Finding("keyring", Level.FAILING, "The keyring is damaged.", "Do what it says"),
]
NO_PAGE = {"database-missing", "database-unreachable", "schema-outdated", "store-closed"}
"""Codes that no page can show, since the store does not open."""
ALARMS = {one.slug for one in (AuditBrokenError, AuditRollbackError, SigningKeyChangedError, SigningKeyError)}
"""Codes of doctor that are those of refusals."""


def test_every_finding_has_words_and_names_what_its_sentence_names(door) -> None:
    root = Path(governance.__file__).parent
    sources = [one.read_text("utf-8") for one in root.rglob("*.py")]
    codes = {code for source in sources for code in re.findall(r'Finding\(\s*"([a-z-]+)"', source)}
    with door.test_request_context("/console/health?lang=ru"):
        for code in sorted(codes - NO_PAGE | ALARMS):
            values = dict.fromkeys(["count", "what", "places", "name", "day", "task", "path", "address", "webhook",
                                    "language", "code", "percent"], "7")  # fmt: skip
            assert said(Finding(code, Level.WARNING, "", "", values), sayings())[0], code


def test_an_alarm_of_the_log_tells_its_particulars_in_the_language_of_its_reader(
    desks, door, monkeypatch, tmp_path
) -> None:
    outside, at = Outside(tmp_path), datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    told = Sentence("Tile %(tile)s of audit tree %(tree)s is missing.", {"tile": "0/3", "tree": 1})
    outside.raise_alarm(AuditBrokenError.slug, told, at=at)
    outside.raise_alarm(AuditBrokenError.slug, "A sentence of an older release.", at=at, by=Watch.SEQUENCER)
    found = [Finding(one.slug, Level.FAILING, one.detail, "", {"since": one.since}, one.sentence())
             for one in outside.alarms()]  # fmt: skip
    monkeypatch.setitem(door.extensions, EXTENSION, replace(door.extensions[EXTENSION], examine=lambda: found))
    desk = desks("officer")
    russian, ukrainian, english = (desk.get(f"/console/health?lang={one}").text for one in ("ru", "uk", "en"))
    assert re.search(r"<p>С 20 нояб\. 2026.{0,6}, 1\d:30:00: Нет плитки 0/3 дерева журнала 1\.</p>", russian)
    assert re.search(r"<p>З 20 лист\. 2026.{0,6}, 1\d:30:00: Немає плитки 0/3 дерева журналу 1\.</p>", ukrainian)
    assert "older release" not in russian
    assert english.count("Tile 0/3 of audit tree 1 is missing.") == 1


def test_health_speaks_the_language_of_its_reader(desks, door, monkeypatch) -> None:
    desk = desks("officer")
    monkeypatch.setitem(door.extensions, EXTENSION, replace(door.extensions[EXTENSION], examine=lambda: FOUND))
    russian, ukrainian, english = (desk.get(f"/console/health?lang={one}").text for one in ("ru", "uk", "en"))
    assert "Записей журнала, которые ждут своего места: 4." in russian
    assert "chmod go= /srv/data/secrets" in russian
    assert "Остання резервна копія від 1.11." in ukrainian
    assert "В’язки ключів немає або її пошкоджено." in ukrainian
    assert '<strong lang="en">The keyring is damaged.</strong>' in english
    assert "Entries of the log wait for their place: 4." in english
