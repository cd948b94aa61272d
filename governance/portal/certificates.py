"""Certificates of erasure: had by the number of a request, and checked, here or in the browser. Nothing is kept.

A certificate names nobody. Whoever has kept a checkpoint of the log elsewhere gives it, too: then the check trusts
nothing that we say.
"""

import json
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Final

from flask import Response, request
from flask_babel import format_date, gettext

from governance.erasure import operations as erasure
from governance.erasure.errors import NotCertifiedError
from governance.kernel.work import Work
from governance.pages.languages import language
from governance.portal.guard import look_up_controller
from governance.portal.pages import blueprint, page
from governance.portal.place import count_sender, current_portal, visit
from governance.portal.wording import codes
from governance.rights import operations as rights
from governance.rights.errors import NoSuchRequestError

SCRIPTS: Final = ("proofs.js", "certificate.js")


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
    number = request.form.get("number", "").strip()[:20]
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
    return format_date(date.fromisoformat(told[:10]), "long") if told else "-"


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
        keys=_keys_said() or current_portal().verifier_keys(work),
        codes=codes(),
    )


def _keys_said() -> list[str]:
    """Keys that the visitor kept; none where the form says nothing of them."""
    return [one.strip() for one in request.form.get("vkey", "")[:8000].splitlines() if one.strip()]


def _uploaded(name: str) -> bytes:
    file = request.files.get(name)
    return b"" if file is None else file.read()


def _own_checkpoint(content: bytes) -> bytes:
    """The checkpoint in a certificate; empty where there is none."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return b""
    said = told.get("checkpoint") if isinstance(told, dict) else None
    return said.encode("utf-8", "surrogatepass") if isinstance(said, str) else b""
