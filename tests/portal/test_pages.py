"""The public pages: what they answer, what a scanner may do to them, and what browsers are told of them."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from governance.app import FORMS_PER_MINUTE
from governance.consent import operations as consent
from governance.consent.ledger import digest
from governance.consent.tables import ConsentStateRow
from governance.customers import operations as customers
from governance.customers.codes import ContactKind
from governance.pages.languages import NAMES
from governance.policies.purposes import Channel
from tests.api.conftest import service_of
from tests.factories.forms import BASE, EMAIL, publish_notices, token_for
from tests.portal.conftest import Form, heading

Working = Callable[[], Any]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def send(visitor: FlaskClient, *, email: str = EMAIL, ticked: tuple[str, ...] = ("newsletter",), **more: str) -> Any:
    """Fill the form in and send it, as a browser does."""
    form = Form(visitor.get("/subscribe/club?lang=en"))
    return visitor.post("/subscribe/club", data={**form.inputs, "email": email, "choice": list(ticked), **more})


def leaving_token(working: Working, purpose: str = "newsletter") -> str:
    with working() as work:
        made = customers.create(
            work,
            fields={"source": "till", "ground": "contract"},
            contacts=[customers.ContactSaid(kind="email", value=EMAIL)],
        )
        make = consent.unsubscriber(work, base_url=BASE, purpose=purpose, channel=Channel.EMAIL)
        url = make(made.contacts[0].id, digest(work, ContactKind.EMAIL, EMAIL))
    return url.rpartition("/")[2]


def state(site: Flask) -> list[tuple[object, ...]]:
    """All that the database holds and a visit could change."""
    tables = ("audit_body", "consent_request", "consent_event", "consent_state", "message", "person", "contact",
              "suppression")  # fmt: skip
    with service_of(site).database.sessions() as session:
        return [
            (table, *row)
            for table in tables
            for row in session.execute(text(f"SELECT md5(t::text) FROM {table} t ORDER BY 1"))
        ]


def test_a_form_shows_the_words_of_each_consent_in_full_beside_a_box_of_its_own_that_is_not_ticked(
    visitor: FlaskClient,
) -> None:
    page = visitor.get("/subscribe/club?lang=en")
    form = Form(page)

    assert page.status_code == 200
    assert [(box["name"], box["value"], "checked" in box) for box in form.boxes] == [
        ("choice", "newsletter", False),
        ("choice", "own_offers", False),
    ]
    assert "I agree to newsletter.\nI can take it back." in page.text
    assert "I agree to own_offers.\nI can take it back." in page.text
    assert "As little as we can." in page.text  # the privacy notice


@pytest.mark.parametrize("name", NAMES)
def test_pages_speak_the_language_that_was_chosen_or_that_the_browser_asks_for(visitor: FlaskClient, name: str) -> None:
    chosen = visitor.get(f"/subscribe/club?lang={name}", headers={"Accept-Language": "de"})
    asked = visitor.get("/subscribe/club", headers={"Accept-Language": f"de, {name};q=0.8"})

    assert f'<html lang="{name}">' in chosen.text
    assert f'<html lang="{name}">' in asked.text
    assert chosen.headers["Content-Language"] == name
    assert "Accept-Language" in asked.headers["Vary"]


def test_a_language_that_nobody_speaks_here_is_english(visitor: FlaskClient) -> None:
    for query, header in (("?lang=xx", "de"), ("?lang=<b>", "*"), ("", "")):
        page = visitor.get(f"/subscribe/club{query}", headers={"Accept-Language": header})
        assert '<html lang="en">' in page.text


def test_the_answer_to_known_and_unknown_addresses_is_the_same(visitor: FlaskClient, working: Working) -> None:
    leaving_token(working)  # makes the first one known
    known, unknown = send(visitor), send(visitor, email="nobody@example.org")

    assert known.status_code == unknown.status_code == 303
    assert known.headers["Location"] == unknown.headers["Location"] == "/subscribe/club/sent?lang=en"
    assert known.text == unknown.text
    assert heading(visitor.get(known.headers["Location"])) == "Look into your mailbox"


def test_wrong_input_keeps_what_was_typed_and_says_what_to_do(visitor: FlaskClient) -> None:
    page = send(visitor, email="irina <at> example", ticked=("own_offers",), given_name="Ирина")
    form = Form(page)

    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert "Write your e-mail address like this" in page.text
    assert (form.inputs["email"], form.inputs["given_name"]) == ("irina <at> example", "Ирина")
    assert [box["value"] for box in form.boxes if "checked" in box] == ["own_offers"]
    assert 'aria-invalid="true"' in page.text


def test_without_a_tick_the_page_says_so(visitor: FlaskClient) -> None:
    page = send(visitor, ticked=())

    assert page.status_code == 422
    assert "Tick at least one box" in page.text


def test_a_form_of_another_site_that_brings_an_address_gets_the_page_with_the_words(visitor: FlaskClient) -> None:
    page = visitor.post("/subscribe/club", data={"email": EMAIL, "choice": "newsletter"})

    assert page.status_code == 409
    assert Form(page).inputs["email"] == EMAIL
    assert not any("checked" in box for box in Form(page).boxes)
    assert "Please read the words below" in page.text


def test_words_that_changed_while_the_page_was_open_are_shown_before_they_are_agreed_to(
    visitor: FlaskClient, working: Working
) -> None:
    form = Form(visitor.get("/subscribe/club"))
    with working() as work:
        publish_notices(work, "newsletter")
    late = visitor.post("/subscribe/club", data={**form.inputs, "email": EMAIL, "choice": "newsletter"})
    again = visitor.post("/subscribe/club", data={**Form(late).inputs, "email": EMAIL, "choice": "newsletter"})

    assert (late.status_code, again.status_code) == (409, 303)


def test_what_was_typed_is_no_markup(visitor: FlaskClient) -> None:
    page = send(visitor, email='"><script>alert(1)</script>')

    assert "<script" not in page.text
    assert '"><script>alert(1)</script>' in unescape(page.text)


def test_confirming_needs_the_button_and_a_second_press_comes_to_the_same(
    visitor: FlaskClient, working: Working, site: Flask
) -> None:
    with working() as work:
        token = token_for(work)
    before = state(site)
    shown = visitor.get(f"/confirm/{token}?lang=en")

    assert heading(shown) == "Confirm your subscription"
    assert "I agree to newsletter." in shown.text
    assert state(site) == before
    pressed = visitor.post(f"/confirm/{token}", data=Form(shown).inputs)
    after = state(site)
    again = visitor.post(f"/confirm/{token}", data=Form(shown).inputs)
    assert heading(pressed) == heading(again) == "✓ Thank you, it is confirmed"
    assert after != before
    assert state(site) == after
    assert heading(visitor.get(f"/confirm/{token}?lang=en")) == "✓ Thank you, it is confirmed"


def test_a_scanner_that_fetches_every_link_changes_nothing_and_spends_nothing(
    visitor: FlaskClient, working: Working, site: Flask
) -> None:
    leave = leaving_token(working)
    with working() as work:
        token = token_for(work)
    before = state(site)
    seen: set[str] = set()
    waiting = ["/subscribe/club", "/subscribe/club/sent", f"/confirm/{token}", f"/unsubscribe/{leave}"]
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        for fetch in (visitor.head, visitor.get, visitor.get):
            with fetch(address) as page:
                assert page.status_code == 200, address
                links = [] if "static" in address else Form(page).links
        base = address.partition("?")[0]
        waiting += [base + link if link.startswith("?") else link for link in links if not link.startswith("#")]

    assert len(seen) > 12
    assert state(site) == before
    assert heading(visitor.post(f"/confirm/{token}")).startswith("✓")


def test_one_click_unsubscribes_without_login_cookie_or_page(visitor: FlaskClient, working: Working) -> None:
    token = leaving_token(working)
    for said in ({"data": ONE_CLICK}, {"data": ONE_CLICK, "content_type": "multipart/form-data"}):
        answer = visitor.post(f"/unsubscribe/{token}", **said)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    with working() as work:
        assert {one.standing for one in work.session.query(ConsentStateRow)} == {"withdrawn"}


def test_the_page_of_the_link_has_a_button_for_this_and_one_for_all_advertising(
    visitor: FlaskClient, working: Working
) -> None:
    token = leaving_token(working)
    page = visitor.get(f"/unsubscribe/{token}?lang=en")
    form = Form(page)

    assert heading(page) == "Unsubscribe"
    assert [button["value"] for button in form.buttons] == ["purpose", "advertising"]
    assert len({button["class"] for button in form.buttons}) == 1  # equally prominent
    done = visitor.post(f"/unsubscribe/{token}", data={**form.inputs, "leave": "advertising"})
    assert heading(done) == "✓ You are unsubscribed"
    assert "no more advertising" in done.text
    with working() as work:
        assert {one.standing for one in work.session.query(ConsentStateRow)} == {"objected"}


def test_a_post_that_is_neither_one_click_nor_a_button_changes_nothing(
    visitor: FlaskClient, working: Working, site: Flask
) -> None:
    token = leaving_token(working)
    before = state(site)
    for said in ({}, {"data": {"List-Unsubscribe": "no"}}, {"data": {"leave": "everything"}}, {"json": ONE_CLICK}):
        assert visitor.post(f"/unsubscribe/{token}", **said).status_code == 400
    assert state(site) == before


def test_refusals_are_pages_in_the_visitors_language(visitor: FlaskClient) -> None:
    expected = {
        "/subscribe/nothing": "По этому адресу ничего нет",
        "/confirm/nothing": "Эта ссылка больше не действует",
        "/unsubscribe/nothing": "Эта ссылка больше не действует",
    }
    for address, said in expected.items():
        page = visitor.get(f"{address}?lang=ru")
        assert (page.status_code, heading(page)) == (404, said)


def test_who_sends_too_many_forms_is_told_when_to_come_back(visitor: FlaskClient) -> None:
    answers = [visitor.post("/subscribe/club", data={"email": "x"}) for _ in range(25)]

    refused = [one for one in answers if one.status_code == 429]
    assert len(refused) == 25 - FORMS_PER_MINUTE
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 60
    assert heading(refused[0]) == "Too many forms were sent from your network"


def pages(visitor: FlaskClient, working: Working) -> list[Any]:
    leave = leaving_token(working)
    with working() as work:
        token = token_for(work)
    got = ["/subscribe/club", "/subscribe/club/sent", f"/confirm/{token}", f"/unsubscribe/{leave}", "/confirm/x"]
    found = [visitor.get(address) for address in got]
    found.append(visitor.post("/subscribe/club", data={"email": "x"}))
    found.append(visitor.post(f"/confirm/{token}"))
    found.append(visitor.post(f"/unsubscribe/{leave}", data=ONE_CLICK))
    return found


def test_every_page_is_strict_with_browsers_sets_no_cookie_and_is_kept_by_nobody(
    visitor: FlaskClient, working: Working
) -> None:
    for page in pages(visitor, working):
        policy = page.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'")
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in page.headers
        assert not re.search(r"<script|<style|\sstyle=|https?://(?!localhost)", page.text)
        assert len(page.data) < 150_000


def test_only_sites_that_the_form_names_may_show_it_in_a_frame(visitor: FlaskClient, working: Working) -> None:
    form = visitor.get("/subscribe/club")
    leave = visitor.get(f"/unsubscribe/{leaving_token(working)}")

    framed = [re.findall(r"frame-ancestors ([^;]*)", one.headers["Content-Security-Policy"]) for one in (form, leave)]
    assert framed == [["https://shop.example.org"], ["'none'"]]


def test_every_page_has_what_a_screen_reader_needs(visitor: FlaskClient, working: Working) -> None:
    for page in pages(visitor, working):
        html = page.text
        assert len(re.findall("<h1", html)) == 1
        assert "<main" in html
        assert re.search(r"<title>[^<]{5,}</title>", html)
        labels = set(re.findall(r'<label for="([^"]+)"', html))
        for found in re.findall(r"<input[^>]*>", html):
            if 'type="hidden"' not in found:
                name = re.search(r'id="([^"]+)"', found)
                assert name is not None
                assert name[1] in labels
        ids = re.findall(r'\sid="([^"]+)"', html)
        assert len(ids) == len(set(ids))
        described = " ".join(re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', html)).split()
        assert set(described) <= set(ids)
        assert {link[1:] for link in Form(page).links if link.startswith("#")} <= set(ids)


def test_the_stylesheet_comes_from_here_and_may_be_kept(visitor: FlaskClient) -> None:
    with visitor.get("/pages/static/governance.css") as style:
        assert style.content_type.startswith("text/css")
        assert "max-age" in style.headers["Cache-Control"]
        assert b"@import" not in style.data
        assert b"url(" not in style.data


def test_tokens_and_addresses_stay_out_of_the_log(
    visitor: FlaskClient, working: Working, caplog: pytest.LogCaptureFixture
) -> None:
    leave = leaving_token(working)
    visitor.post(f"/unsubscribe/{leave}", data=ONE_CLICK)
    send(visitor)
    said = caplog.text

    assert "/unsubscribe/<token>" in said
    assert leave not in said
    assert EMAIL not in said
