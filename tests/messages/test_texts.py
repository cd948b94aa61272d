"""Every template is written in every language, and all of them name the same things."""

import re
from datetime import UTC, datetime

import pytest

from governance.kernel.errors import InvalidError
from governance.messages import texts
from governance.messages.demands import Fault, check_words, faults
from governance.messages.examples import example
from governance.messages.texts import LANGUAGES, SUBJECT, Template, language_of, names_in, render, shipped
from governance.messages.times import moment

VALUES: dict[str, str | int | list[str]] = {
    "controller": "Daisy <Ltd>\nX",
    "purposes": ["News", "Offers"],
    "link": "https://privacy.example.org/x",
    "days": 7,
    "kind": "release_hold",
    "proposal": "01a201e7-fb07-74a0-8e23-8405b24ffce9",
    "until": "2026-11-29 12:00 UTC",
    "token": "one-time",
    "code": "1234 5678",
    "minutes": 10,
    "alert": "01a201e7-fb07-74a0-8e23-8405b24ffce9",
    "at": "2026-11-22 12:00 UTC",
    "number": "R-23456789",
    "what": "access to your data",
    "received": "22 Nov 2026",
    "due": "22 Dec 2026",
    "office": "privacy@daisy.example",
    "authority": "Datatilsynet",
    "question": "Which account?",
    "reason": "Three archives",
    "ground": "excessive",
    "answer": "It is done.",
}


def names(template: Template, language: str) -> set[str]:
    source = (texts._HERE / f"{template.value}.{language}.txt").read_text("utf-8")
    assert source.startswith(SUBJECT)
    return set(names_in(source))


@pytest.mark.parametrize("template", Template)
def test_every_template_names_the_same_things_in_every_language(template: Template) -> None:
    assert {frozenset(names(template, language)) for language in LANGUAGES} == {frozenset(names(template, "en"))}


@pytest.mark.parametrize("template", Template)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_template_is_left_untranslated(template: Template, language: str) -> None:
    said = render(template, language, VALUES)

    assert (said.text == render(template, "en", VALUES).text) == (language == "en")
    assert "\n" not in said.subject
    assert f'lang="{language}"' in said.html


def test_a_code_shows_neither_in_a_subject_nor_where_a_notification_previews_the_mail() -> None:
    for language in LANGUAGES:
        said = render(Template.PORTAL_CODE, language, {**VALUES, "controller": "Daisy Ltd"})
        assert "1234" not in said.subject
        assert "1234" not in said.text[:100]
        assert "1234 5678" in said.text
        assert said.sms.startswith("1234 5678")
        assert "SMS" not in said.text


def test_a_code_to_be_read_out_does_not_say_that_it_must_never_be_told() -> None:
    for language, words in {"en": "Never tell it", "ru": "по телефону мы его не", "uk": "телефоном ми його не"}.items():
        said, typed = (
            render(one, language, {**VALUES, "controller": "Daisy Ltd"})
            for one in (Template.SPOKEN_CODE, Template.PORTAL_CODE)
        )
        assert (words in said.text, words in typed.text) == (False, True)
        assert "1234" not in said.subject
        assert said.sms.startswith("1234 5678")


def test_there_is_no_template_that_nothing_sends() -> None:
    files = {one.name for one in texts._HERE.iterdir()} - {"mail.html"}

    assert files == {f"{template.value}.{language}.txt" for template in Template for language in LANGUAGES}
    passages = {one.name for one in texts._PASSAGES.iterdir()}
    assert passages == {f"{name}.{language}.txt" for name in texts.PASSAGES for language in LANGUAGES}


@pytest.mark.parametrize("template", Template)
def test_words_that_are_shipped_have_what_words_must_have(template: Template) -> None:
    for language in LANGUAGES:
        assert faults(template, shipped(template, language)[0]) == [], language


def test_what_a_law_wants_said_and_what_opens_something_cannot_be_left_out() -> None:
    refused, confirm, code = (shipped(one, "en")[0] for one in CHANGED)
    wrong = [
        (CHANGED[0], refused.replace("{{ remedies }}", ""), Fault.MISSING),
        (CHANGED[0], refused.replace("{{ grounds }}", "no reason"), Fault.MISSING),
        (CHANGED[1], confirm.replace("{{ link }}", ""), Fault.MISSING),
        (CHANGED[1], confirm.replace("{{ link }}", "Press {{ link }} now"), Fault.LINK),
        (CHANGED[1], confirm.replace("{{ days }}", "{{ 7 * 7 }}"), Fault.BRACES),
        (CHANGED[1], confirm + "{% for x in y %}", Fault.BRACES),
        (CHANGED[1], confirm + "{{ password }}", Fault.UNKNOWN),
        (CHANGED[1], confirm.replace("Subject: ", ""), Fault.SUBJECT),
        (CHANGED[2], code.replace("Subject: Your", "Subject: {{ code }} is your"), Fault.SHOWN),
        (CHANGED[2], "\n".join(line for line in code.split("\n") if not line.startswith("SMS")), Fault.SMS),
        (CHANGED[2], code + "x" * 9000, Fault.LONG),
        (CHANGED[2], code + "\x07", Fault.CONTROL),
    ]
    for template, words, fault in wrong:
        assert fault in [one for one, _names in faults(template, words)], (template, fault)
        with pytest.raises(InvalidError):
            check_words(template, words)


CHANGED = (Template.REQUEST_REFUSED, Template.CONFIRM_SUBSCRIPTION, Template.PORTAL_CODE)


def test_a_paragraph_that_comes_out_empty_is_left_out() -> None:
    said = render(Template.REQUEST_COMPLETED, "en", {**VALUES, "answer": ""}).text

    assert "\n\n\n" not in said
    assert "authority (Datatilsynet)." in said


def test_names_in_values_are_not_filled_in_again() -> None:
    said = render(Template.REQUEST_REFUSED, "en", {**VALUES, "reason": "{{ office }} {% if x %}"}).text

    assert "{{ office }} {% if x %}" in said


def test_what_is_filled_in_is_no_markup() -> None:
    assert "Daisy &lt;Ltd&gt;" in render(Template.CONFIRM_SUBSCRIPTION, "en", VALUES).html


def test_a_language_that_nothing_is_written_in_gets_english() -> None:
    assert [language_of(one) for one in ("uk-UA", "RU", "de", None)] == ["uk", "ru", "en", "en"]


def test_what_is_counted_stands_in_the_form_that_its_number_wants() -> None:
    counted = {
        "en": {1: "1 day", 2: "2 days", 11: "11 days", 21: "21 days"},
        "ru": {1: "через 1 день", 2: "через 2 дня", 5: "через 5 дней", 11: "через 11 дней", 21: "через 21 день"},
        "uk": {1: "через 1 день", 2: "через 2 дні", 5: "через 5 днів", 11: "через 11 днів", 21: "через 21 день"},
    }
    for language, numbers in counted.items():
        for days, said in numbers.items():
            values = {**example(Template.RETENTION_WARNING, language, controller="X"), "days": days}
            for template in (Template.RETENTION_WARNING, Template.CONFIRM_SUBSCRIPTION):
                assert re.search(rf"{said}\b", render(template, language, values).text), (language, template, days)
    values = {**example(Template.PORTAL_CODE, "ru", controller="X"), "minutes": 1}
    assert "действует 1 минуту," in render(Template.PORTAL_CODE, "ru", values).text


def test_days_of_an_example_are_written_as_those_of_a_message_are() -> None:
    for language, due in (("en", "31 Dec 2026"), ("ru", "31.12.2026"), ("uk", "31.12.2026")):
        values = example(Template.REQUEST_RECEIVED, language, controller="X")
        assert due in render(Template.REQUEST_RECEIVED, language, values).text, language


def test_an_instant_is_written_as_the_language_and_the_clocks_of_the_controller_have_it() -> None:
    at = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    assert moment(at, language="ru", zone="Europe/Kyiv") == "23.11.2026, 00:30 (Europe/Kyiv)"
    assert moment(at, language="en", zone=None) == "22 Nov 2026, 22:30 (UTC)"


def test_words_that_are_shipped_keep_to_the_glossary_and_to_the_signs_of_their_language() -> None:
    strange = []
    unwanted = {
        "uk": r"\w+'\w+|\b[Зз]апит(?:у|ом|и|ів)?\b|[Сс]півробітни\w+|\bакті\b|заборон\w+ на",
        "ru": r"\b[Зз]апрос(?:а|у|ом|ы|ов)?\b|\bакте\b|правила хранения",
    }
    for place in sorted([*texts._HERE.iterdir(), *texts._PASSAGES.iterdir()], key=str):
        pattern = unwanted.get(place.name.split(".")[1])
        if pattern is not None:
            strange += [(place.name, one) for one in re.findall(pattern, place.read_text("utf-8"))]
    assert strange == []
