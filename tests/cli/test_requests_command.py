"""Requests of data subjects at the command line."""

from governance import executors
from governance.cli.context import opened, operator_work
from tests.cli.conftest import Command

LETTER = (
    "--kind", "complaint", "--contact-kind", "email", "--contact", "irina@example.org", "--received-on", "2026-11-02",
    "--said", "Слишком много писем", "--language", "ru",
)  # fmt: skip


def test_a_letter_is_received_worked_on_and_answered(governance: Command) -> None:
    made = governance("requests", "receive", *LETTER)
    assert made.code == 0
    number = made.out.strip()
    assert "ru_152fz answer by" in made.err
    again = governance("requests", "receive", *LETTER, "--json").json
    assert (again["joined"], again["request"]["repeats"]) == (True, 1)
    assert number in governance("requests", "list").out
    shown = governance("requests", "show", number.lower(), "--json").json
    assert (shown["state"], shown["received_on"]) == ("received", "2026-11-02")
    notice = shown["notices"][0]["id"]
    text = governance("requests", "notice", number, notice).out
    assert number in text
    assert "жалобу" in text

    early = governance("requests", "start", number)
    assert (early.code, "where start is not possible" in early.err) == (1, True)
    code = governance("requests", "code", number)
    assert code.code == 0
    wrong = governance("requests", "confirm", number, code.out.strip(), "00000000")
    assert (wrong.code, "send a new one" in wrong.err) == (1, True)
    refused = governance("requests", "refuse", number, "--ground", "not_identified", "--reason", "Нет ответа", "--json")
    assert (refused.json["state"], refused.json["ground"]) == ("refused", "not_identified")
    assert governance("requests", "list", "--state", "refused", "--json").json[0]["number"] == number
    assert governance("requests", "withdraw", number).code == 1


def test_wrong_calls_are_told_in_a_sentence(governance: Command) -> None:
    none = governance("requests", "show", "R-23456789")
    assert (none.code, none.err.strip()) == (1, "There is no such request.")
    unsaid = governance("requests", "receive", "--kind", "access")
    assert (unsaid.code, "contact" in unsaid.err) == (1, True)
    assert governance("requests", "receive", "--kind", "everything").code == 2
    odd = governance("requests", "receive", "--kind", "rectification", "--change", "city")
    assert (odd.code, "FIELD=VALUE" in odd.err) == (2, True)


def test_rooms_do_for_one_another_at_the_host_what_they_do_in_the_service(governance: Command) -> None:
    assert governance("requests", "list").code == 0
    with opened() as store, operator_work(store) as work:
        installed = work.session.info
        assert dict(installed["erasure_shedders"]) == dict(executors.SHEDDERS)
        assert dict(installed["merge_partings"]) == dict(executors.PARTINGS)
        assert dict(installed["request_carriers"]) == dict(executors.CARRIERS)
