"""Anchors that settings name: told by the worker's step, missed by doctor, and verified from the command line."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.outside import create_signing_key
from governance.cli import run_command
from governance.custody.anchoring import tell_anchors
from governance.custody.doctor import examine
from governance.custody.opening import open_store
from governance.custody.signing import bring_up_to_date, outside_of
from governance.kernel.clock import SystemClock
from governance.kernel.errors import ConfigurationError
from governance.kernel.folders import prepare_data_dir
from governance.kernel.settings import Secret, Settings
from governance.kernel.work import OPERATOR, open_work
from governance.vault.keyring import Keyring
from tests.audit.authority import Authority, Receiver, receiving
from tests.conftest import Store


@pytest.fixture
def receivers() -> Iterator[tuple[Receiver, Receiver]]:
    """A webhook, and a time-stamping authority."""
    with receiving(Receiver()) as hook, receiving(Receiver(Authority())) as stamps:
        yield hook, stamps


@pytest.fixture
def settings(fresh_store: Store, tmp_path: Path, receivers: tuple[Receiver, Receiver]) -> Settings:
    hook, stamps = receivers
    assert stamps.authority is not None
    (tmp_path / "ca.pem").write_bytes(stamps.authority.pem)
    found = Settings(
        data_dir=prepare_data_dir(tmp_path / "a store"),
        database_url=Secret(fresh_store.app_url),
        role_prefix=fresh_store.roles.prefix,
        audit_anchor_url=Secret(hook.url),
        audit_tsa_url=Secret(stamps.url),
        audit_tsa_ca=tmp_path / "ca.pem",
    )
    Keyring.create(found.secrets_dir / "keyring.json", now=datetime.now(UTC))
    create_signing_key(found.secrets_dir)
    return found


def test_what_was_signed_is_told_to_all_and_doctor_misses_it_until_then(
    settings: Settings, receivers: tuple[Receiver, Receiver], capsys: pytest.CaptureFixture[str]
) -> None:
    outside = outside_of(settings.data_dir)
    with open_store(settings) as store:
        with open_work(store.database, OPERATOR) as work:
            audit.append(work, Action.CONTROLLER_SET)
        bring_up_to_date(store)
        late = [one.sentence for one in examine(store) if one.code == "anchor-late"]
        assert len(late) == 2
        tell_anchors(store, clock=SystemClock())
        assert not [one for one in examine(store) if one.code == "anchor-late"]
    note = outside.last()
    assert receivers[0].got == [("text/plain; charset=utf-8", note)]
    (stamp,) = (outside.folder / "stamps").glob("*.tsr")
    capsys.readouterr()
    arguments = ["audit", "verify-stamp", str(stamp), "--checkpoint", str(stamp.with_suffix(".note"))]
    assert run_command([*arguments, "--tsa-ca", str(settings.audit_tsa_ca)]) == 0
    assert capsys.readouterr().out == "The checkpoint was there on 2026-11-22 12:00:05 UTC.\n"


def test_certificates_that_cannot_be_read_are_named_by_doctor(settings: Settings, tmp_path: Path) -> None:
    with open_store(replace(settings, audit_tsa_ca=tmp_path / "none.pem")) as store:
        (found,) = [one for one in examine(store) if one.code == "anchor-unusable"]
    assert "none.pem" in found.sentence


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"AUDIT_ANCHOR_URL": "ftp://x"}, "AUDIT_ANCHOR_URL"),
        ({"AUDIT_TSA_URL": "tsa.example"}, "AUDIT_TSA_URL"),
        ({"AUDIT_TSA_URL": "https://tsa.example"}, "AUDIT_TSA_CA"),
    ],
)
def test_settings_of_anchors_that_make_no_sense_are_named(variables: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        Settings.from_environment({f"GOVERNANCE_{name}": value for name, value in variables.items()})
