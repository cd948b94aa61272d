"""Words of the console: each code that officers meet has some."""

import ast
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

import governance
from governance.accounts.operations import AlertKind, ProposalKind, ProposalState
from governance.console import words, words_counts, words_facts
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


FACTS = {"facts", "personal", "payload"}


def named_facts(source: str) -> Iterator[str]:
    """Names of facts that a module writes into the log, or into a proposal."""
    if not any(word in source for word in (*FACTS, "Fact")):
        return  # to read them all as programs takes seconds
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg in FACTS:
            value: ast.AST | None = node.value
        elif (
            isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id in FACTS for one in node.targets)
        ) or (isinstance(node, ast.AnnAssign) and "Fact" in ast.unparse(node.annotation)):
            value = node.value
        elif isinstance(node, ast.FunctionDef) and node.returns is not None and "Fact" in ast.unparse(node.returns):
            value = node
        else:
            continue
        for told in ast.walk(value) if value is not None else ():
            if isinstance(told, ast.Dict):
                yield from (
                    one.value for one in told.keys if isinstance(one, ast.Constant) and isinstance(one.value, str)
                )


def test_every_fact_of_the_log_and_every_kind_of_object_is_called_something(door: Flask) -> None:
    root = Path(governance.__file__).parent
    sources = [one.read_text("utf-8") for one in root.rglob("*.py") if one.parent.name not in {"cli", "console"}]
    facts = {name for source in sources for name in named_facts(source)}
    kinds = {
        kind for source in sources for kind in re.findall(r'(?:ObjectRef\(|^_?OBJECT.*= )"([a-z-]+)"', source, re.M)
    }
    with door.test_request_context("/console/audit?lang=ru"):
        called, objects = words_facts.names(), words_counts.objects()
    assert not facts - called.keys(), sorted(facts - called.keys())
    assert not kinds - objects.keys(), sorted(kinds - objects.keys())
    assert len(facts) > 150
