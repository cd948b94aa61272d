"""Settings: what is read, what is refused, and by which name."""

from dataclasses import fields

import pytest

from governance.kernel.errors import ConfigurationError
from governance.kernel.settings import Settings


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("GOVERNANCE_BACKUP_KEPT", "GOVERNANCE_BACKUP_KEEP"),
        ("GOVERNANCE_DATABSE_URL", "GOVERNANCE_DATABASE_URL"),
        ("GOVERNANCE_DATADIR", "GOVERNANCE_DATA_DIR"),
        ("GOVERNANCE_EPOCH_DAY", "GOVERNANCE_EPOCH_DAYS"),
        ("GOVERNANCE_PORT", "GOVERNANCE_"),
        ("GOVERNANCE_XYZ", "docs/operate.md"),
    ],
)
def test_a_misspelt_name_is_refused_and_the_nearest_one_is_suggested(variable: str, meant: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment({variable: "3"})
    assert refused.value.detail.startswith(f"There is no setting {variable};")
    assert meant in refused.value.detail


def test_every_setting_is_read_by_its_name() -> None:
    names = {field.name for field in fields(Settings)} - {"bind_host", "bind_port"}
    assert Settings.from_environment({f"GOVERNANCE_{name.upper()}": "" for name in names}) == Settings()


def test_what_others_read_and_what_containers_set_is_left_alone() -> None:
    Settings.from_environment(
        {
            "HOME": "/root",
            "GOVERNANCE_URL": "http://127.0.0.1:8000",
            "GOVERNANCE_KEY": "gov_a_b",
            "GOVERNANCE_TEST_DATABASE_URL": "postgresql://",
            "GOVERNANCE_COUNTRY": "DE",
            "GOVERNANCE_SERVICE_HOST": "10.0.0.1",
            "GOVERNANCE_SERVICE_PORT": "8000",
            "GOVERNANCE_PORT": "tcp://10.0.0.1:8000",
            "GOVERNANCE_PORT_8000_TCP": "tcp://10.0.0.1:8000",
            "GOVERNANCE_PORT_8000_TCP_PROTO": "tcp",
        }
    )
