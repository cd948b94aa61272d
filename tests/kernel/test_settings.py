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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "privacy.example.org"),
        ("PUBLIC_URL", "https://privacy.example.org/path"),
        ("PUBLIC_URL", "https://a@b"),
        ("SMTP_URL", "mail.example.org"),
        ("SMTP_URL", "smtp://mail.example.org"),  # without an address to send from
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "a@example.org\nBcc: b@example.org"),
        ("TRUSTED_PROXIES", "-1"),
    ],
)
def test_addresses_that_cannot_be_used_are_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment({f"GOVERNANCE_{name}": value})
    assert "GOVERNANCE_" in refused.value.detail


def test_links_begin_with_the_public_address_else_with_where_the_service_listens() -> None:
    public = Settings.from_environment({"GOVERNANCE_PUBLIC_URL": "https://privacy.example.org/"})

    assert public.public_base == "https://privacy.example.org"
    assert Settings.from_environment({"GOVERNANCE_BIND": "0.0.0.0:80"}).public_base == "http://127.0.0.1:80"
    assert Settings.from_environment({"GOVERNANCE_BIND": "[::]:80"}).public_base == "http://[::1]:80"


def test_the_password_of_the_mail_server_does_not_show() -> None:
    found = Settings.from_environment(
        {"GOVERNANCE_SMTP_URL": "smtps://user:hidden@mail.example.org", "GOVERNANCE_MAIL_FROM": "a@example.org"}
    )

    assert "hidden" not in repr(found)
