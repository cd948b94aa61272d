"""Why rows of a list are refused, in words of each language."""

import re
from pathlib import Path
from uuid import UUID

import governance.intake
from governance.console import words_refused
from governance.intake import operations as intake
from governance.kernel.ids import BatchId
from governance.kernel.work import OPERATOR
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form
from tests.console.test_imports import hand_over

LIST = "Name;Email\nАнна Смирнова;anna.smirnova.ru\n;\nОлег Белов;oleg@example.org\n"
FLAW = r'(?:Flaw\(|Refusal\(\s*"",)\s*f?"([^"]+)"'


def test_every_flaw_that_a_reader_finds_has_words(door) -> None:
    sources = [one.read_text("utf-8") for one in Path(governance.intake.__file__).parent.rglob("*.py")]
    codes = {code for source in sources for code in re.findall(FLAW, source)}
    assert "{list_name}-word" in codes
    codes = codes - {"{list_name}-word"} | {"country-word", "language-word"}
    with door.test_request_context("/console/imports"):
        assert set(words_refused.said()) == codes


def test_the_trial_and_the_file_of_refused_rows_speak_the_language_of_their_reader(desks, door, monkeypatch) -> None:
    desk, service = desks("steward"), service_of(door)
    monkeypatch.setitem(desk.environ_base, "HTTP_ACCEPT_LANGUAGE", "ru")
    tried = hand_over(desk, text=LIST)
    assert "Нет знака @; впишите адрес целиком" in tried.text
    begun = desk.post("/console/imports", data=Form(tried, "/trial").filled(), headers=ORIGIN)
    batch = BatchId(UUID(re.search(r"[0-9a-f-]{36}", begun.location)[0]))
    intake.resume(service.database, actor=OPERATOR, batch=batch)
    file = desk.get(f"/console/imports/{batch}/refused")
    lines = file.text.splitlines()
    assert lines[0].startswith("\ufeffстрока,взята,почему,Name")
    assert "Email: Нет знака @; впишите адрес целиком" in lines[1]
