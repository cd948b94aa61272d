"""Words of messages that a controller writes itself: versions, what was sent in them, and putting them back."""

from datetime import timedelta

import pytest

from governance.kernel.errors import InvalidError
from governance.kernel.work import Work
from governance.messages import operations as messages
from governance.messages import outbox
from governance.messages.operations import Template
from governance.messages.texts import shipped
from governance.messages.wording import render_as_sent
from tests.messages.test_texts import VALUES

CODE = Template.PORTAL_CODE


def own(said: str) -> str:
    return shipped(CODE, "en")[0].replace("Hello,", said)


def put_in(work: Work) -> None:
    messages.enqueue(
        work,
        template=CODE,
        language="en",
        recipient="somebody@example.org",
        values={"controller": "Daisy", "code": "1234 5678", "minutes": 10},
        expires_at=work.now + timedelta(hours=1),
    )


def test_a_message_goes_out_in_the_words_that_stood_when_it_was_put_in(work: Work) -> None:
    first = messages.set_wording(work, template=CODE, language="en", words=own("Good day,"))
    assert (first.version, first.own) == (1, True)
    put_in(work)
    messages.set_wording(work, template=CODE, language="en", words=own("Dear reader,"))
    put_in(work)
    back = messages.reset_wording(work, template=CODE, language="en")
    assert (back.version, back.own, back.words) == (3, False, shipped(CODE, "en")[0])
    put_in(work)

    begun = []
    while (lent := outbox.lend(work)) is not None:
        begun.append((lent.own or "Hello,").count("Good day,") + 2 * (lent.own or "").count("Dear reader,"))
    assert sorted(begun) == [0, 1, 2]


def test_a_notice_is_read_later_in_the_words_that_it_was_sent_in(work: Work) -> None:
    template = Template.REQUEST_QUESTION
    words = shipped(template, "uk")[0].replace("Вітаємо!", "Доброго дня!")
    version = messages.set_wording(work, template=template, language="uk", words=words).version
    messages.reset_wording(work, template=template, language="uk")

    then = render_as_sent(work, template=template, language="uk", values={**VALUES, "wording": str(version)})
    now = render_as_sent(work, template=template, language="uk", values=VALUES)
    assert "Доброго дня!" in then.text
    assert "Доброго дня!" not in now.text


def test_the_same_words_make_no_version(work: Work) -> None:
    once = messages.set_wording(work, template=CODE, language="en", words=own("Good day,"))
    assert messages.set_wording(work, template=CODE, language="en", words=own("Good day,")) == once
    assert messages.reset_wording(work, template=CODE, language="ru").version == 0
    assert messages.set_wording(work, template=CODE, language="uk", words=shipped(CODE, "uk")[0]).version == 0


def test_words_in_a_language_that_is_not_there_are_refused(work: Work) -> None:
    with pytest.raises(InvalidError):
        messages.set_wording(work, template=CODE, language="pl", words=own("Hello,"))
