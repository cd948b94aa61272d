"""The life of a data subject's request: which act leads from which state to which. No other path exists.

`identity_check` and `awaiting_requester` wait for the person; whether a law's clock stands still meanwhile is for
`deadlines` to say. Silence ends only what nobody proved: whoever is known to have asked is owed an answer, also where
they leave a question of the controller open (GDPR Art. 12(3) and (4), recital 63). What ends a request stays ended: a
person who is not content begins a new one, or complains.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class RequestState(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"
    IDENTITY_CHECK = "identity_check"
    OPEN = "open"
    AWAITING_REQUESTER = "awaiting_requester"
    AWAITING_APPROVAL = "awaiting_approval"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    DUPLICATE = "duplicate"


class RequestAct(StrEnum):
    """What somebody does to a request."""

    ASK_IDENTITY = "ask_identity"
    PROVE = "prove"
    """Identity is proved: by code, by a second fact, or by an officer who writes down what was checked."""
    ASK = "ask"
    """The person is asked something."""
    REPLY = "reply"
    SUBMIT = "submit"
    """Put before a second person."""
    APPROVE = "approve"
    SEND_BACK = "send_back"
    START = "start"
    COMPLETE = "complete"
    FIND_NOTHING = "find_nothing"
    """Nothing is held under the contact, which is an answer (GDPR Art. 15(1))."""
    REFUSE = "refuse"
    """With its ground, and where to complain (GDPR Art. 12(4))."""
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    """The person did not prove who they are in the time they were told."""
    RESUME = "resume"
    """The person did not reply in the time they were told: it goes on with what is known."""
    JOIN = "join"
    """The same person asked the same before, and that request is still open."""


_Acts = Mapping[RequestAct, RequestState]
_CLOSING: Final[_Acts] = {
    RequestAct.REFUSE: RequestState.REFUSED,
    RequestAct.WITHDRAW: RequestState.WITHDRAWN,
    RequestAct.JOIN: RequestState.DUPLICATE,
}

TRANSITIONS: Final[Mapping[RequestState, _Acts]] = MappingProxyType(
    {
        RequestState.RECEIVED: {
            RequestAct.ASK_IDENTITY: RequestState.IDENTITY_CHECK,
            RequestAct.PROVE: RequestState.OPEN,
            RequestAct.FIND_NOTHING: RequestState.COMPLETED,
            **_CLOSING,
        },
        RequestState.IDENTITY_CHECK: {
            RequestAct.PROVE: RequestState.OPEN,
            RequestAct.FIND_NOTHING: RequestState.COMPLETED,
            RequestAct.EXPIRE: RequestState.EXPIRED,
            **_CLOSING,
        },
        RequestState.OPEN: {
            RequestAct.ASK: RequestState.AWAITING_REQUESTER,
            RequestAct.SUBMIT: RequestState.AWAITING_APPROVAL,
            RequestAct.START: RequestState.IN_PROGRESS,
            RequestAct.FIND_NOTHING: RequestState.COMPLETED,
            **_CLOSING,
        },
        RequestState.AWAITING_REQUESTER: {
            RequestAct.REPLY: RequestState.OPEN,
            RequestAct.RESUME: RequestState.OPEN,
            **_CLOSING,
        },
        RequestState.AWAITING_APPROVAL: {
            RequestAct.APPROVE: RequestState.IN_PROGRESS,
            RequestAct.SEND_BACK: RequestState.OPEN,
            RequestAct.REFUSE: RequestState.REFUSED,
            RequestAct.WITHDRAW: RequestState.WITHDRAWN,
        },
        RequestState.IN_PROGRESS: {RequestAct.COMPLETE: RequestState.COMPLETED},
        **{
            state: {}
            for state in (
                RequestState.COMPLETED,
                RequestState.REFUSED,
                RequestState.WITHDRAWN,
                RequestState.EXPIRED,
                RequestState.DUPLICATE,
            )
        },
    }
)

ENDED: Final = frozenset(state for state, acts in TRANSITIONS.items() if not acts)
"""States that nothing leads out of."""


def after(state: RequestState, act: RequestAct) -> RequestState | None:
    """The state that *act* leads to; None where it is not lawful in *state*."""
    return TRANSITIONS[state].get(act)


def acts_in(state: RequestState) -> tuple[RequestAct, ...]:
    """What may be done in *state*, in the order in which people are shown it."""
    return tuple(act for act in RequestAct if act in TRANSITIONS[state])
