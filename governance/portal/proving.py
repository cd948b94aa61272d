"""Proving more: a second fact where the contact does not say who this is, a second contact for what is grave."""

import re
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext

from governance.accounts.portal.operations import CodeId
from governance.customers import visiting
from governance.customers.codes import ContactKind
from governance.customers.visiting import SecondContact, Visitor
from governance.customers.visitor_facts import SecondFact, confirm_by_fact
from governance.kernel.errors import ForbiddenError, TooManyError
from governance.kernel.ids import ContactId
from governance.kernel.work import Work
from governance.pages import forms
from governance.pages.forms import EMPTY, Typed
from governance.policies.deadline_rules import RequestKind
from governance.policies.visiting import StepUp
from governance.portal import cookies
from governance.portal.days import is_day, typed_day
from governance.portal.guard import Guest, RefusedFormError, UnprovenError, act, opened, screen
from governance.portal.pages import blueprint, go, page
from governance.portal.place import current_portal
from governance.portal.signing import code_id, heed_signal, lead, wrong_code
from governance.rights import operations as rights
from governance.rights.errors import WrongActError

_REQUEST: Final = re.compile(r"/my/requests/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


@screen("/my/proof", "proof")
def proof(guest: Guest, typed: Typed = EMPTY, **_names: object) -> Response:
    """What is to be proved next, if anything is."""
    return page(
        guest.work,
        "proof",
        seal=guest.seal,
        visitor=guest.visitor,
        step=_step(guest.visitor),
        seconds=_seconds(guest.visitor),
        typed=typed,
        then=_then(),
        facts=_facts(),
    )


@act("/my/proof/fact", "prove_fact", shows=proof, then=lambda **_names: _went_on(), tries=True)
def prove_fact(guest: Guest) -> None:
    """Tell something that only the person meant knows."""
    said = request.form.get("fact", "")
    if said not in {one.value for one in SecondFact}:
        raise RefusedFormError({"fact": gettext("Choose what you want to tell.")})
    value = request.form.get("value", "")[:100]
    if said == SecondFact.BIRTH_DATE and not is_day(value := typed_day(value)):  # no try: nobody's date has this form
        raise RefusedFormError({"value": gettext("Write the date like this: 1990-12-31")})
    try:
        confirmed = confirm_by_fact(
            guest.work,
            visitor=guest.visitor,
            fact=SecondFact(said),
            value=value,
            address=request.remote_addr or "",
            per_hour=current_portal().settings.portal_codes_per_hour,
        )
    except TooManyError:
        raise RefusedFormError(
            {"_": gettext("This was tried too often. Come back tomorrow, or write to us.")}
        ) from None
    if confirmed is None:
        current_portal().count_stranger(request.remote_addr or "")
        wrong = gettext("This does not tell who you are. Check it, try another one, or write to us.")
        raise RefusedFormError({"value": wrong})
    _widen(guest, confirmed)


@act("/my/proof/contact", "prove_contact", shows=proof, then=lambda **_names: _waits_for_code(), tries=True)
def prove_contact(guest: Guest) -> None:
    """Send a code to a second contact."""
    try:
        sent = visiting.ask_to_step_up(
            guest.work,
            visitor=guest.visitor,
            contact=ContactId(_chosen()),
            address=request.remote_addr or "",
            per_hour=current_portal().settings.portal_codes_per_hour,
        )
    except TooManyError:
        raise RefusedFormError({"_": gettext("Too many codes were sent there. Try again in an hour.")}) from None
    g.proven = sent.id


@screen("/my/proof/code", "proof_code")
def proof_code(guest: Guest, typed: Typed = EMPTY, **_names: object) -> Response:
    """The form for the code that went to the second contact."""
    code = code_id() or cookies.stranger()[1]
    if code is None or guest.visitor.step_up is not StepUp.NEEDED:
        return redirect(url_for("portal.proof", then=_then()), HTTPStatus.SEE_OTHER)  # type: ignore[return-value]  # as Flask has it
    return page(guest.work, "proof_code", seal=guest.seal, code=code, typed=typed, then=_then())


@act("/my/proof/code", "prove_code", shows=proof_code, then=lambda **_names: _went_on(), tries=True)
def prove_code(guest: Guest) -> None:
    """Prove the second contact by the code."""
    code = code_id()
    done = None
    if code is not None:
        typed = request.form.get("code", "")[:64]
        done = visiting.step_up(guest.work, visitor=guest.visitor, code_id=CodeId(code), typed=typed)
    if done is None:
        current_portal().count_stranger(request.remote_addr or "")
        raise RefusedFormError({"code": wrong_code()})
    _widen(guest, done)


def _widen(guest: Guest, visitor: Visitor) -> None:
    heed_signal(guest.work, visitor)
    _let_go_on(replace(guest.work, actor=visitor.actor), visitor)
    g.proven = visitor.token


def _let_go_on(work: Work, visitor: Visitor) -> None:
    """Let what was proved count for the request that it was proved for, where it is enough by now.

    Not for an erasure: first they see what will be deleted, and then they say it once more.
    """
    found = _REQUEST.fullmatch(urlsplit(_then()).path)
    wanted = None if found is None else UUID(found[1])
    for one in rights.own_requests(work, visitor=visitor):
        if one.id == wanted and one.kind is not RequestKind.ERASURE:
            with suppress(ForbiddenError, WrongActError):
                rights.prove_own(work, visitor=visitor, request=one.id)


def _went_on() -> Response:
    answer = lead(_then())
    cookies.keep_session(answer, g.proven)
    return answer


def _waits_for_code() -> Response:
    answer = go("proof_code", then=_then())
    cookies.keep_stranger(answer, cookies.stranger()[0] or cookies.make_mark(), g.proven)
    return answer


def _then() -> str:
    return forms.own_path(request.values.get("then", ""), below=cookies.PATH)


def _chosen() -> UUID:
    try:
        return UUID(request.form.get("contact", ""))
    except ValueError:
        raise RefusedFormError({"contact": gettext("Choose where the code is to go.")}) from None


def _step(visitor: Visitor) -> str:
    """Which of its parts the page shows."""
    if visitor.held == 0:
        return "nobody"
    if visitor.deceased:
        return "deceased"
    if visitor.step_up is StepUp.NEEDED and not _seconds(visitor):
        return "unreachable"
    return {
        StepUp.LATER: "fact",
        StepUp.FACT_NEEDED: "fact",
        StepUp.NEEDED: "contact",
        StepUp.TOO_YOUNG: "young",
    }.get(visitor.step_up, "done")


def _seconds(visitor: Visitor) -> list[SecondContact]:
    """Contacts that a second code reaches."""
    phones = current_portal().settings.sends_sms
    return [one for one in visitor.second_contacts if phones or one.kind is not ContactKind.PHONE]


def _facts() -> list[tuple[str, str]]:
    return [
        (SecondFact.BIRTH_DATE.value, gettext("Date of birth, like 1990-12-31")),
        (SecondFact.POSTCODE.value, gettext("Postcode")),
        (SecondFact.PURCHASE_NUMBER.value, gettext("Number of your last purchase")),
    ]


@blueprint.errorhandler(UnprovenError)
def _on_unproven(_error: UnprovenError) -> Response:
    """What is to be proved before the page opens."""
    then = request.path if request.method == "GET" else cookies.PATH
    with opened() as guest:
        return page(
            guest.work,
            "proof",
            status=HTTPStatus.FORBIDDEN,
            seal=guest.seal,
            visitor=guest.visitor,
            step=_step(guest.visitor),
            seconds=_seconds(guest.visitor),
            typed=EMPTY,
            then=then,
            facts=_facts(),
        )
