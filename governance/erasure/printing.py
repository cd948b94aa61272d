"""A certificate as people get it: PDF in three languages; under 152-FZ the act, with the extract of the log.

What the page says is what the certificate says. The JSON is what can be verified; the page names its digest. The act
has what order 179 of Roskomnadzor wants in it; who destroyed the service does not know by name, so they sign.
"""

import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import yaml

from governance.erasure.certifying import Certificate
from governance.erasure.verifying import Json
from governance.kernel import packs
from governance.kernel.late import load

LANGUAGES: Final = tuple(packs.SHIPPED)
RUSSIAN_LAW: Final = "ru_152fz"


def print_certificate(certificate: Certificate, *, language: str = "en") -> bytes:
    """The PDF of a certificate; English where the language is none of ours."""
    return typeset(
        "governance.erasure",
        certificate.body,
        certificate.content,
        language=language,
        more={
            "country": _country_of(certificate.body, _shipped(language)),
            "act": _is_under(certificate.body, RUSSIAN_LAW),
            "system": _system_of(certificate.content),
        },
    )


def typeset(
    package: str,
    body: Mapping[str, Json],
    content: bytes,
    *,
    language: str,
    more: Mapping[str, object] = MappingProxyType({}),
) -> bytes:
    """The PDF that `certificate.typ` of a package makes of a certificate, in the words of its `certificate.yaml`.

    Args:
        package: dotted name.
        body: what the certificate says.
        content: its bytes, whose digest the page names.
        language: of the words; English where it is none of ours.
        more: what else this kind of page is told.
    """
    chosen = _shipped(language)
    told = {
        "certificate": body,
        "digest": sha256(content).hexdigest(),
        "words": _words(package)[chosen],
        "language": chosen,
        **more,
    }
    source = files(package).joinpath("certificate.typ").read_bytes()
    made = load("typst:compile")(source, sys_inputs={"told": json.dumps(told, ensure_ascii=False)})
    if not isinstance(made, bytes):
        raise TypeError("a certificate has one file")
    return made


def _shipped(language: str) -> str:
    return language if language in LANGUAGES else LANGUAGES[0]


def _country_of(body: Mapping[str, Json], language: str) -> str:
    controller = body["controller"]
    code = str(controller.get("country") or "") if isinstance(controller, dict) else ""
    return str(load("babel.core:Locale")(language).territories.get(code, code))


def _system_of(content: bytes) -> str:
    """The information system that the data were destroyed in, by the name under which its log is signed."""
    checkpoint = json.loads(content).get("checkpoint")
    return checkpoint.partition("\n")[0] if isinstance(checkpoint, str) else "governance"


def _is_under(body: Mapping[str, Json], law: str) -> bool:
    controller = body["controller"]
    laws = controller.get("laws") if isinstance(controller, dict) else None
    return isinstance(laws, list) and law in laws


@cache
def _words(package: str) -> Mapping[str, Mapping[str, object]]:
    written = files(package).joinpath("certificate.yaml").read_text("utf-8")
    words: Mapping[str, Mapping[str, object]] = yaml.safe_load(written)
    return words
