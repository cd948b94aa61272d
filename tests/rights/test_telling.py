"""Webhooks follow requests: each step is told once, in its order, and never whom it is about."""

import json
from collections.abc import Sequence
from typing import Any

from governance.audit import sequencer
from governance.customers.operations import PersonView
from governance.kernel.work import Work
from governance.messages.webhooks import operations as webhooks
from governance.messages.webhooks.operations import Message, MessageKind, Topic
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import RequestAct
from governance.rights import operations as rights
from governance.rights import telling
from governance.rights.acting import _ACTIONS
from governance.rights.codes import RefusalGround
from governance.rights.records import RequestId
from governance.worker.webhooks import body_of
from tests.factories.requesting import ADDRESS, controller, request
from tests.factories.staging import played, stage_of

stage = stage_of(controller)


work = played("irina")


def follower(work: Work, topic: Topic = Topic.REQUESTS) -> webhooks.WebhookId:
    sequencer.sequence(work)
    return webhooks.create(work, name=topic.value, url="https://crm.example/hooks", topic=topic).webhook.id


def told(work: Work, webhook: webhooks.WebhookId) -> tuple[Sequence[Message], list[dict[str, Any]]]:
    sequencer.sequence(work)
    telling.make_messages(work)
    found = list(reversed(webhooks.messages(work, webhook=webhook).items))
    bodies = [json.loads(body_of(work, one)) for one in found]
    return found, [change for one in bodies for change in one["data"]["changes"]]


def test_each_step_of_a_request_is_told_in_its_order(work: Work, irina: PersonView) -> None:
    crm = follower(work)
    made = RequestId(request(work, customer=irina.id, checked="Ausweis gesehen").request.id)
    rights.ask(work, request=made, question="Welches Konto?")
    rights.reply(work, request=made, words="Das alte")
    rights.extend(work, request=made, reason="Archiv")
    rights.refuse(work, request=made, ground=RefusalGround.RIGHTS_OF_OTHERS, reason="Konto eines anderen")
    messages, steps = told(work, crm)

    assert [one["event"] for one in steps] == ["received", "proved", "asked", "replied", "extended", "refused"]
    assert [one["state"] for one in steps][:3] == ["received", "open", "awaiting_requester"]
    assert {(one["request"], one["kind"]) for one in steps} == {(str(made), "access")}
    assert (steps[0]["due_on"], steps[4]["due_on"]) == ("2026-12-22", "2027-02-22")
    assert (len(messages), messages[0].changes) == (1, 6)
    body = body_of(work, messages[0])
    assert json.loads(body)["type"] == "request.changed"
    assert body == body_of(work, messages[0])
    assert told(work, crm)[1] == steps


def test_a_message_holds_nothing_personal_and_names_nobody(work: Work, irina: PersonView) -> None:
    crm = follower(work)
    made = request(work, RequestKind.OBJECTION, customer=irina.id, said="Ich bin Irina").request
    body = json.dumps(told(work, crm)[1], ensure_ascii=False)

    assert str(made.id) in body
    for secret in (ADDRESS, "Irina", "Ирина", str(irina.id), str(irina.ref), made.number):
        assert secret not in body


def test_who_follows_consents_is_told_of_no_request_and_the_other_way_round(work: Work, irina: PersonView) -> None:
    mailer, crm = follower(work, Topic.CONSENTS), follower(work)
    request(work, customer=irina.id)
    assert told(work, crm)[1]
    assert webhooks.messages(work, webhook=mailer).items == ()
    assert webhooks.read(work, webhook=mailer).topic is Topic.CONSENTS


def test_a_trial_of_a_webhook_that_follows_requests_tells_of_none(work: Work) -> None:
    tried = webhooks.enqueue_test(work, webhook=follower(work))
    assert tried.kind is MessageKind.TEST
    assert json.loads(body_of(work, tried))["type"] == "webhook.test"


def test_every_act_that_moves_a_request_is_told_of() -> None:
    assert {_ACTIONS[one].value for one in RequestAct} <= set(telling.EVENTS)


def test_a_page_that_is_full_goes_on_where_it_ended(work: Work, irina: PersonView) -> None:
    place = webhooks.read(work, webhook=follower(work)).place
    request(work, customer=irina.id, checked="Ausweis gesehen")
    request(work, RequestKind.COMPLAINT)
    sequencer.sequence(work)
    first = telling.page(work, after=place, limit=2)
    rest = telling.page(work, after=first.place)
    assert ([telling.told(one)["event"] for one in first.items], first.more) == (["received", "proved"], True)
    assert [telling.told(one)["event"] for one in rest.items] == ["received"]
