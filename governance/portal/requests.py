"""My requests: a new one in three steps at most, how far each is, what was said, and the way back."""

from uuid import UUID

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext

from governance.kernel import packs
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError, TooManyError
from governance.pages.forms import EMPTY, Typed, is_sealed
from governance.pages.languages import language
from governance.policies.deadline_rules import RequestKind
from governance.policies.permissions import Permission
from governance.portal import wording
from governance.portal.correcting import changes_of, correction_fields, field_of, say_of
from governance.portal.guard import Guest, RefusedFormError, StaleFormError, act, opened, screen
from governance.portal.pages import blueprint, go, page
from governance.portal.place import current_portal
from governance.reference.times import law_titles
from governance.rights import operations as rights
from governance.rights.codes import About
from governance.rights.operations import RequestId
from governance.rights.packages import operations as packages
from governance.rights.packages.errors import PackageNotReadyError, StepUpNeededError
from governance.rights.packages.operations import PackageId

GRAVE = {
    RequestKind.ACCESS: Permission.PORTAL_DOWNLOAD,
    RequestKind.PORTABILITY: Permission.PORTAL_DOWNLOAD,
    RequestKind.ERASURE: Permission.PORTAL_ERASE,
    RequestKind.RECTIFICATION: Permission.PORTAL_CORRECT,
    RequestKind.RESTRICTION: Permission.PORTAL_CORRECT,
    RequestKind.OBJECTION: Permission.PORTAL_CORRECT,
    RequestKind.COMPLAINT: Permission.PORTAL_READ,
}
"""What has to be proved for a request to go on by itself."""
IN_WORDS = frozenset({RequestKind.OBJECTION, RequestKind.COMPLAINT, RequestKind.RECTIFICATION})
"""Kinds of which people say more."""
MUST_SAY = frozenset({RequestKind.COMPLAINT, RequestKind.OBJECTION})


@screen("/my/requests", "own_requests")
def own_requests(guest: Guest) -> Response:
    """All of them, the newest first."""
    made = rights.own_requests(guest.work, visitor=guest.visitor)
    return page(
        guest.work,
        "requests",
        seal=guest.seal,
        part="own_requests",
        requests=[(one, wording.name_of(one.kind, one.about), wording.state_of(one)) for one in made],
    )


@screen("/my/requests/new", "new_request")
def new_request(guest: Guest) -> Response:
    """First step: what is asked for."""
    return page(guest.work, "request_kinds", seal=guest.seal, part="own_requests", kinds=wording.kinds())


@screen("/my/requests/new/<kind>", "request_form")
def request_form(guest: Guest, kind: str, typed: Typed = EMPTY) -> Response:
    """Second step: what it comes to, and what there is to say."""
    wanted = _kind(kind)
    needs = GRAVE.get(wanted)
    plan = None
    if wanted is RequestKind.ERASURE and guest.may(Permission.PORTAL_READ):
        plan = rights.own_plan(guest.work, visitor=guest.visitor)
    fields = []
    if wanted is RequestKind.RECTIFICATION and guest.may(Permission.PORTAL_READ):
        fields = correction_fields(guest, typed, only=request.args.get("field", ""))
    return page(
        guest.work,
        "request_form",
        seal=guest.seal,
        part="own_requests",
        kind=wanted,
        name=wording.kinds()[wanted],
        unproven=needs is not None and not guest.may(needs),
        visitor=guest.visitor,
        plan=plan,
        fields=fields,
        only=request.args.get("field", ""),
        in_words=wanted in IN_WORDS,
        codes=wording.codes(),
        languages=packs.names(),
        typed=typed,
    )


@act(
    "/my/requests/new/<kind>",
    "send_request",
    shows=request_form,
    then=lambda made, **_names: go("own_request", request_id=made, done="sent"),
)
def send_request(guest: Guest, kind: str) -> RequestId:
    """Make the request."""
    wanted, said = _kind(kind), request.form.get("said", "").strip()[:4000]
    changes = None
    if wanted is RequestKind.RECTIFICATION:
        changes = changes_of(guest)
        if not changes and not said:
            raise RefusedFormError({"_": gettext("Change at least one detail, or say in words what is wrong.")})
    if wanted in MUST_SAY and not said:
        raise RefusedFormError({"said": gettext("Say in a few words what it is about.")})
    about = {"processing": About.PROCESSING, "lift": About.LIFT}.get(request.form.get("about", ""))
    try:
        made = rights.make_request(
            guest.work,
            visitor=guest.visitor,
            kind=wanted,
            about=about,
            said=said or None,
            changes=changes or None,
        )
    except InvalidError as wrong:
        told = {field_of(name): [say_of(guest, name, wrong)] for name in wrong.errors}
        raise InvalidError(wrong.detail, errors=told) from None
    except TooManyError:
        raise RefusedFormError(
            {"_": gettext("Twenty requests of yours stand already. They are answered first.")}
        ) from None
    return made.id


@screen("/my/requests/<uuid:request_id>", "own_request")
def own_request(guest: Guest, request_id: UUID, typed: Typed = EMPTY) -> Response:
    """One request: how far it is, what was said, what can be done."""
    story = rights.own_story(guest.work, visitor=guest.visitor, request=RequestId(request_id))
    shown = story.request
    needs_proof = shown.needs is not None
    wanted = GRAVE.get(shown.kind)
    can_go_on = shown.state.value in ("received", "identity_check") and not needs_proof
    plan = None
    if shown.kind is RequestKind.ERASURE and can_go_on and guest.may(Permission.PORTAL_READ):
        plan = rights.own_plan(guest.work, visitor=guest.visitor)
    return page(
        guest.work,
        "request",
        seal=guest.seal,
        part="own_requests",
        story=story,
        request=shown,
        name=wording.name_of(shown.kind, shown.about),
        state=wording.state_of(shown),
        ground=None if shown.ground is None else wording.grounds()[shown.ground.value],
        needs_proof=needs_proof and (wanted is None or not guest.may(wanted)),
        can_go_on=can_go_on,
        plan=plan,
        codes=wording.codes(),
        visitor=guest.visitor,
        done=request.args.get("done", ""),
        laws={key: one.get(language()) for key, one in law_titles(guest.work).items()},
        tongue=language(),
        authority=None if g.controller is None else g.controller.authority,
        typed=typed,
    )


def _back(request_id: UUID, **_names: object) -> Response:
    return go("own_request", request_id=request_id)


@act("/my/requests/<uuid:request_id>/proofs", "prove_request", shows=own_request, then=_back)
def prove_request(guest: Guest, request_id: UUID) -> None:
    """Let what was proved by now count for the request."""
    rights.prove_own(guest.work, visitor=guest.visitor, request=RequestId(request_id))


@act("/my/requests/<uuid:request_id>/replies", "reply_to_request", shows=own_request, then=_back)
def reply_to_request(guest: Guest, request_id: UUID) -> None:
    """Reply to what was asked."""
    words = request.form.get("words", "").strip()[:4000]
    if not words:
        raise RefusedFormError({"words": gettext("Write your reply first.")})
    rights.reply_own(guest.work, visitor=guest.visitor, request=RequestId(request_id), words=words)


@act("/my/requests/<uuid:request_id>/withdrawals", "withdraw_request", shows=own_request, then=_back)
def withdraw_request(guest: Guest, request_id: UUID) -> None:
    """Take the request back."""
    rights.withdraw_own(guest.work, visitor=guest.visitor, request=RequestId(request_id))


@blueprint.post("/my/requests/<uuid:request_id>/package")
def download_package(request_id: UUID) -> Response:
    """The file that answers the request; a second contact or fact has to be proved first."""
    try:
        with opened() as guest:
            if not is_sealed(guest.seal):
                raise StaleFormError("The form was shown to another session.")
            story = rights.own_story(guest.work, visitor=guest.visitor, request=RequestId(request_id))
            if story.package is None:
                raise NotFoundError("There is no such file.")
            found = PackageId(story.package.id)
            fetched = packages.fetch_own(guest.work, visitor=guest.visitor, package=found)
            actor = guest.work.actor
    except PackageNotReadyError:
        return go("own_request", request_id=request_id)
    except (StepUpNeededError, ForbiddenError):
        there = url_for("portal.own_request", request_id=request_id)
        return redirect(url_for("portal.proof", then=there), 303)  # type: ignore[return-value]  # as Flask has it
    portal = current_portal()
    g.pop("visitor", None)
    pieces = packages.package_pieces(portal.database, fetched, actor=actor, clock=portal.clock)
    named = {"Content-Disposition": f'attachment; filename="{fetched.name}"', "Cache-Control": "no-store"}
    return Response(pieces, content_type=packages.MEDIA_TYPE, headers=named)


def _kind(said: str) -> RequestKind:
    try:
        return RequestKind(said)
    except ValueError:
        raise NotFoundError("There is no such request.") from None
