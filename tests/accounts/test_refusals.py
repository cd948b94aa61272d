"""A refusal leaves a trace of who asked for what."""

from governance.accounts import operations
from governance.accounts.refusals import record_refusal
from governance.audit.actions import Action
from governance.kernel.work import Work
from tests.factories.trail import entries


def test_a_refusal_names_the_actor_the_act_and_the_reason(work):
    new = operations.create_client(work, name="Till", scopes=["customers:read"])
    actor = operations.authenticate_client(work, presented=new.secret)
    record_refusal(
        Work(session=work.session, actor=actor, now=work.now), permission="customers:reveal", reason="forbidden"
    )
    [entry] = entries(work, Action.ACCESS_REFUSED)
    assert (entry.actor_id, entry.actor_name, entry.outcome) == (new.client.id, new.key_id, "refused")
    assert entry.facts == {"permission": "customers:reveal", "reason": "forbidden"}
