"""The certificate of a run as people get it: PDF in three languages; what can be verified is the JSON."""

import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

import typst
import yaml

from governance.retention.certifying import RunCertificate

LANGUAGES: Final = ("en", "ru", "uk")
_HERE: Final = files("governance.retention")


def print_certificate(certificate: RunCertificate, *, language: str = "en") -> bytes:
    """The PDF of a certificate; English where the language is none of ours."""
    chosen = language if language in LANGUAGES else "en"
    told = {
        "certificate": certificate.body,
        "digest": sha256(certificate.content).hexdigest(),
        "words": _words()[chosen],
        "language": chosen,
    }
    source = _HERE.joinpath("certificate.typ").read_bytes()
    made = typst.compile(source, sys_inputs={"told": json.dumps(told, ensure_ascii=False)})
    if not isinstance(made, bytes):
        raise TypeError("a certificate has one file")
    return made


@cache
def _words() -> Mapping[str, Mapping[str, object]]:
    words: Mapping[str, Mapping[str, object]] = yaml.safe_load(_HERE.joinpath("certificate.yaml").read_text("utf-8"))
    return words
