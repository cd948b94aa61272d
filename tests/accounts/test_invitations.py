"""Invitations: accepted once, for a password that is not guessed and a second factor."""

from dataclasses import replace
from datetime import timedelta
from time import process_time

import pyotp
import pytest
from sqlalchemy import text

from governance.accounts import factors, operations, passwords
from governance.accounts.errors import DisabledError, NoSuchInvitationError
from governance.audit.actions import Action
from governance.kernel.errors import InvalidError
from tests.conftest import NOW
from tests.factories.trail import entries

GOOD = "Vier lila Tassen im Nebel"


@pytest.fixture
def anna(work):
    return operations.create_staff(work, name="Анна Ковальова", email="anna@romashka.example.org", roles=["steward"])


def test_an_accepted_invitation_gives_a_factor_and_ten_codes_on_record_without_any_of_them(work, anna):
    invitation = operations.invite(work, staff=anna.id)
    made = operations.accept_invitation(work, token=invitation.token, password=GOOD)
    assert len(set(made.recovery_codes)) == 10
    assert pyotp.parse_uri(made.uri).secret == made.secret
    assert made.qr_svg.startswith("<svg")
    [entry] = entries(work, Action.CREDENTIALS_SET)
    assert entry.object.id == anna.id
    assert entry.facts == {"recovery_codes": 10}


def test_neither_hash_nor_secret_nor_code_stands_in_the_clear(work, anna):
    token = operations.invite(work, staff=anna.id).token
    made = operations.accept_invitation(work, token=token, password=GOOD)
    tables = ("staff_credential", "staff_recovery_code", "staff_invitation", "message")
    stored = b"".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for table in tables
        for row in work.session.execute(text(f"SELECT * FROM {table}"))
        for value in row
    )
    for secret in (GOOD, made.secret, *made.recovery_codes, token, "argon2id", "anna@"):
        assert secret.encode() not in stored


def test_an_invitation_is_taken_once(work, anna):
    token = operations.invite(work, staff=anna.id).token
    operations.accept_invitation(work, token=token, password=GOOD)
    with pytest.raises(NoSuchInvitationError):
        operations.accept_invitation(work, token=token, password=GOOD)


def test_a_later_invitation_ends_the_one_before(work, anna):
    first, second = (operations.invite(work, staff=anna.id).token for _ in range(2))
    with pytest.raises(NoSuchInvitationError):
        operations.accept_invitation(work, token=first, password=GOOD)
    assert operations.accept_invitation(work, token=second, password=GOOD).staff == anna.id


def test_an_invitation_ends_with_its_time(work, anna):
    invitation = operations.invite(work, staff=anna.id)
    assert invitation.expires_at == NOW + timedelta(days=3)
    with pytest.raises(NoSuchInvitationError):
        operations.accept_invitation(replace(work, now=invitation.expires_at), token=invitation.token, password=GOOD)


def test_who_left_accepts_nothing_and_is_invited_to_nothing(work, anna):
    token = operations.invite(work, staff=anna.id).token
    operations.disable_staff(work, staff=anna.id)
    with pytest.raises(NoSuchInvitationError):
        operations.accept_invitation(work, token=token, password=GOOD)
    with pytest.raises(DisabledError):
        operations.invite(work, staff=anna.id)


@pytest.mark.parametrize("token", ["", "gov_x", f"gov_invitation_{'a' * 16}_{'a' * 52}", "\ud800"])
def test_what_is_no_invitation_is_refused(work, token):
    with pytest.raises(NoSuchInvitationError):
        operations.accept_invitation(work, token=token, password=GOOD)


def test_a_refused_password_leaves_the_invitation_good(work, anna):
    token = operations.invite(work, staff=anna.id).token
    with pytest.raises(InvalidError) as refusal:
        operations.accept_invitation(work, token=token, password="password1234")
    assert set(refusal.value.errors) == {"password"}
    assert operations.accept_invitation(work, token=token, password=GOOD).staff == anna.id


@pytest.mark.parametrize(
    "password",
    [
        "elevenchars",
        "x" * 257,
        "password1234",
        "qwertyuiop123",
        "111111111111",
        "Пароль1234567",
        "йцукенгшщз12",
        "anna@romashka.example.org",
        "romashka2026",
        "Ковальова1234",
    ],
)
def test_passwords_that_are_short_or_tried_first_are_refused(password):
    with pytest.raises(InvalidError):
        passwords.check_password(password, about=("Анна Ковальова", "anna@romashka.example.org"))


@pytest.mark.parametrize("password", [GOOD, "три слона пьют чай", "aB3$kL9!mN2@", "w" * 3 + "Zg7 plum&cellar" * 8])
def test_passwords_that_are_long_and_not_guessed_are_taken(password):
    passwords.check_password(password, about=("Анна", "anna@example.org"))


def test_a_password_is_the_same_however_its_letters_are_composed():
    kept = passwords.hash_password("Ёжик в тумане й")
    assert kept.startswith("$argon2id$")
    assert passwords.matches_password("Е\u0308жик в тумане и\u0306", kept)
    assert not passwords.matches_password("Ежик в тумане и", kept)


def test_nothing_matches_where_nothing_is_kept_and_that_takes_as_long():
    kept = passwords.hash_password(GOOD)
    quickest = {}
    for one in (None, kept):
        spans = []
        for _ in range(4):
            began = process_time()
            assert not passwords.matches_password("quite another one", one)
            spans.append(process_time() - began)
        quickest[one] = min(spans)
    assert 0.5 < quickest[None] / quickest[kept] < 2


def test_a_code_is_taken_one_step_early_or_late_and_never_again():
    secret = factors.make_secret()
    step = int(NOW.timestamp()) // 30
    for off, taken in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        code = pyotp.HOTP(secret).at(step + off)
        assert factors.step_of(code, secret=secret, at=NOW, after=None) == (step + off if taken else None)
        assert factors.step_of(code, secret=secret, at=NOW, after=step + off) is None


def test_a_recovery_code_is_the_same_however_it_is_copied():
    for code in factors.make_recovery_codes():
        assert len(code) == 27
        assert factors.recovery_digest(f" {code.replace('-', '').upper()} ") == factors.recovery_digest(code)
