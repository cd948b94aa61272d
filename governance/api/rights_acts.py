"""What officers do with a request of a data subject: each act is a resource of its own."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask.views import MethodView

from governance.accounts.portal.operations import CodeId, SentCode
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.etags import etag, stated_version
from governance.api.portal import CodeSent
from governance.api.rights_said import (
    CodeProof,
    CodeTried,
    OfficerProof,
    RequestAnswer,
    RequestJoin,
    RequestNoticeText,
    RequestQuestion,
    RequestReason,
    RequestReasonMaybe,
    RequestRefusal,
    RequestReply,
    RequestStart,
)
from governance.api.rights_shown import RequestRecipientShown, RequestShown
from governance.api.service import current_service, current_work
from governance.kernel.ids import SubjectId
from governance.policies.permissions import Permission
from governance.rights import operations as rights
from governance.rights.operations import RecipientToTell, RequestId, RequestView

blueprint = Blueprint("request acts", __name__, description="What is done with requests, act by act.")


Told = tuple[RequestView, int, dict[str, str]]


def _as_read(request: UUID) -> RequestId:
    """The request, which stands as the caller read it where they said how."""
    version = stated_version()
    if version is not None:
        rights.hold_to(current_work(), request=RequestId(request), version=version)
    return RequestId(request)


def _told(view: RequestView) -> Told:
    return view, HTTPStatus.CREATED, etag(view.version)


@blueprint.route("/requests/<uuid:request>/identity-checks")
class IdentityChecks(MethodView):
    """Askings for identity."""

    @guarded(Permission.REQUESTS_WORK, versioned=None)
    @blueprint.response(201, RequestShown)
    def post(self, request: UUID) -> Told:
        """Ask the requester to prove who they are."""
        return _told(rights.ask_identity(current_work(), request=_as_read(request)))


@blueprint.route("/requests/<uuid:request>/codes")
class RequestCodes(MethodView):
    """Codes for somebody on the phone."""

    @guarded(Permission.REQUESTS_WORK, versioned=None)
    @blueprint.response(202, CodeSent)
    def post(self, request: UUID) -> SentCode:
        """Send a code to the contact of the request; the caller reads it out."""
        per_hour = current_service().settings.portal_codes_per_hour
        return rights.send_code(current_work(), request=_as_read(request), per_hour=per_hour)


@blueprint.route("/requests/<uuid:request>/code-proofs")
class CodeProofs(MethodView):
    """Proofs by code."""

    @guarded(Permission.REQUESTS_WORK, versioned=None)
    @blueprint.arguments(CodeProof)
    @blueprint.response(200, CodeTried)
    def post(self, proof: Mapping[str, Any], request: UUID) -> dict[str, object]:
        """Prove who asks by the code. A wrong one is no error, since it counts as a try: `right` tells."""
        customer = None if proof["customer"] is None else SubjectId(proof["customer"])
        seen = rights.prove_by_code(
            current_work(),
            request=_as_read(request),
            code_id=CodeId(proof["id"]),
            typed=proof["code"],
            customer=customer,
        )
        return {"right": seen is not None, "request": seen}


@blueprint.route("/requests/<uuid:request>/proofs")
class Proofs(MethodView):
    """Proofs by an officer."""

    @guarded(Permission.REQUESTS_WORK, versioned=None)
    @blueprint.arguments(OfficerProof)
    @blueprint.response(201, RequestShown)
    def post(self, proof: Mapping[str, Any], request: UUID) -> Told:
        """Take who asks as proved; what was checked is kept in words."""
        customer, checked = SubjectId(proof["customer"]), proof["checked"]
        return _told(rights.prove(current_work(), request=_as_read(request), customer=customer, checked=checked))


@blueprint.route("/requests/<uuid:request>/contact-confirmations")
class ContactConfirmations(MethodView):
    """Confirmations of the contact that the answer goes to."""

    @guarded(Permission.REQUESTS_DECIDE, versioned=None)
    @blueprint.arguments(RequestReason)
    @blueprint.response(201, RequestShown)
    def post(self, told: Mapping[str, str], request: UUID) -> Told:
        """Confirm that the answer may go to a contact that is none of the person's (flag `foreign_contact`)."""
        return _told(rights.confirm_contact(current_work(), request=_as_read(request), reason=told["reason"]))


@blueprint.route("/requests/<uuid:request>/nothing-held")
class NothingHeld(MethodView):
    """The answer that nothing is held."""

    @guarded(Permission.REQUESTS_WORK, versioned=None)
    @blueprint.response(201, RequestShown)
    def post(self, request: UUID) -> Told:
        """Answer that nothing is held under the contact."""
        return _told(rights.find_nothing(current_work(), request=_as_read(request)))


@blueprint.route("/requests/<uuid:request>/questions")
class Questions(MethodView):
    """Questions to the person."""

    @guarded(Permission.REQUESTS_WORK, versioned=None)
    @blueprint.arguments(RequestQuestion)
    @blueprint.response(201, RequestShown)
    def post(self, asked: Mapping[str, Any], request: UUID) -> Told:
        """Ask the person something; the clock stands still only where the law says so."""
        return _told(rights.ask(current_work(), request=_as_read(request), **asked))


@blueprint.route("/requests/<uuid:request>/replies")
class Replies(MethodView):
    """Replies of the person."""

    @guarded(Permission.REQUESTS_WORK, versioned=None)
    @blueprint.arguments(RequestReply)
    @blueprint.response(201, RequestShown)
    def post(self, said: Mapping[str, str], request: UUID) -> Told:
        """Take down what the person replied."""
        return _told(rights.reply(current_work(), request=_as_read(request), words=said["words"]))


@blueprint.route("/requests/<uuid:request>/extensions")
class Extensions(MethodView):
    """Extensions."""

    @guarded(Permission.REQUESTS_WORK, versioned=None)
    @blueprint.arguments(RequestReason)
    @blueprint.response(201, RequestShown)
    def post(self, told: Mapping[str, str], request: UUID) -> Told:
        """Take more time, once, where the law allows it; the person is told why."""
        return _told(rights.extend(current_work(), request=_as_read(request), reason=told["reason"]))


@blueprint.route("/requests/<uuid:request>/submissions")
class Submissions(MethodView):
    """Submissions to a second person."""

    @guarded(Permission.REQUESTS_WORK, versioned=None)
    @blueprint.arguments(RequestReason)
    @blueprint.response(201, RequestShown)
    def post(self, told: Mapping[str, str], request: UUID) -> Told:
        """Put a request before a second person; an erasure becomes a proposal."""
        return _told(rights.submit(current_work(), request=_as_read(request), reason=told["reason"]))


@blueprint.route("/requests/<uuid:request>/approvals")
class Approvals(MethodView):
    """Approvals."""

    @guarded(Permission.REQUESTS_DECIDE, versioned=None)
    @blueprint.response(201, RequestShown)
    def post(self, request: UUID) -> Told:
        """Approve what somebody else has put forward."""
        return _told(rights.approve(current_work(), request=_as_read(request)))


@blueprint.route("/requests/<uuid:request>/returns")
class Returns(MethodView):
    """Returns to whoever works on it."""

    @guarded(Permission.REQUESTS_DECIDE, versioned=None)
    @blueprint.arguments(RequestReason)
    @blueprint.response(201, RequestShown)
    def post(self, told: Mapping[str, str], request: UUID) -> Told:
        """Send a request that awaits approval back."""
        return _told(rights.send_back(current_work(), request=_as_read(request), reason=told["reason"]))


@blueprint.route("/requests/<uuid:request>/starts")
class Starts(MethodView):
    """Beginnings of carrying out."""

    @guarded(Permission.REQUESTS_WORK, versioned=None)
    @blueprint.arguments(RequestStart)
    @blueprint.response(201, RequestShown)
    def post(self, chosen: Mapping[str, Any], request: UUID) -> Told:
        """Begin to carry a request out; what can be done at once is done and completed."""
        return _told(rights.start(current_work(), request=_as_read(request), **chosen))


@blueprint.route("/requests/<uuid:request>/completions")
class Completions(MethodView):
    """Completions."""

    @guarded(Permission.REQUESTS_WORK, versioned=None)
    @blueprint.arguments(RequestAnswer)
    @blueprint.response(201, RequestShown)
    def post(self, said: Mapping[str, Any], request: UUID) -> Told:
        """Complete what was carried out by hand; the person is told."""
        return _told(rights.complete(current_work(), request=_as_read(request), answer=said["answer"]))


@blueprint.route("/requests/<uuid:request>/refusals")
class Refusals(MethodView):
    """Refusals."""

    @guarded(Permission.REQUESTS_DECIDE, versioned=None)
    @blueprint.arguments(RequestRefusal)
    @blueprint.response(201, RequestShown)
    def post(self, refusal: Mapping[str, Any], request: UUID) -> Told:
        """Refuse a request; the person is told ground, reason, authority and court (GDPR Art. 12(4))."""
        return _told(rights.refuse(current_work(), request=_as_read(request), **refusal))


@blueprint.route("/requests/<uuid:request>/withdrawals")
class RequestWithdrawals(MethodView):
    """Withdrawals by the person."""

    @guarded(Permission.REQUESTS_WORK, versioned=None)
    @blueprint.arguments(RequestReasonMaybe)
    @blueprint.response(201, RequestShown)
    def post(self, told: Mapping[str, Any], request: UUID) -> Told:
        """Note that the person does not want it any more."""
        return _told(rights.withdraw(current_work(), request=_as_read(request), reason=told["reason"]))


@blueprint.route("/requests/<uuid:request>/joins")
class Joins(MethodView):
    """Joins to another request."""

    @guarded(Permission.REQUESTS_WORK, versioned=None)
    @blueprint.arguments(RequestJoin)
    @blueprint.response(201, RequestShown)
    def post(self, other: Mapping[str, UUID], request: UUID) -> Told:
        """Join a request to another one that stands and asks for the same."""
        return _told(rights.join(current_work(), request=_as_read(request), into=RequestId(other["into"])))


@blueprint.route("/requests/<uuid:request>/notices/<uuid:notice>/text")
class NoticeTexts(MethodView):
    """Words of notices."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.response(200, RequestNoticeText)
    def get(self, request: UUID, notice: UUID) -> dict[str, str]:
        """Read the words of a notice, to send or tell it by hand."""
        return {"text": rights.notice_text(current_work(), request=request, notice=notice)}


@blueprint.route("/requests/<uuid:request>/notices/<uuid:notice>/tellings")
class NoticeTellings(MethodView):
    """Tellings by hand."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.response(204)
    def post(self, request: UUID, notice: UUID) -> None:
        """Note that somebody has sent or told it."""
        rights.note_told(current_work(), request=request, notice=notice)


@blueprint.route("/requests/<uuid:request>/recipients/<uuid:recipient>/tellings")
class RecipientTellings(MethodView):
    """Tellings of recipients."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.response(200, RequestRecipientShown)
    def post(self, request: UUID, recipient: UUID) -> RecipientToTell:
        """Note that a recipient of past disclosures was told of what was corrected or restricted (GDPR Art. 19)."""
        return rights.note_recipient_told(current_work(), request=request, recipient=recipient)
