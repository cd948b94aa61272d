"""Pages that need no session: the privacy notice by version, certificates, the sheet for the counter; and the brand."""

import io
import re
from dataclasses import replace

import pytest

from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.consent.operations import NoticeText
from governance.kernel.errors import ConfigurationError
from governance.kernel.work import OPERATOR, open_work
from governance.pages.brand import DARK, LIGHT, brand, contrast, stylesheet, tokens
from governance.portal.place import EXTENSION
from governance.reference.operations import set_controller
from tests.api.conftest import door, door_store, service_of
from tests.portal.guests import say

__all__ = ["door", "door_store"]

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def web(door):
    with open_work(service_of(door).database, OPERATOR) as work:
        set_controller(work, legal_name="Daisy", address="Berlin", country="DE")
    return door.test_client()


def test_the_privacy_notice_is_there_in_all_its_versions(web):
    with open_work(service_of(web.application).database, OPERATOR) as work:
        for words in ("Little.", "Even less."):
            texts = {"en": NoticeText("How we use data", words), "ru": NoticeText("О данных", "Мало.")}
            made = consent.publish_notice(work, kind=NoticeKind.PRIVACY, key="privacy", texts=texts, material=True)
    told = say(web.get("/privacy"))
    assert "Even less." in told
    assert "Little." not in told
    assert "Little." in say(web.get(f"/privacy/privacy/{made.version.version - 1}"))
    assert "Мало." in say(web.get("/privacy?lang=ru"))
    assert web.get("/privacy/privacy/999").status_code == 404


def test_a_certificate_is_asked_for_by_a_number_that_exists(web):
    answer = web.post("/certificate/number", data={"number": "R-22222222"})
    assert (answer.status_code, 'value="R-22222222"' in answer.text) == (422, True)
    assert "No erasure has this number" in say(answer)
    assert "governance audit verify-certificate" in answer.text  # for whoever trusts no page


@pytest.mark.parametrize("content", [b"", b"no json", b"{}", b'{"checkpoint": 5}', b"[" * 5000, "ы".encode("utf-16")])
def test_what_is_no_certificate_is_told_so_and_breaks_nothing(web, content):
    answer = web.post("/certificate", data={"file": (io.BytesIO(content), "c.json")})
    assert answer.status_code in (200, 422)
    assert re.search("is no certificate|Choose the file", say(answer))


def test_the_sheet_for_the_counter_shows_the_address_and_its_code(web):
    page = web.get("/counter?lang=uk")
    assert "<svg" in page.text
    assert "/my" in say(page)
    assert "Ваші дані належать вам" in say(page)


def test_every_colour_is_made_readable_in_light_and_dark():
    steps = range(0, 256, 51)
    for colour in ((float(red), float(green), float(blue)) for red in steps for green in steps for blue in steps):
        for ground in (LIGHT, DARK):
            made = tokens(colour, ground)
            for under in (ground.sheet, ground.ground, made.act_soft):
                assert contrast(made.act, under) >= 4.5, (colour, under)
            assert contrast(made.on_act, made.act) >= 4.5, colour
            assert contrast(made.on_act, made.act_over) >= 4.5, colour


def test_name_logo_and_colour_dress_the_pages(web, tmp_path):
    logo = tmp_path / "logo.svg"
    logo.write_text(SVG)
    app = web.application
    plain = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(plain, brand=brand(name="Маргаритка", logo=logo, colour="#ffcc00"))
    try:
        page = web.get("/my")
        assert "· Маргаритка</title>" in page.text
        assert 'src="/brand/logo"' in page.text
        assert "img-src 'self'" in page.headers["Content-Security-Policy"]
        style = re.search(r'href="(/brand/colours\.css[^"]*)"', page.text)[1]
        assert web.get(style).text == stylesheet("#ffcc00")
        picture = web.get("/brand/logo")
        assert (picture.content_type, "sandbox" in picture.headers["Content-Security-Policy"]) == (
            "image/svg+xml",
            True,
        )
    finally:
        app.extensions[EXTENSION] = plain
    assert web.get("/brand/logo").status_code == 404


def test_a_logo_or_colour_that_cannot_be_used_is_refused_by_name(tmp_path):
    large, odd, fake = tmp_path / "large.png", tmp_path / "logo.bmp", tmp_path / "fake.png"
    large.write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 100_001)
    fake.write_bytes(b"GIF89a")
    for said in ({"logo": large}, {"logo": odd}, {"logo": fake}, {"logo": tmp_path / "none.svg"}, {"colour": "yellow"}):
        with pytest.raises(ConfigurationError, match="GOVERNANCE_BRAND_"):
            brand(**{"name": None, "logo": None, "colour": None, **said})


def test_a_logo_of_each_sort_is_taken(tmp_path):
    for name, content in (
        ("a.svg", b'<?xml version="1.0"?>\n<svg/>'),
        ("b.svg", b"\xef\xbb\xbf<SVG/>"),
        ("c.png", b"\x89PNG\r\n\x1a\n"),
        ("d.jpg", b"\xff\xd8\xff\xe0"),
        ("e.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 "),
    ):
        (tmp_path / name).write_bytes(content)
        taken = brand(name=None, logo=tmp_path / name, colour=None).logo
        assert taken is not None, name
        assert taken.content == content, name
