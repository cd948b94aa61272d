"""Words of the console: each code that officers meet has some."""

import re
from collections.abc import Callable
from html import unescape

from flask import Flask
from flask.testing import FlaskClient

from governance.accounts.operations import AlertKind, ProposalKind, ProposalState
from governance.console import words
from governance.console.words_citations import cited
from governance.policies import shipped
from tests.console.conftest import ORIGIN, Form


def test_every_kind_of_alert_and_proposal_has_words(door: Flask) -> None:
    with door.test_request_context():
        assert set(words.alert_kinds()) == {one.value for one in AlertKind}
        assert set(words.proposal_kinds()) == {one.value for one in ProposalKind}
        assert set(words.proposal_states()) == {one.value for one in ProposalState}
        assert all(words.alert_kinds().values())


WRONG = (
    ("/console/retention/draft", "policies: [", "строка 2: это не YAML"),
    ("/console/retention/draft", "policies: {Own-1: {}}", "policies.Own-1: такой ключ не годится"),
    ("/console/retention/draft", "policies: {own: {titles: x}}", "policies.own: нет ключа «applies_to»"),
    ("/console/retention/draft", "policies: {}", "Укажите хотя бы одно правило."),
    ("/console/settings/law", "laws: {house: {}}", "laws.house: нет ключа «version»"),
    ("/console/settings/law", "x" * 100_001, "Напишите не больше 100000 знаков."),
    ("/console/segments/new", "all: []", "Укажите список хотя бы из одного условия."),
    ("/console/segments/new", "{field: city, op: like, value: x}", "Возможны is, in, known."),
    ("/console/segments/new", "all: {", "строка 2: это не YAML"),
    ("/console/segments/new", "[]", "Здесь нужны пары «ключ: значение»"),
)
"""Page with a form, what is written into it as text, and what is wrong with that in Russian."""


def test_what_is_wrong_with_a_document_is_said_in_the_language_of_the_page(desks: Callable[[str], FlaskClient]) -> None:
    desk, missed = desks("officer"), []
    for page, document, said in WRONG:
        action = page.replace("/new", "")
        form = Form(desk.get(page), action)
        told = {"as": "text", "title.en": "x", "key": "", "document": document, "lang": "ru"}
        answer = desk.post(action, data=form.filled(**told), headers=ORIGIN)
        if answer.status_code != 422 or said not in unescape(answer.text):
            missed.append((page, document[:40], answer.status_code, re.findall(r'"refused".*', answer.text)))
    assert not missed, missed


def test_citations_are_joined_in_the_language_of_the_page(door: Flask) -> None:
    policies = [one for country in (None, "DE", "GB", "FR") for one in shipped.retention_policies(country).values()]
    found = {one.citation for one in policies}
    found |= {
        rule.citation for law in shipped.deadlines().values() for by in law.rules.values() for rule in by.values()
    }
    for language in ("ru", "uk"):
        with door.test_request_context(f"/console?lang={language}"):
            told = [cited(one) for one in found]
        assert not [one for one in told if re.search(r"\b(?:of|the|by|under|may|where|from|each|sentence)\b", one)], (
            told
        )
