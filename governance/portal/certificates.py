"""Certificates of erasure: had by the number of a request, and checked, here or in the browser. Nothing is kept.

A certificate names nobody. Whoever has kept a checkpoint of the log elsewhere gives it, too: then the check trusts
nothing that we say.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import Final

from flask import Response, request
from flask_babel import format_date, gettext

from governance.erasure import operations as erasure
from governance.erasure.errors import NotCertifiedError
from governance.kernel.work import Work
from governance.pages.languages import language
from governance.portal.guard import look_up_controller, zone
from governance.portal.pages import blueprint, page
from governance.portal.place import count_sender, current_portal, visit
from governance.portal.wording import codes
from governance.rights import operations as rights
from governance.rights.errors import NoSuchRequestError

_DIGITS: Final = 8
_LATIN: Final = str.maketrans("АВЕКМНРСТУХ", "ABEKMHPCTYX")
"""Letters that look alike, as somebody types them who has a Cyrillic keyboard."""
SCRIPTS: Final = ("proofs.js", "certificate.js")


@blueprint.get("/certificate/number", endpoint="certificate_again")
@blueprint.get("/certificate")
def certificate() -> Response:
    """The two forms."""
    with visit() as work:
        return _page(work)


@blueprint.post("/certificate")
def check_certificate() -> Response:
    """Check an uploaded certificate, without script."""
    count_sender(request.remote_addr or "")
    content, kept = _uploaded("file"), _uploaded("checkpoint")
    with visit() as work:
        look_up_controller(work)
        if not content:
            return _page(work, errors={"file": gettext("Choose the file of the certificate.")})
        if not _is_one(content):
            return _page(work, errors={"file": _no_certificate()})
        given = kept or _own_checkpoint(content)
        keys = _keys_said() or current_portal().verifier_keys(work)
        tried = [erasure.verify_certificate(content, checkpoint=given, vkey=one) for one in keys]
        best = next((one for one in tried if one.holds), None)
        found = best or erasure.verify_certificate(content, checkpoint=given)
        return _page(work, checked=best is not None, body=found.body, kept=bool(kept))


@blueprint.post("/certificate/number")
def find_certificate() -> Response:
    """The certificate of an erasure that a request asked for."""
    count_sender(request.remote_addr or "")
    number = _number(request.form.get("number", ""))
    with visit() as work:
        look_up_controller(work)
        try:
            found = rights.certificate_of(work, number=number)
        except NoSuchRequestError:
            wrong = gettext("No erasure has this number. It stands in our first message about it, like R-2W7DG3WN.")
            return _page(work, errors={"number": wrong}, number=number)
        except NotCertifiedError:
            wrong = gettext("It is not certified yet. Come back in a few minutes.")
            return _page(work, errors={"number": wrong}, number=number)
        if request.form.get("as") == "file":
            name = f"certificate-{found.erasure}-{found.number}.json"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(found.content, content_type="application/json", headers=headers)
        return page(work, "certificate_shown", body=found.body, day=_day, number=number, codes=codes(), lang=language())


def _day(told: str | None) -> str:
    """A day or an instant of a certificate as the reader writes days; a dash for what has not come yet."""
    if not told:
        return "-"
    whole = len(told) == len("2026-12-31")
    day = date.fromisoformat(told) if whole else datetime.fromisoformat(told).astimezone(zone()).date()
    told_day: str = format_date(day, "long")
    return told_day


def _number(typed: str) -> str:
    """The number of a request as it stands in our messages, however it was copied from them."""
    found = re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", typed[:40]).upper().translate(_LATIN))
    if len(found) == _DIGITS + 1 and found[0] in "RP":  # the R, or the letter that stands for it on a Cyrillic keyboard
        found = found[1:]
    return f"R-{found}" if len(found) == _DIGITS else typed.strip()[:20]


def _page(
    work: Work,
    *,
    errors: Mapping[str, str] | None = None,
    number: str = "",
    checked: bool | None = None,
    body: Mapping[str, object] | None = None,
    kept: bool = False,
) -> Response:
    look_up_controller(work)
    return page(
        work,
        "certificate",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        scripts=SCRIPTS,
        errors=errors or {},
        number=number,
        checked=checked,
        body=body or {},
        kept=kept,
        no_certificate=_no_certificate(),
        keys=_keys_said() or current_portal().verifier_keys(work),
        codes=codes(),
    )


def _keys_said() -> list[str]:
    """Keys that the visitor kept; none where the form says nothing of them."""
    return [one.strip() for one in request.form.get("vkey", "")[:8000].splitlines() if one.strip()]


def _uploaded(name: str) -> bytes:
    file = request.files.get(name)
    return b"" if file is None else file.read()


def _no_certificate() -> str:
    said: str = gettext(
        "This file is no certificate, or a part of it is missing. Take the one that was downloaded here by the number."
    )
    return said


def _is_one(content: bytes) -> bool:
    """Whether a file is a certificate at all, as far as its outer form tells."""
    return "certificate" in _told(content)


def _told(content: bytes) -> Mapping[str, object]:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _own_checkpoint(content: bytes) -> bytes:
    """The checkpoint in a certificate; empty where there is none."""
    said = _told(content).get("checkpoint")
    return said.encode("utf-8", "surrogatepass") if isinstance(said, str) else b""
