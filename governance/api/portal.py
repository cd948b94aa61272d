"""What the portal of customers rests on: a code to whatever contact was typed, and the session that it opens.

Without account and without cookie: the token goes out in the answer and comes back as a bearer, so that no page of
another site can act in its name.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, Final, ParamSpec
from uuid import UUID

import marshmallow as ma
from flask import Response, g, request
from flask.views import MethodView

from governance.accounts.portal.operations import CodeId, SentCode
from governance.api.auth import STRANGER, count_stranger, presented_key, stranger_work
from governance.api.blueprints import Blueprint
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_service, current_work
from governance.customers import visiting
from governance.customers.codes import ContactKind
from governance.customers.errors import NotConfirmedError, WrongCodeError
from governance.customers.visiting import Visitor
from governance.customers.visitor_facts import SecondFact, confirm_by_fact
from governance.kernel.errors import GovernanceError, InvalidError, UnauthenticatedError
from governance.kernel.ids import ContactId
from governance.kernel.work import open_work
from governance.policies.permissions import Permission
from governance.policies.visiting import StepUp

WRONG: Final = "The code is wrong, spent or too old; ask for a new one."
NOTHING: Final = "Nothing is held under this contact."

blueprint = Blueprint("portal access", __name__, description="Customers, by a code to a contact of theirs.")

P = ParamSpec("P")


class CodeOrder(Schema):
    """Where the code is to go: an e-mail address or a phone."""

    email = ma.fields.String(validate=ma.validate.Length(3, 254))
    phone = ma.fields.String(validate=ma.validate.Length(3, 50))
    region = ma.fields.String(
        load_default=None,
        metadata={"description": "Country of a phone number without a country code; the controller's by default."},
    )
    language = ma.fields.String(
        load_default=None, validate=ma.validate.Length(2, 8), metadata={"description": "ISO 639, of the message."}
    )


class CodeSent(Schema):
    """That a code is on its way; the same whether anybody is known by the contact or not."""

    id = ma.fields.UUID(required=True, metadata={"description": "Sent back with the code."})
    expires_at = Instant(required=True)


class CodeTyped(Schema):
    """A code as it was typed."""

    code = ma.fields.String(required=True, validate=ma.validate.Length(1, 64))


class CodeGiven(CodeTyped):
    """A code, and the request that it was sent for."""

    id = ma.fields.UUID(required=True)


class FactGiven(Schema):
    """Something that tells one person from others who read the same mailbox."""

    fact = code(SecondFact, required=True)
    value = ma.fields.String(
        required=True, validate=ma.validate.Length(1, 100), metadata={"description": "A date as 1990-12-31."}
    )


class StepUpOrder(Schema):
    """Which contact is to be proven as well."""

    contact = ma.fields.UUID(required=True, metadata={"description": "One of `second_contacts`."})


class SecondContactShown(Schema):
    """Another contact of the visitor."""

    id = ma.fields.UUID(required=True)
    kind = code(ContactKind, required=True)
    masked = ma.fields.String(required=True)


class VisitShown(Schema):
    """A session of a customer, and what it opens."""

    token = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Presented as a bearer from now on, shown once; null where it is the one before."},
    )
    expires_at = Instant(required=True)
    kind = code(ContactKind, required=True, metadata={"description": "Of the contact that was proven."})
    held = ma.fields.String(required=True, metadata={"description": "By `nobody`, by `one` person, or by `several`."})
    message = ma.fields.String(required=True, allow_none=True)
    sure = ma.fields.Boolean(
        required=True,
        metadata={"description": "Whether it is sure who this is; if not, a second fact or an officer tells."},
    )
    powers = ma.fields.List(code(Permission), required=True, metadata={"description": "What the session opens."})
    step_up = code(
        StepUp,
        required=True,
        metadata={
            "description": "Whether a second contact, or a second fact where there is none, has to be proven before "
            "data are downloaded or erased."
        },
    )
    second_contacts = ma.fields.List(ma.fields.Nested(SecondContactShown), required=True)


def for_visitors(view: Callable[P, Response]) -> Callable[P, Response]:
    """Let those in who hold a session of the portal, and run the view in one unit of work.

    A view that refuses by `_refused` has its work committed all the same, so that what was tried stays tried.
    """

    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Response:
        service, presented = current_service(), presented_key()
        with open_work(service.database, STRANGER, clock=service.clock, request_id=g.request_id) as work:
            try:
                g.visitor = visiting.find_visitor(work, presented=presented)
            except UnauthenticatedError:
                count_stranger(service)
                raise
            g.actor = str(g.visitor.visit.id)
            service.limiter.take(g.actor)
            g.work = replace(work, actor=g.visitor.actor)
            response = view(*args, **kwargs)
        refusal: GovernanceError | None = g.pop("refusal", None)
        if refusal is not None:
            raise refusal
        return response

    guard = {"permission": None, "takes_key": False, "takes_version": False}
    described = {**getattr(view, "_apidoc", {}), "guard": guard}
    wrapper._apidoc = described  # type: ignore[attr-defined]  # noqa: SLF001 - flask-smorest's own protocol
    return wrapper


def _visitor() -> Visitor:
    found: Visitor = g.visitor
    return found


def _refused(refusal: GovernanceError) -> dict[str, object]:
    """Answer with *refusal* once the work is committed."""
    g.refusal = refusal
    return {}


def _shown(visitor: Visitor) -> dict[str, object]:
    return {
        "token": visitor.token,
        "expires_at": visitor.expires_at,
        "kind": visitor.kind,
        "held": ("nobody", "one", "several")[min(visitor.held, 2)],
        "message": None if visitor.held else NOTHING,
        "sure": visitor.is_sure,
        "powers": [Permission(one) for one in visitor.powers],
        "step_up": visitor.step_up,
        "second_contacts": visitor.second_contacts,
    }


def _typed(order: Mapping[str, Any]) -> tuple[ContactKind, str]:
    given = [(kind, order[kind.value]) for kind in visiting.LINES if kind.value in order]
    if len(given) != 1:
        sentence = "Give an e-mail address or a phone, and not both."
        raise InvalidError("It has to be clear where the code is to go.", errors={"_": [sentence]})
    return given[0]


@blueprint.route("/portal/codes")
class Codes(MethodView):
    """Codes."""

    @blueprint.arguments(CodeOrder)
    @blueprint.response(202, CodeSent)
    def post(self, order: Mapping[str, Any]) -> SentCode:
        """Send a code of eight digits to a contact; good for ten minutes, once, and for five tries.

        It goes to whatever contact was typed, so neither the answer nor its time tells whether anybody is known by it.
        """
        kind, value = _typed(order)
        with stranger_work() as work:
            return visiting.ask_for_code(
                work,
                kind=kind,
                value=value,
                region=order["region"],
                language=order["language"],
                address=request.remote_addr or "",
                per_hour=current_service().settings.portal_codes_per_hour,
            )


@blueprint.route("/portal/sessions")
class Visits(MethodView):
    """Sessions."""

    @blueprint.arguments(CodeGiven)
    @blueprint.response(201, VisitShown)
    def post(self, given: Mapping[str, Any]) -> dict[str, object]:
        """Begin a session of a quarter of an hour by a code."""
        with stranger_work() as work:
            visitor = visiting.begin(work, code_id=CodeId(given["id"]), typed=given["code"])
        if visitor is None:
            count_stranger(current_service())
            raise WrongCodeError(WRONG)
        g.actor = str(visitor.visit.id)
        return _shown(visitor)


@blueprint.route("/portal/session")
class CurrentVisit(MethodView):
    """The session that asks."""

    @for_visitors
    @blueprint.response(200, VisitShown)
    def get(self) -> dict[str, object]:
        """Read what the session opens."""
        return _shown(_visitor())

    @for_visitors
    @blueprint.response(204)
    def delete(self) -> None:
        """Leave: the token is good no more."""
        visiting.leave_portal(current_work(), visitor=_visitor())


@blueprint.route("/portal/session/second-fact")
class SecondFacts(MethodView):
    """Second facts."""

    @for_visitors
    @blueprint.arguments(FactGiven)
    @blueprint.response(200, VisitShown)
    def post(self, given: Mapping[str, Any]) -> dict[str, object]:
        """Say something that only the person meant knows; five times a day, and twenty in thirty days, at most."""
        confirmed = confirm_by_fact(
            current_work(),
            visitor=_visitor(),
            fact=given["fact"],
            value=given["value"],
            address=request.remote_addr or "",
            per_hour=current_service().settings.portal_codes_per_hour,
        )
        if confirmed is None:
            return _refused(NotConfirmedError("This does not tell who you are; try another fact, or write to us."))
        return _shown(confirmed)


@blueprint.route("/portal/session/step-ups")
class StepUps(MethodView):
    """Second contacts to be proven."""

    @for_visitors
    @blueprint.arguments(StepUpOrder)
    @blueprint.response(202, CodeSent)
    def post(self, order: Mapping[str, UUID]) -> SentCode:
        """Send a code to another contact of the visitor, as downloads and erasure need it."""
        return visiting.ask_to_step_up(
            current_work(),
            visitor=_visitor(),
            contact=ContactId(order["contact"]),
            address=request.remote_addr or "",
            per_hour=current_service().settings.portal_codes_per_hour,
        )


@blueprint.route("/portal/session/step-ups/<uuid:step_up>/proofs")
class StepUpProofs(MethodView):
    """Proofs of second contacts."""

    @for_visitors
    @blueprint.arguments(CodeTyped)
    @blueprint.response(200, VisitShown)
    def post(self, given: Mapping[str, str], step_up: UUID) -> dict[str, object]:
        """Prove the other contact by the code."""
        done = visiting.step_up(current_work(), visitor=_visitor(), code_id=CodeId(step_up), typed=given["code"])
        return _refused(WrongCodeError(WRONG)) if done is None else _shown(done)
