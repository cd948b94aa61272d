"""Requests of data subjects: entered by systems and officers, worked on, decided; each act is a resource of its own."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.accounts.portal.operations import CodeId, SentCode
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import CursorField, Page, PageQuery, encode_cursor, page_schema
from governance.api.portal import CodeGiven, CodeSent
from governance.api.rights_shown import RequestLineShown, RequestReceived, RequestShown
from governance.api.schemas import Schema, code
from governance.api.service import current_service, current_work
from governance.customers.codes import ContactKind
from governance.kernel.ids import SubjectId
from governance.policies.deadline_rules import RequestKind
from governance.policies.permissions import Permission
from governance.policies.requests import RequestState
from governance.rights import operations as rights
from governance.rights.codes import About, Arrival, Asking, RefusalGround
from governance.rights.operations import (
    Called,
    NewRequest,
    QueueAfter,
    Received,
    RequestId,
    RequestLine,
    RequestView,
)

blueprint = Blueprint("requests", __name__, description="Requests of data subjects, from receipt to answer.")

_WORDS = ma.validate.Length(1, 4000)


class RequestNew(Schema):
    """A request as it came."""

    kind = code(RequestKind, required=True)
    arrival = code(Arrival, load_default=Arrival.API)
    about = code(
        About,
        load_default=None,
        metadata={"description": "Of an objection: advertising or processing; of a restriction: place or lift."},
    )
    asking = code(Asking, load_default=Asking.SELF)
    asker = ma.fields.String(
        load_default=None, validate=_WORDS, metadata={"description": "Who asks for the person, by what authority."}
    )
    contact_kind = code(ContactKind, load_default=None)
    contact = ma.fields.String(
        load_default=None, validate=ma.validate.Length(1, 500), metadata={"description": "Where the answer goes."}
    )
    region = ma.fields.String(load_default=None, metadata={"description": "Country of a phone number without +."})
    customer = ma.fields.UUID(load_default=None, metadata={"description": "The person, where that is known."})
    received_on = ma.fields.Date(
        load_default=None, metadata={"description": "Day of receipt; today by default, and never later."}
    )
    language = ma.fields.String(load_default=None, validate=ma.validate.Length(2, 8))
    country = ma.fields.String(load_default=None, metadata={"description": "Where the person lives; ISO 3166."})
    said = ma.fields.String(load_default=None, validate=_WORDS, metadata={"description": "Words of the request."})
    changes = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Raw(allow_none=True),
        load_default=None,
        metadata={"description": "Of a rectification: the right values by field."},
    )
    checked = ma.fields.String(
        load_default=None,
        validate=_WORDS,
        metadata={"description": "How an officer made sure who asks; the request is open at once."},
    )


class CallNew(Schema):
    """A call as it comes in."""

    contact_kind = code(ContactKind, required=True)
    contact = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))
    region = ma.fields.String(load_default=None)
    note = ma.fields.String(load_default=None, validate=_WORDS)
    language = ma.fields.String(load_default=None, validate=ma.validate.Length(2, 8))
    country = ma.fields.String(load_default=None)
    kind = code(RequestKind, load_default=RequestKind.ERASURE)


class CallerShown(Schema):
    """Somebody who holds the contact that a caller named, masked."""

    id = ma.fields.UUID(required=True)
    family_name = ma.fields.String(required=True, allow_none=True)
    given_name = ma.fields.String(required=True, allow_none=True)
    birth_date = ma.fields.String(required=True, allow_none=True)
    city = ma.fields.String(required=True, allow_none=True)


class CallShown(Schema):
    """What a call has come to."""

    request = ma.fields.Nested(RequestShown, required=True, attribute="received.request")
    joined = ma.fields.Boolean(required=True, attribute="received.joined")
    stopped = ma.fields.Boolean(required=True, attribute="received.stopped")
    people = ma.fields.List(
        ma.fields.Nested(CallerShown), required=True, metadata={"description": "Those who hold the contact."}
    )
    code = ma.fields.UUID(
        required=True, allow_none=True, metadata={"description": "Of the code on its way; sent back with it."}
    )
    call_back = ma.fields.Boolean(
        required=True, metadata={"description": "Whether no code reaches the contact: call back the number on record."}
    )


class QueueQuery(PageQuery):
    """Which requests are listed."""

    cursor = CursorField(int, UUID, load_default=None, metadata={"description": "`next_cursor` of the page before."})
    state = code(RequestState, load_default=None, metadata={"description": "All that stand by default."})
    kind = code(RequestKind, load_default=None)
    customer = ma.fields.UUID(load_default=None)
    due_before = ma.fields.Date(load_default=None)


class RequestReason(Schema):
    """An act with its reason."""

    reason = ma.fields.String(required=True, validate=_WORDS, metadata={"description": "Sealed."})


class RequestReasonMaybe(Schema):
    """An act that may have a reason."""

    reason = ma.fields.String(load_default=None, validate=_WORDS)


class RequestQuestion(Schema):
    """A question to the person."""

    question = ma.fields.String(required=True, validate=_WORDS, metadata={"description": "Goes into the notice."})
    until = ma.fields.Date(load_default=None, metadata={"description": "Last day on which an answer is waited for."})


class RequestReply(Schema):
    """What the person replied."""

    words = ma.fields.String(required=True, validate=_WORDS)


class OfficerProof(Schema):
    """What an officer checked."""

    customer = ma.fields.UUID(required=True)
    checked = ma.fields.String(required=True, validate=_WORDS, metadata={"description": "In words; no copies."})


class CodeProof(CodeGiven):
    """A code as it was read out."""

    customer = ma.fields.UUID(load_default=None, metadata={"description": "Which holder, where several hold it."})


class CodeTried(Schema):
    """What came of a code."""

    right = ma.fields.Boolean(required=True, metadata={"description": "False where it is wrong, spent or too old."})
    request = ma.fields.Nested(RequestShown, required=True, allow_none=True)


class RequestStart(Schema):
    """The beginning of carrying out."""

    fields_ = ma.fields.List(
        ma.fields.String(),
        load_default=None,
        data_key="fields",
        attribute="fields",
        metadata={"description": "Of a rectification: those that are changed; all that wait by default."},
    )


class RequestAnswer(Schema):
    """The answer to the person."""

    answer = ma.fields.String(load_default=None, validate=_WORDS, metadata={"description": "Goes into the notice."})


class RequestRefusal(Schema):
    """Why a request is refused."""

    ground = code(RefusalGround, required=True)
    reason = ma.fields.String(required=True, validate=_WORDS, metadata={"description": "Goes into the notice."})


class RequestJoin(Schema):
    """Which request stands already."""

    into = ma.fields.UUID(required=True)


class RequestNoticeText(Schema):
    """The words of a notice."""

    text = ma.fields.String(required=True)


RequestPage = page_schema(RequestLineShown, "RequestPage")


@blueprint.route("/requests")
class Requests(MethodView):
    """Requests."""

    @guarded(Permission.REQUESTS_READ)
    @blueprint.arguments(QueueQuery, location="query")
    @blueprint.response(200, RequestPage)
    def get(self, query: Mapping[str, Any]) -> Page[RequestLine]:
        """List requests, the one that is due first at the top."""
        limit, cursor = query["limit"], query["cursor"]
        found = rights.queue(
            current_work(),
            states=[query["state"]] if query["state"] else [],
            kinds=[query["kind"]] if query["kind"] else [],
            customer=None if query["customer"] is None else SubjectId(query["customer"]),
            due_before=query["due_before"],
            after=None if cursor is None else QueueAfter.of(*cursor),
            limit=limit + 1,
        )
        shown = found[:limit]
        more = len(found) > limit
        return Page(shown, encode_cursor(shown[-1].due_on.toordinal(), shown[-1].id) if more else None)

    @guarded(Permission.REQUESTS_RECEIVE)
    @blueprint.arguments(RequestNew)
    @blueprint.response(201, RequestReceived)
    def post(self, new: Mapping[str, Any]) -> Received:
        """Put a request on record; what it ends is stopped at once, and one that stands already is counted with it."""
        said = {**new, "customer": None if new["customer"] is None else SubjectId(new["customer"])}
        return rights.receive(current_work(), new=NewRequest(**said))


@blueprint.route("/requests/calls")
class Calls(MethodView):
    """Calls."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.arguments(CallNew)
    @blueprint.response(201, CallShown)
    def post(self, new: Mapping[str, Any]) -> Called:
        """Take a call: find the caller, stop advertising, put the request on record, send a code, all at once."""
        return rights.call(current_work(), per_hour=current_service().settings.portal_codes_per_hour, **new)


@blueprint.route("/requests/<uuid:request>")
class OneRequest(MethodView):
    """A request."""

    @guarded(Permission.REQUESTS_READ)
    @blueprint.response(200, RequestShown)
    def get(self, request: UUID) -> RequestView:
        """Read a request with its due dates, history and notices."""
        return rights.find(current_work(), request=RequestId(request))


@blueprint.route("/requests/<uuid:request>/identity-checks")
class IdentityChecks(MethodView):
    """Askings for identity."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.response(201, RequestShown)
    def post(self, request: UUID) -> RequestView:
        """Ask the requester to prove who they are."""
        return rights.ask_identity(current_work(), request=RequestId(request))


@blueprint.route("/requests/<uuid:request>/codes")
class RequestCodes(MethodView):
    """Codes for somebody on the phone."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.response(202, CodeSent)
    def post(self, request: UUID) -> SentCode:
        """Send a code to the contact of the request; the caller reads it out."""
        per_hour = current_service().settings.portal_codes_per_hour
        return rights.send_code(current_work(), request=RequestId(request), per_hour=per_hour)


@blueprint.route("/requests/<uuid:request>/code-proofs")
class CodeProofs(MethodView):
    """Proofs by code."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.arguments(CodeProof)
    @blueprint.response(200, CodeTried)
    def post(self, proof: Mapping[str, Any], request: UUID) -> dict[str, object]:
        """Prove who asks by the code. A wrong one is no error, since it counts as a try: `right` tells."""
        customer = None if proof["customer"] is None else SubjectId(proof["customer"])
        seen = rights.prove_by_code(
            current_work(),
            request=RequestId(request),
            code_id=CodeId(proof["id"]),
            typed=proof["code"],
            customer=customer,
        )
        return {"right": seen is not None, "request": seen}


@blueprint.route("/requests/<uuid:request>/proofs")
class Proofs(MethodView):
    """Proofs by an officer."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.arguments(OfficerProof)
    @blueprint.response(201, RequestShown)
    def post(self, proof: Mapping[str, Any], request: UUID) -> RequestView:
        """Take who asks as proved; what was checked is kept in words."""
        customer, checked = SubjectId(proof["customer"]), proof["checked"]
        return rights.prove(current_work(), request=RequestId(request), customer=customer, checked=checked)


@blueprint.route("/requests/<uuid:request>/nothing-held")
class NothingHeld(MethodView):
    """The answer that nothing is held."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.response(201, RequestShown)
    def post(self, request: UUID) -> RequestView:
        """RequestAnswer that nothing is held under the contact."""
        return rights.find_nothing(current_work(), request=RequestId(request))


@blueprint.route("/requests/<uuid:request>/questions")
class Questions(MethodView):
    """Questions to the person."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.arguments(RequestQuestion)
    @blueprint.response(201, RequestShown)
    def post(self, asked: Mapping[str, Any], request: UUID) -> RequestView:
        """Ask the person something; the clock stands still only where the law says so."""
        return rights.ask(current_work(), request=RequestId(request), **asked)


@blueprint.route("/requests/<uuid:request>/replies")
class Replies(MethodView):
    """Replies of the person."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.arguments(RequestReply)
    @blueprint.response(201, RequestShown)
    def post(self, said: Mapping[str, str], request: UUID) -> RequestView:
        """Take down what the person replied."""
        return rights.reply(current_work(), request=RequestId(request), words=said["words"])


@blueprint.route("/requests/<uuid:request>/extensions")
class Extensions(MethodView):
    """Extensions."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.arguments(RequestReason)
    @blueprint.response(201, RequestShown)
    def post(self, told: Mapping[str, str], request: UUID) -> RequestView:
        """Take more time, once, where the law allows it; the person is told why."""
        return rights.extend(current_work(), request=RequestId(request), reason=told["reason"])


@blueprint.route("/requests/<uuid:request>/submissions")
class Submissions(MethodView):
    """Submissions to a second person."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.arguments(RequestReason)
    @blueprint.response(201, RequestShown)
    def post(self, told: Mapping[str, str], request: UUID) -> RequestView:
        """Put a request before a second person; an erasure becomes a proposal."""
        return rights.submit(current_work(), request=RequestId(request), reason=told["reason"])


@blueprint.route("/requests/<uuid:request>/approvals")
class Approvals(MethodView):
    """Approvals."""

    @guarded(Permission.REQUESTS_DECIDE)
    @blueprint.response(201, RequestShown)
    def post(self, request: UUID) -> RequestView:
        """Approve what somebody else has put forward."""
        return rights.approve(current_work(), request=RequestId(request))


@blueprint.route("/requests/<uuid:request>/returns")
class Returns(MethodView):
    """Returns to whoever works on it."""

    @guarded(Permission.REQUESTS_DECIDE)
    @blueprint.arguments(RequestReason)
    @blueprint.response(201, RequestShown)
    def post(self, told: Mapping[str, str], request: UUID) -> RequestView:
        """Send a request that awaits approval back."""
        return rights.send_back(current_work(), request=RequestId(request), reason=told["reason"])


@blueprint.route("/requests/<uuid:request>/starts")
class Starts(MethodView):
    """Beginnings of carrying out."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.arguments(RequestStart)
    @blueprint.response(201, RequestShown)
    def post(self, chosen: Mapping[str, Any], request: UUID) -> RequestView:
        """Begin to carry a request out; what can be done at once is done and completed."""
        return rights.start(current_work(), request=RequestId(request), fields=chosen["fields"])


@blueprint.route("/requests/<uuid:request>/completions")
class Completions(MethodView):
    """Completions."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.arguments(RequestAnswer)
    @blueprint.response(201, RequestShown)
    def post(self, said: Mapping[str, Any], request: UUID) -> RequestView:
        """Complete what was carried out by hand; the person is told."""
        return rights.complete(current_work(), request=RequestId(request), answer=said["answer"])


@blueprint.route("/requests/<uuid:request>/refusals")
class Refusals(MethodView):
    """Refusals."""

    @guarded(Permission.REQUESTS_DECIDE)
    @blueprint.arguments(RequestRefusal)
    @blueprint.response(201, RequestShown)
    def post(self, refusal: Mapping[str, Any], request: UUID) -> RequestView:
        """Refuse a request; the person is told ground, reason, authority and court (GDPR Art. 12(4))."""
        return rights.refuse(current_work(), request=RequestId(request), **refusal)


@blueprint.route("/requests/<uuid:request>/withdrawals")
class RequestWithdrawals(MethodView):
    """Withdrawals by the person."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.arguments(RequestReasonMaybe)
    @blueprint.response(201, RequestShown)
    def post(self, told: Mapping[str, Any], request: UUID) -> RequestView:
        """Note that the person does not want it any more."""
        return rights.withdraw(current_work(), request=RequestId(request), reason=told["reason"])


@blueprint.route("/requests/<uuid:request>/joins")
class Joins(MethodView):
    """Joins to another request."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.arguments(RequestJoin)
    @blueprint.response(201, RequestShown)
    def post(self, other: Mapping[str, UUID], request: UUID) -> RequestView:
        """Join a request to another one that stands and asks for the same."""
        return rights.join(current_work(), request=RequestId(request), into=RequestId(other["into"]))


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
