"""What the facts of the log and of alerts say, in words of each language, with the codes of the entry beside them."""

from html import unescape

from governance.accounts import operations as accounts
from governance.accounts.operations import AlertKind
from governance.audit.actions import Action
from governance.audit.operations import append
from governance.kernel.ids import uuid7
from governance.kernel.work import OPERATOR, open_work
from governance.pages import naming
from tests.api.conftest import service_of
from tests.factories.exporting import letters

TOLD = {
    "source": "own_form",
    "ground": "legal_duty",
    "country": "DE",
    "currency": "UAH",
    "language": "uk",
    "channel": "sms",
    "method": "one_click",
    "roles": ["auditor", "support"],
    "fields": ["family_name", "contacts"],
    "compartments": ["finance"],
    "purpose": "newsletter",
    "due_on": "2026-12-21",
    "expires_at": "2027-11-22T23:04:24.243187Z",
    "material": True,
    "people": 12345,
    "laws": ["gdpr"],
    "batch": "01a20580-e609-77bb-87d4-fc85d815058b",
}
SAID = {
    "ru": ["своя форма", "Германия", "украинская гривна", "украинский", "ссылка в письме", "Фамилия, Контакты",
           "Покупки", "21 декабря 2026", "23 нояб. 2027", ">да<", "12\xa0345"],
    "uk": ["Німеччина", "українська гривня", "українська", "посилання в листі", "Прізвище, Контакти", "Покупки",
           "21 грудня 2026", "23 лист. 2027", ">так<", "12\xa0345"],
}  # fmt: skip
CODES = ["own_form", "one_click", "legal_duty", '["auditor", "support"]', "2026-12-21", TOLD["batch"]]


def test_facts_of_an_entry_are_said_in_words_and_their_codes_stand_beside_them(desks, door) -> None:
    with open_work(service_of(door).database, OPERATOR) as work:
        entry = append(work, Action.PERSON_CREATED, facts=TOLD)
    desk = desks("auditor")
    for language, said in SAID.items():
        shown = unescape(desk.get(f"/console/audit/{entry}?lang={language}").text)
        assert [one for one in said if one not in shown] == [], language
        assert [one for one in CODES if f'<code class="long">{one}</code>' not in shown] == [], language


def test_a_recipient_is_named_by_its_key_and_by_the_id_of_any_of_its_versions(desks, door) -> None:
    with open_work(service_of(door).database, OPERATOR) as work:
        first, last = (
            letters(work, key="postroom", name=name, country="RU") for name in ("Brief & Co", "Letters & Co")
        )
        entries = [append(work, Action.EXPORT_READY, facts={"recipient": one}) for one in (first.id, last.id, last.key)]
    for entry, name in zip(entries, ("Brief & Co", "Letters & Co", "Letters & Co"), strict=True):
        assert name in unescape(desks("officer").get(f"/console/audit/{entry}").text)


def test_an_alert_tells_its_particulars_in_the_language_of_its_reader(desks, door) -> None:
    with open_work(service_of(door).database, OPERATOR) as work:
        proposal = uuid7()
        accounts.raise_alert(work, kind=AlertKind.DECIDED_ALONE, facts={"proposal": proposal, "act": "release_hold"})
    desk = desks("officer")
    shown = unescape(desk.get("/console/alerts?lang=ru").text)
    assert f"Действие: Снять запрет на удаление · Предложение: <code>{proposal}</code>" in shown
    assert "release_hold" not in shown
    today = unescape(desk.get("/console?lang=uk").text)
    assert "Дія: Зняти заборону видалення" in today


def test_calendars_currencies_and_languages_have_names(door) -> None:
    with door.test_request_context("/console?lang=uk"):
        named = [naming.calendar(one) for one in ("DE", "DE-BY", "warehouse")]
        assert named == ["Німеччина", "Німеччина (BY)", "warehouse"]
        assert (naming.currency("eur"), naming.currency("XQX"), naming.tongue("ru")) == ("євро", "XQX", "російська")
