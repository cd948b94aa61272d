"""Subscription forms: shown, sent, and confirmed by the link in the mail. A GET changes nothing and spends nothing."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import Response, redirect, request, url_for
from flask_babel import gettext

from governance.consent import operations as consent
from governance.consent.errors import TextChangedError
from governance.consent.operations import Filled, FormField, ShownForm, Visit
from governance.consent.subscribing import KEPT
from governance.kernel.errors import InvalidError
from governance.pages.languages import PARAMETER, language
from governance.policies.purposes import Channel
from governance.portal.days import typed_day
from governance.portal.pages import blueprint, page
from governance.portal.place import count_sender, current_portal, visit

MARK: Final = "shown."
"""Before the key of a purpose: the mark of the notice that was on the page."""
CHANGED: Final = "changed"


@blueprint.get("/subscribe/<form>")
def subscription_form(form: str) -> Response:
    """The form, empty."""
    return _form_page(form, {}, {}, status=HTTPStatus.OK)


@blueprint.post("/subscribe/<form>")
def send_subscription_form(form: str) -> Response:
    """Take the form; the answer is the same whether anybody is known by the address or not."""
    count_sender(request.remote_addr or "")
    try:
        with visit() as work:
            consent.subscribe(
                work,
                key=form,
                filled=_filled(),
                language=language(),
                visit=_visit(),
                base_url=current_portal().settings.public_base,
            )
    except InvalidError as wrong:
        return _form_page(form, request.form, _errors(wrong), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except TextChangedError:
        return _form_page(form, request.form, {CHANGED: _sayings()[CHANGED]}, status=HTTPStatus.CONFLICT)
    return _redirect(url_for("portal.subscription_sent", form=form, lang=language()))


@blueprint.get("/subscribe/<form>/sent")
def subscription_sent(form: str) -> Response:
    """What to do next: look into the mailbox."""
    with visit() as work:
        shown = consent.show_form(work, key=form, language=language())
        return page(work, "sent", frames=shown.form.document.frames, days=KEPT.days)


def _read(field: FormField) -> str:
    said = request.form[field.value].strip()
    return typed_day(said) if field is FormField.BIRTH_DATE else said


@blueprint.get("/confirm/<token>")
def confirmation(token: str) -> Response:
    """What confirming would come to, and the button for it."""
    with visit() as work:
        waiting = consent.show_waiting(work, token=token, language=language())
        template = "confirmed" if waiting.confirmed else "confirm"
        return page(work, template, waiting=waiting, channels=_channel_names())


@blueprint.post("/confirm/<token>")
def confirm(token: str) -> Response:
    """Confirm; again and again comes to the same."""
    with visit() as work:
        waiting = consent.confirm_subscription(work, token=token, language=language(), visit=_visit())
        return page(work, "confirmed", waiting=waiting)


def _visit() -> Visit:
    return Visit(address=request.remote_addr or "", agent=request.user_agent.string)


def _filled() -> Filled:
    said = request.form
    return Filled(
        email=said.get("email", ""),
        ticked=said.getlist("choice"),
        marks={name.removeprefix(MARK): mark for name, mark in said.items() if name.startswith(MARK)},
        fields={one.value: _read(one) for one in FormField if said.get(one.value, "").strip()},
    )


def _form_page(form: str, typed: Mapping[str, str], errors: Mapping[str, str], *, status: int) -> Response:
    with visit() as work:
        shown: ShownForm = consent.show_form(work, key=form, language=language())
        document = shown.form.document
        return page(
            work,
            "subscribe",
            status=status,
            frames=document.frames,
            title=document.titles.get(language()),
            introduction=None if document.introductions is None else document.introductions.get(language()),
            shown=shown,
            channels=_channel_names(),
            fields=[(one.value, _field_names()[one]) for one in document.fields],
            typed=typed,
            # Ticks are kept only where the words that they stand beside are still the same.
            ticked=() if CHANGED in errors else _ticked(),
            errors=errors,
            parameter=PARAMETER,
            mark=MARK,
        )


def _ticked() -> list[str]:
    return request.form.getlist("choice")


def _errors(wrong: InvalidError) -> dict[str, str]:
    sayings = _sayings()
    return {name: sayings.get(name, gettext("This cannot be kept as it is.")) for name in wrong.errors}


def _sayings() -> Mapping[str, str]:
    return {
        "email": gettext("Write your e-mail address like this: name@example.org"),
        "choices": gettext("Tick at least one box, or leave the page: without a tick nothing is sent."),
        "birth_date": gettext("Write the date like this: 1990-12-31"),
        CHANGED: gettext("Please read the words below and tick again: this page had not shown them as they are now."),
    }


def _channel_names() -> Mapping[Channel, str]:
    """Channels that a form may be for."""
    return {
        Channel.EMAIL: gettext("messages by e-mail"),
        Channel.AUDIENCE: gettext("our advertising on other platforms, which get a digest of your address"),
    }


def _field_names() -> Mapping[FormField, str]:
    return {
        FormField.GIVEN_NAME: gettext("First name"),
        FormField.FAMILY_NAME: gettext("Last name"),
        FormField.BIRTH_DATE: gettext("Date of birth"),
    }


def _redirect(address: str) -> Response:
    response = redirect(address, code=HTTPStatus.SEE_OTHER)
    return Response(response.get_data(), status=response.status_code, headers=response.headers)
