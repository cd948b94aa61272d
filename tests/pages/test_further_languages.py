"""A further language is a folder that the operator adds: written and checked by commands, shown by pages and mails."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from governance.consent.drafts import frames
from governance.custody.tongues import take_up_languages
from governance.kernel import packs
from governance.kernel.errors import InvalidError, NotFoundError
from governance.messages.texts import Template, language_of, render
from governance.pages.completeness import check_language, language_findings
from governance.pages.languages import ALL, catalogue
from governance.pages.skeletons import write_skeleton
from governance.policies import shipped
from tests.messages.test_texts import VALUES

WORDS = {
    "Settings": "Ustawienia",
    "Laws": "Prawa",
    "At most %(num)s characters.": "Najwyżej %(num)s znaków.",
    "%(num)d working day": ("%(num)d dzień roboczy", "%(num)d dni robocze", "%(num)d dni roboczych"),
    "The link works for %(num)d day.": (
        "Link działa %(num)d dzień.",
        "Link działa %(num)d dni.",
        "Link działa %(num)d dni.",
    ),
    "calendar %(calendar)s": "kalendarz %(kalendarz)s",
    "%(num)d month": ("%(num)d miesiąc", "", ""),
}
"""The last two cannot be shown: one fills in something else, one lacks forms of numbers."""


@pytest.fixture(scope="module")
def polish(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a language that is begun."""
    data_dir = tmp_path_factory.mktemp("data")
    folder = write_skeleton(data_dir, code="pl")
    for face in ("console", "portal"):
        place = folder / f"{face}.po"
        with place.open("rb") as source:
            read = read_po(source, locale="pl")
        translate(read)
        with place.open("wb") as target:
            write_po(target, read, width=0)
    titles = yaml.safe_load((folder / "titles.yaml").read_text("utf-8"))
    titles["Compliance officer"] = "Inspektor ochrony danych"
    (folder / "titles.yaml").write_text(yaml.safe_dump(titles, allow_unicode=True), "utf-8")
    code = folder / "messages" / "portal_code.txt"
    code.write_text(code.read_text("utf-8").replace("Hello,", "Dzień dobry,"), "utf-8")
    broken = folder / "messages" / "confirm_subscription.txt"
    broken.write_text(broken.read_text("utf-8").replace("{{ link }}", ""), "utf-8")
    notices = folder / "notices.yaml"
    notices.write_text(notices.read_text("utf-8").replace("Privacy notice", "Polityka prywatności"), "utf-8")
    return data_dir


def translate(read: Catalog) -> None:
    for message in read:
        first = message.id[0] if isinstance(message.id, tuple) else message.id
        if first in WORDS:
            message.string = WORDS[first]


@pytest.fixture
def taken_up(polish: Path) -> Iterator[Path]:
    """The same, taken up by this process."""
    take_up_languages(polish)
    yield polish
    take_up_languages(polish / "none")


def test_a_skeleton_is_named_holds_all_that_is_to_be_said_and_keeps_what_was_translated(polish: Path) -> None:
    assert {code: one.name for code, one in packs.found_in(polish).items()} == {"pl": "Polski"}
    before = (polish / "languages" / "pl" / "console.po").read_text("utf-8")
    write_skeleton(polish, code="pl")
    after = (polish / "languages" / "pl" / "console.po").read_text("utf-8")
    assert "Ustawienia" in before
    assert "Ustawienia" in after
    with pytest.raises(InvalidError):
        write_skeleton(polish, code="ru")
    with pytest.raises(InvalidError):
        write_skeleton(polish, code="qqq")


def test_a_check_names_what_is_missing_and_what_cannot_be_shown(polish: Path) -> None:
    parts = {one.file: one for one in check_language(polish, code="pl").parts}
    assert any(one.startswith("calendar %(calendar)s") for one in parts["console.po"].broken)
    assert any(one.startswith("%(num)d month") for one in parts["console.po"].broken)
    assert "Health" in parts["console.po"].missing
    assert [one.split(":")[0] for one in parts["messages/"].broken] == ["confirm_subscription"]
    assert "portal_code" not in parts["messages/"].missing
    assert parts["notices.yaml"].missing == ("consent",)
    assert {one.code for one in language_findings(polish)} == {"language-broken", "language-incomplete"}
    with pytest.raises(NotFoundError):
        check_language(polish, code="de")


def test_words_are_taken_from_the_folder_and_english_stands_for_what_it_lacks(taken_up: Path) -> None:
    said = catalogue("pl", ALL)
    assert said.ugettext("Settings") == "Ustawienia"
    assert said.ugettext("Health") == "Health"
    assert said.ugettext("calendar %(calendar)s") == "calendar %(calendar)s"
    forms = [said.ungettext("%(num)d working day", "%(num)d working days", one) for one in (1, 3, 7)]
    assert [one.split()[-1] for one in forms] == ["roboczy", "robocze", "roboczych"]
    assert said.ungettext("%(num)d month", "%(num)d months", 2) == "%(num)d months"
    assert shipped.roles().roles["officer"].titles.get("pl") == "Inspektor ochrony danych"
    assert shipped.roles().roles["auditor"].titles.get("pl") == "Auditor"


def test_mails_and_notices_are_written_in_it(taken_up: Path) -> None:
    assert language_of("pl-PL") == "pl"
    code = render(Template.PORTAL_CODE, "pl", VALUES)
    assert "Dzień dobry," in code.text
    assert 'lang="pl"' in code.html
    broken = render(Template.CONFIRM_SUBSCRIPTION, "pl", VALUES)
    assert "https://privacy.example.org/x" in broken.text
    assert 'lang="en"' in broken.html
    assert frames()["pl"].privacy.title == "Polityka prywatności"


def test_nothing_is_left_of_it_once_the_folder_is_gone(polish: Path) -> None:
    take_up_languages(polish)
    take_up_languages(polish / "none")
    assert list(packs.names()) == ["en", "ru", "uk"]
    assert language_of("pl") == "en"
