"""What doctor finds, in words of each language."""

import re
from dataclasses import replace
from pathlib import Path

import governance
from governance.audit.errors import AuditBrokenError, AuditRollbackError, SigningKeyChangedError, SigningKeyError
from governance.console.place import EXTENSION
from governance.console.words_health import said, sayings
from governance.custody.findings import Finding, Level

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
