"""Webhooks reach their receivers in order, signed, at least once, and hold no transaction open while they do."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook as Verifier

from governance.audit.actions import Action
from governance.audit.following import BEGINNING, Place
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError, InvalidError, NotFoundError
from governance.kernel.ids import uuid7
from governance.kernel.work import SYSTEM, Work, open_work
from governance.messages.webhooks import addresses, posting, queue
from governance.messages.webhooks import operations as webhooks
from governance.messages.webhooks.addresses import parse
from governance.messages.webhooks.delivering import Line, Postman, deliver_next
from governance.messages.webhooks.records import Message, MessageState, NewWebhook, WebhookId
from tests.conftest import NOW
from tests.factories.receivers import Receiver, receiving
from tests.factories.trail import entries

OTHERS_IN_TRANSACTION = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.now(NOW.tzinfo).replace(microsecond=0))


@pytest.fixture
def line(fresh_database: Database, clock: FixedClock) -> Line:
    return Line(fresh_database, clock, lambda _work, message: f'{{"number":{message.number}}}'.encode())


def open_by(line: Line):
    return open_work(line.database, SYSTEM, clock=line.clock)


def set_up(line: Line, receiver: Receiver, *, messages: int = 1, name: str = "mailer") -> NewWebhook:
    with open_by(line) as work:
        made = webhooks.create(work, name=name, url=receiver.url, from_beginning=True)
    add(line, made.webhook.id, messages)
    return made


def add(line: Line, webhook: WebhookId, messages: int = 1) -> None:
    with open_by(line) as work:
        for _ in range(messages):
            here = webhooks.read(work, webhook=webhook).place
            there = Place(here.tree_id, here.seq + 1)
            webhooks.enqueue(work, webhook=webhook, after=here, until=there, changes=1)


def stand(line: Line, webhook: WebhookId) -> list[tuple[int, str, int]]:
    with open_by(line) as work:
        items = webhooks.messages(work, webhook=webhook).items
    return [(one.number, one.state.value, one.attempts) for one in reversed(items)]


def test_messages_come_in_order_each_signed_as_the_standard_asks(line: Line, receiver: Receiver) -> None:
    made = set_up(line, receiver, messages=3)

    assert [deliver_next(line, made.webhook.id) for _ in range(4)] == [True, True, True, False]
    assert [one["number"] for one in receiver.documents] == [1, 2, 3]
    assert len({headers["webhook-id"] for headers, _ in receiver.taken}) == 3
    for headers, body in receiver.taken:
        assert Verifier(made.secret).verify(body, headers)
    assert stand(line, made.webhook.id) == [(number, "delivered", 1) for number in (1, 2, 3)]


def test_a_message_that_was_changed_on_the_way_does_not_verify(line: Line, receiver: Receiver) -> None:
    made = set_up(line, receiver)
    deliver_next(line, made.webhook.id)
    headers, body = receiver.taken[0]

    with pytest.raises(Exception, match="No matching signature"):
        Verifier(made.secret).verify(body.replace(b"1", b"2"), headers)


def test_while_the_first_message_fails_none_after_it_is_sent(line: Line, receiver: Receiver, clock: FixedClock) -> None:
    receiver.answers = [500, 500, 204]
    made = set_up(line, receiver, messages=2)

    assert not deliver_next(line, made.webhook.id)
    assert not deliver_next(line, made.webhook.id)  # it is not time yet
    assert len(receiver.taken) == 1
    clock.at += queue.FIRST_PAUSE
    assert not deliver_next(line, made.webhook.id)
    clock.at += queue.FIRST_PAUSE * 2
    assert deliver_next(line, made.webhook.id)
    assert deliver_next(line, made.webhook.id)
    ids = [headers["webhook-id"] for headers, _ in receiver.taken]
    assert [one["number"] for one in receiver.documents] == [1, 1, 1, 2]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert stand(line, made.webhook.id) == [(1, "delivered", 3), (2, "delivered", 1)]


def test_pauses_grow_to_a_quarter_of_an_hour_and_a_receiver_may_ask_for_more(
    line: Line, receiver: Receiver, clock: FixedClock
) -> None:
    receiver.answers = [503]
    made = set_up(line, receiver)
    pauses = []
    for turn in range(10):
        receiver.headers = {"Retry-After": "1800"} if turn == 9 else {}
        deliver_next(line, made.webhook.id)
        with open_by(line) as work:
            again = webhooks.read(work, webhook=made.webhook.id).next_attempt_at
        pauses.append((again - clock.at).total_seconds())
        clock.at = again
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 900, 1800]


def test_what_waited_for_a_day_in_vain_is_listed_and_can_be_sent_again(
    line: Line, receiver: Receiver, clock: FixedClock
) -> None:
    receiver.answers = [500]
    made = set_up(line, receiver, messages=2)
    deliver_next(line, made.webhook.id)
    clock.at += timedelta(hours=23)
    add(line, made.webhook.id)
    deliver_next(line, made.webhook.id)
    assert [state for _, state, _ in stand(line, made.webhook.id)] == ["waiting"] * 3
    clock.at += timedelta(hours=1)
    deliver_next(line, made.webhook.id)

    assert [state for _, state, _ in stand(line, made.webhook.id)] == ["failed", "failed", "waiting"]
    with open_by(line) as work:
        shown = webhooks.read(work, webhook=made.webhook.id)
        failed = webhooks.messages(work, webhook=made.webhook.id, state=MessageState.FAILED).items
        told = entries(work, Action.MESSAGE_FAILED)
    assert (shown.waiting, shown.failed, shown.failures) == (1, 2, 3)
    assert [(one.number, one.last_status, one.last_error) for one in failed] == [(2, None, None), (1, 500, "refused")]
    assert [one.facts["messages"] for one in told] == [2]
    receiver.answers = [204]
    with open_by(line) as work:
        assert webhooks.send_again(work, webhook=made.webhook.id, only=[failed[0].id]) == 1
        assert webhooks.send_again(work, webhook=made.webhook.id) == 1
        assert webhooks.send_again(work, webhook=made.webhook.id) == 0
    receiver.taken.clear()
    while deliver_next(line, made.webhook.id):
        pass
    assert [one["number"] for one in receiver.documents] == [1, 2, 3]
    with open_by(line) as work:
        assert webhooks.read(work, webhook=made.webhook.id).failing_since is None


def test_the_doctor_names_receivers_that_are_not_reached_and_what_was_given_up(
    line: Line, receiver: Receiver, clock: FixedClock
) -> None:
    receiver.answers = [500]
    made = set_up(line, receiver)

    def seen() -> list[str]:
        with open_by(line) as work:
            return [one.code for one in webhooks.findings(work)]

    deliver_next(line, made.webhook.id)
    assert seen() == []
    clock.at += timedelta(hours=2)
    assert seen() == ["webhook-not-reached"]
    clock.at += timedelta(hours=23)
    deliver_next(line, made.webhook.id)
    assert seen() == ["webhook-not-reached", "webhook-gave-up"]


def test_a_worker_that_was_down_for_days_tries_before_it_gives_up(
    line: Line, receiver: Receiver, clock: FixedClock
) -> None:
    made = set_up(line, receiver, messages=2)
    clock.at += timedelta(days=3)
    while deliver_next(line, made.webhook.id):
        pass
    assert [state for _, state, _ in stand(line, made.webhook.id)] == ["delivered", "delivered"]


def test_no_transaction_is_open_while_the_receiver_thinks(line: Line, receiver: Receiver) -> None:
    seen: list[int] = []

    def look(handler: BaseHTTPRequestHandler) -> None:
        with open_by(line) as work:
            busy = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            seen.append(work.session.scalar(text(busy + " AND state LIKE 'idle in transaction%'")))
        handler.send_response(204)
        handler.end_headers()

    receiver.answers = [look]
    made = set_up(line, receiver)
    assert deliver_next(line, made.webhook.id)
    assert seen == [0]


def test_a_message_in_somebodys_hands_is_not_sent_by_another_until_the_lease_ends(
    line: Line, receiver: Receiver, clock: FixedClock
) -> None:
    made = set_up(line, receiver)
    with open_by(line) as work:
        dead = queue.claim(work, webhook=made.webhook.id)
    assert dead is not None
    assert not deliver_next(line, made.webhook.id)
    with open_by(line) as work:
        assert queue.due(work, limit=9) == []
    clock.at += queue.LEASE
    assert deliver_next(line, made.webhook.id)
    with open_by(line) as work:  # the first one comes back to life, too late
        assert not queue.settle(work, claimed=dead, answer=posting.Answer(None, "timeout"))
    assert stand(line, made.webhook.id) == [(1, "delivered", 2)]


@pytest.mark.parametrize(
    ("answer", "error"),
    [(301, "redirected"), (308, "redirected"), (404, "refused"), (410, "refused"), (500, "refused")],
)
def test_only_success_counts_and_no_redirect_is_followed(
    line: Line, receiver: Receiver, answer: int, error: str
) -> None:
    receiver.answers = [answer]
    receiver.headers = {"Location": receiver.url}
    made = set_up(line, receiver)
    assert not deliver_next(line, made.webhook.id)
    assert len(receiver.taken) == 1
    with open_by(line) as work:
        (message,) = webhooks.messages(work, webhook=made.webhook.id).items
    assert (message.last_status, message.last_error, message.state) == (answer, error, MessageState.WAITING)


def test_a_receiver_that_is_down_or_breaks_off_is_tried_again(line: Line, receiver: Receiver) -> None:
    def hang_up(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.close()

    receiver.answers = [hang_up]
    made = set_up(line, receiver)
    deliver_next(line, made.webhook.id)
    with open_by(line) as work:
        (message,) = webhooks.messages(work, webhook=made.webhook.id).items
    assert message.last_error == "broken_off"
    assert posting.post(parse("http://127.0.0.1:9/"), body=b"{}", headers={}).error == "unreachable"


def test_a_receiver_that_dribbles_is_cut_off(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "ANSWER_SECONDS", 0.3)

    def dribble(handler: BaseHTTPRequestHandler) -> None:
        for one in b"HTTP/1.1 204 No Content\r\nX: " + b"x" * 60:
            try:
                handler.wfile.write(bytes([one]))
            except OSError:
                return
            time.sleep(0.05)

    receiver.answers = [dribble]
    began = time.monotonic()
    assert posting.post(parse(receiver.url), body=b"{}", headers={}).error == "timeout"
    assert time.monotonic() - began < 2


def test_after_a_new_secret_messages_verify_by_the_old_one_for_a_day(
    line: Line, receiver: Receiver, clock: FixedClock
) -> None:
    made = set_up(line, receiver, messages=1)
    with open_by(line) as work:
        renewed = webhooks.renew_secret(work, webhook=made.webhook.id)
    deliver_next(line, made.webhook.id)
    headers, body = receiver.taken[0]
    assert Verifier(made.secret).verify(body, headers)
    assert Verifier(renewed.secret).verify(body, headers)
    clock.at += timedelta(hours=24)
    add(line, made.webhook.id)
    deliver_next(line, made.webhook.id)
    headers, _ = receiver.taken[1]
    assert len(headers["webhook-signature"].split()) == 1


def test_a_slow_receiver_holds_up_none_but_itself(line: Line, receiver: Receiver) -> None:
    released = threading.Event()

    def wait(handler: BaseHTTPRequestHandler) -> None:
        released.wait(10)
        handler.send_response(204)
        handler.end_headers()

    with receiving() as slow:
        slow.answers = [wait, 204]
        lagging = set_up(line, slow, messages=2, name="slow")
        set_up(line, receiver, messages=3, name="quick")
        postman = Postman(line, stopping=threading.Event())
        postman.step()
        receiver.until(3)
        slow.until(1)
        postman.step()
        assert [state for _, state, _ in stand(line, lagging.webhook.id)] == ["waiting", "waiting"]
        released.set()
        slow.until(2)
        postman.close()
        postman.step()
    assert [one["number"] for one in slow.documents] == [1, 2]


def test_two_postmen_send_each_message_once(line: Line, receiver: Receiver) -> None:
    set_up(line, receiver, messages=8)
    postmen = [Postman(line, stopping=threading.Event()) for _ in range(3)]
    deadline = time.monotonic() + 10
    while len(receiver.taken) < 8 and time.monotonic() < deadline:
        for one in postmen:
            one.step()
    for one in postmen:
        one.close()
    assert [one["number"] for one in receiver.documents] == list(range(1, 9))


def test_a_place_that_another_process_has_gone_on_from_makes_no_second_message(work: Work) -> None:
    made = webhooks.create(work, name="mailer", url="https://mailer.example/", from_beginning=True)
    for _ in range(2):
        webhooks.enqueue(work, webhook=made.webhook.id, after=BEGINNING, until=Place(1, 5), changes=2)
    found = webhooks.read(work, webhook=made.webhook.id)
    assert (found.place, found.waiting) == (Place(1, 5), 1)


def test_a_webhook_shows_neither_secret_nor_path_and_goes_with_its_messages(work: Work) -> None:
    made = webhooks.create(work, name=" mailer ", url="https://mailer.example:8443/hooks/s3cret?k=v")
    webhooks.enqueue_test(work, webhook=made.webhook.id)
    (shown,) = [one for one in webhooks.listed(work) if one.name == "mailer"]

    assert (shown.host, shown.waiting) == ("mailer.example:8443", 1)
    assert "s3cret" not in repr(shown)
    with pytest.raises(ConflictError):
        webhooks.create(work, name="mailer", url="https://other.example/")
    webhooks.remove(work, webhook=made.webhook.id)
    with pytest.raises(NotFoundError):
        webhooks.read(work, webhook=made.webhook.id)
    told = [entries(work, one)[0] for one in (Action.WEBHOOK_CREATED, Action.WEBHOOK_REMOVED)]
    assert all(one.object and one.object.id == made.webhook.id for one in told)


def test_of_two_that_are_set_up_at_once_by_the_same_name_one_is_told_so(line: Line) -> None:
    told: list[str] = []

    def set_up_another() -> None:
        try:
            with open_by(line) as work:
                webhooks.create(work, name="twin", url="https://mailer.example/")
        except ConflictError as error:
            told.extend(error.errors)

    another = threading.Thread(target=set_up_another)
    with open_by(line) as work:
        webhooks.create(work, name="twin", url="https://mailer.example/")
        another.start()
        another.join(0.1)  # until it waits for the name
    another.join()
    assert told == ["name"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mailer.example/hooks",
        "ftp://mailer.example/",
        "http://mailer.example/",
        "http://10.0.0.7/",
        "https://user:password@mailer.example/",
        "https://mailer.example/#part",
        "https://mailer.example/a b",
        "https://mailer.example/\r\nX: y",
        "https://пошта.example/",
        "https://mailer.example:port/",
        "https://[::1/",
        "https://169.254.169.254/latest",
        "https://[::ffff:169.254.169.254]/",
        "https://[fe80::1%25eth0]/",
        "https://mailer.example/" + "x" * 2000,
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(work: Work, url: str) -> None:
    with pytest.raises(InvalidError) as refused:
        webhooks.create(work, name="mailer", url=url)
    assert set(refused.value.errors) == {"url"}
    assert not url or url not in f"{refused.value.detail} {refused.value.errors}"


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1%eth0", "::ffff:169.254.1.1", "0.0.0.0", "224.0.0.1"])
def test_nothing_is_sent_to_link_local_addresses_whatever_name_they_hide_behind(address: str) -> None:
    target = parse("https://mailer.example/")
    with pytest.raises(addresses.ForbiddenAddressError):
        addresses.resolve(target, resolver=lambda _host, _port: ["10.0.0.7", address])
    assert posting.post(target, body=b"", headers={}, resolver=lambda *_: [address]).error == "forbidden_address"


def test_plain_http_leaves_this_host_by_no_name() -> None:
    with pytest.raises(addresses.ForbiddenAddressError):
        addresses.resolve(parse("http://localhost/"), resolver=lambda _host, _port: ["10.0.0.7"])
    assert addresses.resolve(parse("https://intern.example/"), resolver=lambda _h, _p: ["10.0.0.7"]) == "10.0.0.7"


def test_settled_messages_are_forgotten_after_three_months(line: Line, receiver: Receiver, clock: FixedClock) -> None:
    made = set_up(line, receiver, messages=1)
    deliver_next(line, made.webhook.id)
    add(line, made.webhook.id)
    clock.at += queue.KEPT + timedelta(seconds=1)
    with open_by(line) as work:
        assert webhooks.purge(work) == 1
    assert stand(line, made.webhook.id) == [(2, "waiting", 0)]


def test_messages_are_listed_newest_first_page_by_page(line: Line, receiver: Receiver) -> None:
    made = set_up(line, receiver, messages=5)
    with open_by(line) as work:
        first = webhooks.messages(work, webhook=made.webhook.id, limit=2)
        second = webhooks.messages(work, webhook=made.webhook.id, limit=2, after=first.next_after)
        last = webhooks.messages(work, webhook=made.webhook.id, limit=2, after=second.next_after)
        with pytest.raises(NotFoundError):
            webhooks.messages(work, webhook=WebhookId(uuid7()))
    found: list[Message] = [*first.items, *second.items, *last.items]
    assert [one.number for one in found] == [5, 4, 3, 2, 1]
    assert last.next_after is None
