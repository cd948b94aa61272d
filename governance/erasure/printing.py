"""A certificate as people get it: PDF in three languages; under 152-FZ the act, with the extract of the log.

What the page says is what the certificate says. The JSON is what can be verified; the page names its digest.
"""

import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

import yaml

from governance.erasure.certifying import Certificate
from governance.erasure.verifying import Json
from governance.kernel.late import load

LANGUAGES: Final = ("en", "ru", "uk")
RUSSIAN_LAW: Final = "ru_152fz"
_HERE: Final = files("governance.erasure")


def print_certificate(certificate: Certificate, *, language: str = "en") -> bytes:
    """The PDF of a certificate; English where the language is none of ours."""
    chosen = language if language in LANGUAGES else "en"
    told = {
        "certificate": certificate.body,
        "digest": sha256(certificate.content).hexdigest(),
        "words": _words()[chosen],
        "language": chosen,
        "country": _country_of(certificate.body, chosen),
        "act": _is_under(certificate.body, RUSSIAN_LAW),
    }
    source = _HERE.joinpath("certificate.typ").read_bytes()
    made = load("typst:compile")(source, sys_inputs={"told": json.dumps(told, ensure_ascii=False)})
    if not isinstance(made, bytes):
        raise TypeError("a certificate has one file")
    return made


def _country_of(body: Mapping[str, Json], language: str) -> str:
    controller = body["controller"]
    code = str(controller.get("country") or "") if isinstance(controller, dict) else ""
    return str(load("babel.core:Locale")(language).territories.get(code, code))


def _is_under(body: Mapping[str, Json], law: str) -> bool:
    controller = body["controller"]
    laws = controller.get("laws") if isinstance(controller, dict) else None
    return isinstance(laws, list) and law in laws


@cache
def _words() -> Mapping[str, Mapping[str, object]]:
    words: Mapping[str, Mapping[str, object]] = yaml.safe_load(_HERE.joinpath("certificate.yaml").read_text("utf-8"))
    return words
