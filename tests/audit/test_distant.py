"""Anchors on other hosts: told over real HTTP, stamped by a real authority, tried again until they have it."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.audit.distant import LATE_AFTER, STAMP_EVERY, WEBHOOK_EVERY, late, tell_all, time_stamps, webhook
from governance.audit.errors import AnchorError
from governance.audit.notes import Checkpoint, sign_checkpoint
from governance.audit.outside import Outside
from governance.audit.posting import MAX_ANSWER_BYTES
from governance.audit.stamping import verify_stamp
from governance.audit.stamps import read_trusted, stamp_name
from governance.kernel.errors import ConfigurationError
from tests.audit.authority import AT, Authority, Receiver, integer, receiving
from tests.conftest import NOW

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def note(size: int) -> bytes:
    return sign_checkpoint(Checkpoint("governance/x", size, bytes([size]) * 32), KEY)


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    made = Outside(tmp_path / "audit")
    made.keep(note(1))
    return made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as found:
        yield found


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def stamping(authority: Authority) -> Iterator[Receiver]:
    with receiving(Receiver(authority)) as found:
        yield found


def test_a_webhook_gets_each_newest_checkpoint_once_as_it_was_signed(outside: Outside, receiver: Receiver):
    anchors = [webhook(receiver.url)]
    tell_all(anchors, outside, now=NOW)
    tell_all(anchors, outside, now=NOW + WEBHOOK_EVERY)
    outside.keep(note(2))
    tell_all(anchors, outside, now=NOW + WEBHOOK_EVERY / 2)  # too soon
    tell_all(anchors, outside, now=NOW + WEBHOOK_EVERY)
    assert receiver.got == [("text/plain; charset=utf-8", note(1)), ("text/plain; charset=utf-8", note(2))]


def test_nothing_is_told_before_anything_was_signed(tmp_path: Path, receiver: Receiver):
    tell_all([webhook(receiver.url)], Outside(tmp_path / "empty"), now=NOW)
    assert receiver.got == []


@pytest.mark.parametrize("status", [302, 403, 500])
def test_an_anchor_that_refuses_is_told_again(outside: Outside, receiver: Receiver, status: int):
    anchors = [webhook(receiver.url)]
    receiver.status = status
    with pytest.raises(AnchorError, match=str(status)):
        tell_all(anchors, outside, now=NOW)
    receiver.status = 204
    tell_all(anchors, outside, now=NOW)
    assert len(receiver.got) == 2


def test_an_anchor_out_of_reach_does_not_hinder_the_others(outside: Outside, receiver: Receiver):
    with receiving(Receiver()) as gone:
        pass
    with pytest.raises(AnchorError, match="does not answer"):
        tell_all([webhook(gone.url), _named("second", receiver)], outside, now=NOW)
    assert len(receiver.got) == 1


def _named(name: str, receiver: Receiver):
    found = webhook(receiver.url)
    return type(found)(name, found.every, found.tell)


def test_an_answer_without_end_is_cut_off(outside: Outside, receiver: Receiver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(receiver, "reply", lambda _body: b"x" * (MAX_ANSWER_BYTES + 1))
    with pytest.raises(AnchorError):
        tell_all([webhook(receiver.url)], outside, now=NOW)


def test_a_stamp_is_verified_and_kept_beside_the_checkpoint_that_it_is_of(
    outside: Outside, stamping: Receiver, authority: Authority
):
    trusted = [authority.certificate]
    tell_all([time_stamps(stamping.url, trusted, outside)], outside, now=NOW)
    ((kind, asked),) = stamping.got
    assert kind == "application/timestamp-query"
    assert note(1) not in asked  # its digest only
    name = stamp_name(note(1), 1)
    kept = outside.folder / "stamps" / f"{name}.tsr"
    assert (outside.folder / "stamps" / f"{name}.note").read_bytes() == note(1)
    assert verify_stamp(kept.read_bytes(), note(1), trusted=trusted).astimezone(UTC) == AT
    with pytest.raises(AnchorError, match="does not stand"):
        verify_stamp(kept.read_bytes(), note(2), trusted=trusted)
    with pytest.raises(AnchorError, match="does not stand"):
        verify_stamp(kept.read_bytes(), note(1), trusted=[Authority().certificate])
    with pytest.raises(AnchorError):
        verify_stamp(b"nonsense", note(1), trusted=trusted)
    edited = kept.read_bytes().replace(b"20261122120005Z", b"20261122110005Z")
    with pytest.raises(AnchorError):
        verify_stamp(edited, note(1), trusted=trusted)


def test_a_stamp_that_is_somebody_elses_or_an_old_one_is_not_kept(
    outside: Outside, stamping: Receiver, authority: Authority
):
    with pytest.raises(AnchorError):
        tell_all([time_stamps(stamping.url, [Authority().certificate], outside)], outside, now=NOW)
    stamping.nonce = integer(5)
    with pytest.raises(AnchorError, match="Nonce"):
        tell_all([time_stamps(stamping.url, [authority.certificate], outside)], outside, now=NOW)
    assert not (outside.folder / "stamps").exists()


def test_an_authority_is_asked_every_hour_at_most(outside: Outside, stamping: Receiver, authority: Authority):
    anchors = [time_stamps(stamping.url, [authority.certificate], outside)]
    tell_all(anchors, outside, now=NOW)
    outside.keep(note(2))
    tell_all(anchors, outside, now=NOW + STAMP_EVERY - timedelta(seconds=1))
    assert len(stamping.got) == 1
    tell_all(anchors, outside, now=NOW + STAMP_EVERY)
    assert len(stamping.got) == 2


def test_an_anchor_that_has_fallen_behind_is_named(outside: Outside, receiver: Receiver):
    anchors = [webhook(receiver.url)]
    assert late(anchors, outside, now=NOW) == ["webhook"]
    tell_all(anchors, outside, now=NOW)
    much_later = NOW + LATE_AFTER + timedelta(seconds=1)
    assert late(anchors, outside, now=much_later) == []  # nothing was signed since
    outside.keep(note(2))
    assert late(anchors, outside, now=NOW + timedelta(minutes=1)) == []
    assert late(anchors, outside, now=much_later) == ["webhook"]


def test_a_file_without_certificates_is_refused_by_its_name(tmp_path: Path, authority: Authority):
    path = tmp_path / "ca.pem"
    with pytest.raises(ConfigurationError, match=r"ca\.pem"):
        read_trusted(path)
    path.write_bytes(b"nothing")
    with pytest.raises(ConfigurationError, match=r"ca\.pem"):
        read_trusted(path)
    path.write_bytes(authority.pem)
    assert read_trusted(path) == [authority.certificate]
