"""The certificate as a page for people, in three languages, and as the act that 152-FZ asks for."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from governance.erasure.certifying import Certificate
from governance.erasure.operations import ErasureId, OriginKind, Step
from governance.erasure.printing import LANGUAGES, _country_of, _system_of, _words, print_certificate
from governance.kernel.work import ActorKind

AT = "2026-11-22T12:00:00+00:00"


CONTENT = b'{"checkpoint": "governance/0f1e\\n7\\nAAAA\\n"}'


def certificate(*laws: str) -> Certificate:
    body = {
        "begun_at": AT,
        "begun_by": {"id": None, "kind": "system"},
        "completed_at": AT,
        "controller": {
            "address": "Псков", "country": "RU", "laws": list(laws), "legal_name": "#set Лавка", "registration": None,
        },
        "destroyed": [{"at": AT, "entry": str(uuid4()), "rows": {"contact": 2}, "step": "contact"}],
        "erasure": str(uuid4()),
        "held": [{"citation": "GDPR Art. 17(3)(e)", "compartment": "profile", "holds": [str(uuid4())]}],
        "kept": [{"citation": "§ 147 AO", "compartment": "finance", "rule": "tax", "until": "2033-12-31"}],
        "number": 1,
        "origin": {"id": None, "kind": "request", "rule": None},
        "subjects": [str(uuid4())],
        "unreadable_here_since": AT,
        "unreadable_in_copies_from": AT,
    }  # fmt: skip
    return Certificate(ErasureId(uuid4()), 1, datetime.now(UTC), CONTENT, body)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_certificate_is_printed_in_the_language_asked_for(language: str) -> None:
    assert print_certificate(certificate(), language=language).startswith(b"%PDF")


def test_under_152_fz_it_is_the_act_and_looks_otherwise() -> None:
    act, plain = (print_certificate(certificate(*laws), language="ru") for laws in (["ru_152fz"], ["gdpr"]))

    assert len(act) != len(plain)
    assert _system_of(CONTENT) == "governance/0f1e"
    for words in _words("governance.erasure").values():
        assert len(words["signer"]) == 3  # name, position, signature: order 179 of Roskomnadzor


def test_the_country_of_the_controller_is_called_by_its_name() -> None:
    body = certificate().body
    assert [_country_of(body, one) for one in LANGUAGES] == ["Russia", "Россия", "Росія"]
    assert _country_of({**body, "controller": {}}, "ru") == ""


def test_every_word_is_there_in_every_language() -> None:
    by_language = _words("governance.erasure")
    for words in by_language.values():
        assert set(words) == set(by_language["en"])
        assert set(words["steps"]) == {one.value for one in Step}
        assert set(words["origins"]) == {one.value for one in OriginKind}
        assert set(words["actors"]) == {one.value for one in ActorKind}
