"""A certificate says what went and what stays, and holds against a checkpoint that was kept elsewhere."""

import json
import re
import string
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from governance.audit import sequencer
from governance.audit.anchors import FileAnchor
from governance.audit.checkpoints import Outside, Signer
from governance.audit.verification import verify_live
from governance.consent import operations as consent
from governance.erasure import operations as erasure
from governance.erasure.errors import NotCertifiedError
from governance.erasure.operations import ErasureId, verify_certificate
from governance.erasure.verifying import canonical
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.work import SYSTEM, open_work
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from governance.vault.keyring import Keyring
from tests.conftest import NOW, lent_store, open_database
from tests.factories.erasing import ASKED, shop, whole
from tests.factories.saying import notice, said
from tests.stores import Stores

CLOCK = FixedClock(NOW)
BASE64 = f"{string.ascii_letters}{string.digits}+/".encode()


@pytest.fixture
def signer(fresh_database: Database, tmp_path: Path) -> Signer:
    """Signs the log of the database."""
    outside = Outside(tmp_path / "audit")
    return Signer(fresh_database, Ed25519PrivateKey.generate(), outside, [FileAnchor(outside.anchor_path)])


def erased(database: Database) -> ErasureId:
    with open_work(database, SYSTEM, clock=CLOCK) as work:
        shop(work)
        one = whole(work)
        begun = erasure.begin(work, person=one, origin=ASKED)
    assert erasure.run(database, erasure=begun, clock=CLOCK)
    return begun


def certified(database: Database, signer: Signer, begun: ErasureId) -> tuple[bytes, bytes]:
    """The file, and the checkpoint that somebody kept."""
    sequencer.drain(database)
    signer.sign(clock=CLOCK)
    with open_work(database, SYSTEM, clock=CLOCK) as work:
        content = erasure.certificate(work, erasure=begun).content
    return content, json.loads(content)["checkpoint"].encode()


@pytest.fixture(scope="module")
def paper(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A certificate, and the checkpoint that somebody kept; those who signed it are gone."""
    folder = tmp_path_factory.mktemp("paper")
    outside = Outside(folder / "audit")
    with lent_store(stores) as store:
        database = open_database(store, Keyring.create(folder / "secrets" / "keyring.json", now=NOW))
        signer = Signer(database, Ed25519PrivateKey.generate(), outside, [FileAnchor(outside.anchor_path)])
        return certified(database, signer, erased(database))


def test_a_certificate_tells_what_went_what_stays_and_from_when_nothing_opens_it(
    fresh_database: Database, signer: Signer
) -> None:
    begun = erased(fresh_database)
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work, pytest.raises(NotCertifiedError):
        erasure.certificate(work, erasure=begun)
    content, kept = certified(fresh_database, signer, begun)
    found = verify_certificate(content, checkpoint=kept)

    assert found.findings == ()
    body: Any = found.body
    assert body["controller"]["legal_name"] == "Demonstration Shop"
    assert [one["compartment"] for one in body["kept"]] == ["finance", "evidence"]
    assert {one["step"] for one in body["destroyed"]} >= {"contact", "profile", "behaviour", "trail", "keys"}
    assert body["unreadable_here_since"] < body["unreadable_in_copies_from"]
    assert "irina" not in content.decode().casefold()


def test_certificates_hold_when_a_part_of_the_evidence_has_gone(
    fresh_database: Database, signer: Signer, tmp_path: Path
) -> None:
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        shop(work)
        notice(work, "own_offers")
        one = whole(work)
        event = said(EventKind.GIVEN, subject=one, purpose="own_offers", channel=Channel.PHONE, method=Method.IN_PERSON)
        consent.record_many(work, events=[event])
        begun = erasure.begin(work, person=one, origin=ASKED)
    assert erasure.run(fresh_database, erasure=begun, clock=CLOCK)
    first, older = certified(fresh_database, signer, begun)
    over = FixedClock(NOW.replace(year=2030, month=1, day=2))
    with open_work(fresh_database, SYSTEM, clock=over) as work:
        assert erasure.resume(work) == [begun]
    erasure.run(fresh_database, erasure=begun, clock=over)
    sequencer.drain(fresh_database)
    signer.sign(clock=over)
    with open_work(fresh_database, SYSTEM, clock=over) as work:
        second = erasure.certificate(work, erasure=begun).content
        channels = work.session.execute(text("SELECT DISTINCT channel FROM consent_event")).scalars().all()
        assert channels == ["phone"]
        before = erasure.certificate(work, erasure=begun, number=1).content
        log = verify_live(work, outside=Outside(tmp_path / "audit"), public_key=None)
        assert log.whole, log
    kept = json.loads(second)["checkpoint"].encode()
    for content, checkpoint in ((first, older), (before, kept), (second, kept)):
        assert verify_certificate(content, checkpoint=checkpoint).findings == ()
    receipts = [one for one in json.loads(second)["certificate"]["destroyed"] if one["step"] == "evidence"]
    assert [one["rows"] for one in receipts] == [{"consent_event": 2}]


def alike(byte: int) -> list[int]:
    """Other bytes by which base64 may come to the same value at the end of a text, or all of them for its padding."""
    among = BASE64.find(byte) // 4
    return [other for place, other in enumerate(BASE64) if other != byte and among in (-1, place // 4)]


def test_one_changed_byte_is_found_wherever_it_is(paper: tuple[bytes, bytes]) -> None:
    content, kept = paper

    def holds(place: int, byte: int) -> bool:
        changed = bytearray(content)
        changed[place] = byte
        return verify_certificate(bytes(changed), checkpoint=kept).holds

    for place in [one.start() - 1 for one in re.finditer(b'="', content)]:  # bits there of which base64 makes nothing
        assert not any(holds(place, byte) for byte in alike(content[place])), place

    @settings(max_examples=2 * settings.default.max_examples, deadline=None)
    @given(place=st.integers(0, len(content) - 1), byte=st.integers(0, 255))
    def search(place: int, byte: int) -> None:
        assume(byte != content[place])
        assert not holds(place, byte), place

    search()
    for place in range(0, len(content), 61):
        assert not holds(place, content[place] ^ 1), place
    assert not verify_certificate(content + b"\n", checkpoint=kept).holds
    assert not verify_certificate(content[:-1], checkpoint=kept).holds


@pytest.mark.parametrize("said", ["subjects", "kept", "destroyed", "completed_at"])
def test_what_somebody_says_otherwise_in_proper_form_is_found(paper: tuple[bytes, bytes], said: str) -> None:
    content, kept = paper
    told = json.loads(content)
    told["certificate"][said] = [] if isinstance(told["certificate"][said], list) else "2026-01-01T00:00:00+00:00"

    [finding] = verify_certificate(canonical(told), checkpoint=kept).findings
    assert "changed" in finding


def test_a_certificate_does_not_hold_against_a_checkpoint_of_another_time(
    fresh_database: Database, signer: Signer
) -> None:
    begun = erased(fresh_database)
    content, kept = certified(fresh_database, signer, begun)
    again, younger = certified(fresh_database, signer, begun)  # reading it was told in the log, which has grown

    assert verify_certificate(again, checkpoint=younger).holds
    assert not verify_certificate(content, checkpoint=younger).holds
    assert json.loads(content)["certificate"] == json.loads(again)["certificate"]
    assert verify_certificate(content, checkpoint=kept).holds
