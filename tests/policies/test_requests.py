"""The life of a request: no path but those of the table."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from governance.policies.requests import ENDED, TRANSITIONS, RequestAct, RequestState, acts_in, after

LAWFUL = {
    "received": {"ask_identity": "identity_check", "prove": "open", "find_nothing": "completed", "refuse": "refused",
                 "withdraw": "withdrawn", "join": "duplicate"},
    "identity_check": {"prove": "open", "find_nothing": "completed", "expire": "expired", "refuse": "refused",
                       "withdraw": "withdrawn", "join": "duplicate"},
    "open": {"ask": "awaiting_requester", "submit": "awaiting_approval", "start": "in_progress",
             "find_nothing": "completed", "refuse": "refused", "withdraw": "withdrawn", "join": "duplicate"},
    "awaiting_requester": {"reply": "open", "resume": "open", "refuse": "refused", "withdraw": "withdrawn",
                           "join": "duplicate"},
    "awaiting_approval": {"approve": "in_progress", "send_back": "open", "refuse": "refused", "withdraw": "withdrawn"},
    "in_progress": {"complete": "completed"},
    "completed": {}, "refused": {}, "withdrawn": {}, "expired": {}, "duplicate": {},
}  # fmt: skip


def test_the_paths_are_those_that_were_agreed_and_no_others() -> None:
    told = {
        state.value: {act.value: to.value for act in RequestAct if (to := after(state, act)) is not None}
        for state in RequestState
    }

    assert told == LAWFUL
    assert set(TRANSITIONS) == set(RequestState)


@given(st.lists(st.sampled_from(RequestAct), max_size=30))
def test_whatever_is_tried_an_ended_request_stays_ended_and_nothing_is_done_unapproved(acts: list[RequestAct]) -> None:
    state, been = RequestState.RECEIVED, [RequestState.RECEIVED]
    for act in acts:
        state = after(state, act) or state
        been.append(state)

    for before, following in pairwise(been):
        assert before not in ENDED or following is before
        if following is RequestState.IN_PROGRESS and before is not following:
            assert before in {RequestState.OPEN, RequestState.AWAITING_APPROVAL}
    if RequestState.IN_PROGRESS in been:
        assert RequestState.OPEN in been  # nobody's data are touched before identity is proved


def test_every_state_can_be_reached_and_every_open_one_can_end() -> None:
    reached, frontier = {RequestState.RECEIVED}, [RequestState.RECEIVED]
    while frontier:
        new = set(TRANSITIONS[frontier.pop()].values()) - reached
        reached |= new
        frontier += new
    assert reached == set(RequestState)
    for state in set(RequestState) - ENDED:
        assert acts_in(state)
    silence = {
        state: {after(state, act) for act in (RequestAct.EXPIRE, RequestAct.RESUME)} - {None}
        for state in (RequestState.IDENTITY_CHECK, RequestState.AWAITING_REQUESTER)  # the person is waited for
    }
    assert silence == {
        RequestState.IDENTITY_CHECK: {RequestState.EXPIRED},
        RequestState.AWAITING_REQUESTER: {RequestState.OPEN},  # whoever proved who they are is owed an answer
    }
