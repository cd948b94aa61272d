"""Consents given and taken back: recorded one by one or in batches."""

from collections.abc import Mapping, Sequence
from typing import Final

from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.consent_saying import ExpressEvents, record_together
from governance.api.consent_schemas import ConsentBatchAnswer, ConsentBatchNew, ConsentEventAnswer, ConsentEventNew
from governance.api.service import current_work
from governance.consent import operations as consent
from governance.consent.operations import NewEvent, Recorded, Refused
from governance.policies.permissions import Permission

BATCH_LIMIT_BYTES: Final = 16 * 1_048_576

blueprint = Blueprint("consents", __name__, description="Consents: given, refused, withdrawn.")


def express() -> ExpressEvents:
    """Records single events in the lane."""
    return ExpressEvents(ConsentEventNew(), ConsentEventAnswer())


@blueprint.route("/consent/events")
class ConsentEvents(MethodView):
    """Events."""

    @guarded(Permission.CONSENT_RECORD, together=record_together(ConsentEventNew(), ConsentEventAnswer()))
    @blueprint.arguments(ConsentEventNew)
    @blueprint.response(201, ConsentEventAnswer)
    def post(self, event: NewEvent) -> Recorded:
        """Record what somebody said; the next check goes by it.

        A consent is one customer's: where several hold the contact, give the customer id as well. A stop (`refused`,
        `withdrawn`, `objected`) counts for everybody who holds the contact, and where nobody does, for whoever will.
        """
        return consent.record(current_work(), event=event)


@blueprint.route("/consent/events/batches")
class ConsentEventBatches(MethodView):
    """Events in batches."""

    @guarded(Permission.CONSENT_RECORD, body_limit_bytes=BATCH_LIMIT_BYTES)
    @blueprint.arguments(ConsentBatchNew)
    @blueprint.response(200, ConsentBatchAnswer)
    def post(self, batch: Mapping[str, Sequence[NewEvent]]) -> dict[str, object]:
        """Record up to 5,000 events in order; what is wrong with one does not keep the others from being recorded.

        Repeated with the same `Idempotency-Key` it records nothing again, and is answered without the items.
        """
        answers = consent.record_many(current_work(), events=batch["events"])
        items = [
            {"recorded": one, "refused": None} if isinstance(one, Recorded) else {"recorded": None, "refused": one}
            for one in answers
        ]
        refused = sum(isinstance(one, Refused) for one in answers)
        return {"items": items, "recorded": len(items) - refused, "refused": refused}
