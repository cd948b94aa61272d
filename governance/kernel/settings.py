"""Settings: one frozen record, read once from `GOVERNANCE_*` variables and complete at start."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import field, fields
from pathlib import Path
from typing import NewType
from urllib.parse import unquote

from governance.kernel.errors import ConfigurationError
from governance.kernel.records import frozen

Secret = NewType("Secret", str)

PREFIX = "GOVERNANCE_"
READ_ELSEWHERE = frozenset(
    {
        "ADMIN_EMAIL", "ADMIN_NAME", "CONTROLLER_ADDRESS", "CONTROLLER_NAME", "COUNTRY", "LAWS", "ZONE",  # init
        "RECOVERY_PASSPHRASE",  # keys recovery
        "LIFELINE_FD",  # from a supervisor to its processes
        "TEST_DATABASE_URL",  # tests
        "KEY", "URL",  # API clients, as the guide has them
    }
)  # fmt: skip
"""Names behind the prefix that mean something to others."""
CONTAINER_LINK = re.compile(r"(SERVICE_HOST|SERVICE_PORT\w*|PORT|PORT_\d+_\w+)=(\d|[a-z]+://|tcp|udp)")
"""What Kubernetes and Docker set of themselves for a neighbour that is called governance."""
LOG_LEVELS = ("debug", "info", "warning", "error")
PUBLIC_BASE = "public_base"
"""Under which sessions know `Settings.public_base`, for links in messages."""
MAIL = "mail"
"""Folder, in the data folder, of mail as files."""
MAIL_SCHEMES = ("smtp://", "smtps://", "file:")
SMS_SCHEMES = ("https://", "http://127.0.0.1", "http://localhost", "file:")
_PUBLIC_URL = re.compile(r"https?://([A-Za-z0-9.\-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?/?")
LEAST_TO_MERGE = 98
"""Percent below which no two people are merged without a person who decides."""


@frozen
class Settings:
    """All that can be set from outside.

    Attributes:
        data_dir: folder of keys, anchors, backups and the embedded database (mode 0700).
        bind_host, bind_port: where the web server listens.
        database_url: an existing PostgreSQL 18; without it the embedded one is started in the data folder.
        database_admin_url: the same as an administrator: `init`, `restore`, `database dump` and migrations need one.
        role_prefix: prefix of the database roles, which are cluster-wide (one prefix per controller).
        prepare_threshold: executions after which a statement is prepared; -1 never (transaction poolers).
        pool_size: connections kept by each process.
        web_workers, web_threads: processes and threads of the web server.
        requests_per_minute: calls that an API client may make.
        log_level, log_format: `debug|info|warning|error`; `json`, `console`, or `auto`, told of below.
        backup_keep: nightly backups kept.
        epoch_days: days that a key-encryption key lives (at most 30).
        backup_hour_utc: hour of the nightly backup.
        public_url: where people reach the service, `https://privacy.example.org`; links in mails begin with it.
        smtp_url: mail server, `smtps://user:password@host` or `smtp://host:587`, or `file:FOLDER`. Unset, mail waits in
            the outbox; with the embedded database it also lies as files in `mail/` of the data folder.
        mail_from: address, or `Name <address>`, that mail is sent from; needed with a mail server.
        sms_url: gateway that takes an SMS by POST as JSON, `https://gateway.example.org/send`; or `file:FOLDER`. Unset,
            SMS go where mail goes, if that is a folder, and else wait in the outbox.
        sms_token: what the gateway knows this service by, sent as a bearer token.
        portal_codes_per_hour: one-time codes sent to customers in an hour, all together.
        audit_anchor_url: where each new checkpoint of the audit log is sent by POST, best on somebody else's host.
        audit_tsa_url: time-stamping authority (RFC 3161) that stamps a checkpoint every hour; needs the next one.
        audit_tsa_ca: file of the authority's certificates (PEM), up to its root, by which stamps are verified.
        trusted_proxies: proxies in front whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
        retention_hour: hour of the controller's zone from which on the nightly purge runs; -1 never by itself.
        brand_name: what customers know the company by, on their pages; its legal name, unset.
        brand_logo: file of its logo on them: SVG, PNG, JPEG or WebP, 100 KB at most.
        brand_colour: its colour, `#155e75`; made darker or lighter until it is readable, in light and in dark.
        merge_from: percent from which two records are merged by themselves, 98 to 100; 0 never, people decide.
    """

    data_dir: Path = Path("var")
    bind_host: str = "127.0.0.1"
    bind_port: int = 8000
    database_url: Secret | None = field(default=None, repr=False)
    database_admin_url: Secret | None = field(default=None, repr=False)
    role_prefix: str = "governance"
    prepare_threshold: int = 5
    pool_size: int = 8
    web_workers: int = 2
    web_threads: int = 4
    requests_per_minute: int = 6000
    log_level: str = "info"
    log_format: str = "auto"
    backup_keep: int = 14
    backup_hour_utc: int = 2
    epoch_days: int = 30
    public_url: str | None = None
    smtp_url: Secret | None = field(default=None, repr=False)
    mail_from: str | None = None
    sms_url: Secret | None = field(default=None, repr=False)
    sms_token: Secret | None = field(default=None, repr=False)
    portal_codes_per_hour: int = 1000
    audit_anchor_url: Secret | None = field(default=None, repr=False)
    audit_tsa_url: Secret | None = field(default=None, repr=False)
    audit_tsa_ca: Path | None = None
    trusted_proxies: int = 0
    retention_hour: int = 1
    merge_from: int = 0
    brand_name: str | None = None
    brand_logo: Path | None = None
    brand_colour: str | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `GOVERNANCE_*` from *environ*; unknown names and unusable values are refused by name.

        Raises:
            ConfigurationError: names the variable and what it takes.
        """
        known = {f.name for f in fields(cls)} - {"bind_host", "bind_port"}
        _refuse_unknown(environ, {name.upper() for name in known} | {"BIND"})
        values: dict[str, object] = {}
        for name in known:
            text = environ.get(PREFIX + name.upper(), "").strip()
            if text:
                values[name] = _parse(name, text)
        bind = environ.get(PREFIX + "BIND", "").strip()
        if bind:
            values["bind_host"], values["bind_port"] = _parse_bind(bind)
        settings = cls(**values)  # type: ignore[arg-type]  # names and types are those of the fields, checked by _parse
        settings._check()
        return settings

    def _check(self) -> None:
        limits = {
            "backup_keep": (1, 3650),
            "backup_hour_utc": (0, 23),
            "epoch_days": (1, 30),
            "pool_size": (1, 200),
            "web_workers": (1, 64),
            "web_threads": (1, 64),
            "requests_per_minute": (1, 1_000_000),
            "prepare_threshold": (-1, 1000),
            "trusted_proxies": (0, 9),
            "merge_from": (0, 100),
            "retention_hour": (-1, 23),
            "portal_codes_per_hour": (1, 1_000_000),
        }
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise ConfigurationError(f"{PREFIX}{name.upper()} takes a whole number from {low} to {high}.")
        if 0 < self.merge_from < LEAST_TO_MERGE:
            raise ConfigurationError(f"{PREFIX}MERGE_FROM takes 0 (never), or {LEAST_TO_MERGE} to 100 percent.")
        if self.log_level not in LOG_LEVELS:
            raise ConfigurationError(f"{PREFIX}LOG_LEVEL takes one of {', '.join(LOG_LEVELS)}.")
        if self.log_format not in ("auto", "json", "console"):
            raise ConfigurationError(f"{PREFIX}LOG_FORMAT takes auto, json or console.")
        if not self.role_prefix.isidentifier() or not self.role_prefix.islower() or len(self.role_prefix) > 40:
            raise ConfigurationError(f"{PREFIX}ROLE_PREFIX takes lower-case letters, digits and _, 40 at most.")
        self._check_mail()
        self._check_anchors()

    def _check_anchors(self) -> None:
        for name in ("audit_anchor_url", "audit_tsa_url"):
            url = getattr(self, name)
            if url is not None and not url.startswith(("https://", "http://")):
                raise ConfigurationError(
                    f"{PREFIX}{name.upper()} takes an address that begins with https:// (or http://)."
                )
        if self.audit_tsa_url is not None and self.audit_tsa_ca is None:
            raise ConfigurationError(
                f"{PREFIX}AUDIT_TSA_CA names the file of certificates by which stamps are verified; set it as well."
            )

    def _check_mail(self) -> None:
        if self.public_url is not None and not _PUBLIC_URL.fullmatch(self.public_url):
            raise ConfigurationError(f"{PREFIX}PUBLIC_URL takes an address such as https://privacy.example.org.")
        if self.smtp_url is not None and not self.smtp_url.startswith(MAIL_SCHEMES):
            raise ConfigurationError(
                f"{PREFIX}SMTP_URL takes smtps://user:password@host, smtp://host:587, or file:FOLDER for mail as files."
            )
        if self.sms_url is not None and not self.sms_url.startswith(SMS_SCHEMES):
            raise ConfigurationError(f"{PREFIX}SMS_URL takes https://gateway/path, or file:FOLDER for SMS as files.")
        if self.smtp_url is not None and self.mail_from is None:
            raise ConfigurationError(f"{PREFIX}MAIL_FROM names the address that mail is sent from; set it as well.")
        if self.mail_from is not None and ("@" not in self.mail_from or not self.mail_from.isprintable()):
            raise ConfigurationError(f"{PREFIX}MAIL_FROM takes an address, or Name <address>.")

    @property
    def sends_sms(self) -> bool:
        """Whether there is a way out for SMS."""
        return self.sms_url is not None or self.mail_folder is not None

    @property
    def mail_folder(self) -> Path | None:
        """Where mail is written as files, since no mail server is set; None where it is sent, or waits.

        With the embedded database all processes are on one host, so there is one folder to look into; elsewhere mail
        waits in the outbox, and lies in the clear nowhere.
        """
        if self.smtp_url is not None:
            return folder_of(self.smtp_url)
        return self.data_dir / MAIL if self.database_url is None else None

    @property
    def mail_sender(self) -> str:
        """The address that mail is sent from."""
        return self.mail_from or "Governance <governance@localhost>"

    @property
    def secrets_dir(self) -> Path:
        """Folder of keyring, signing key and database passwords."""
        return self.data_dir / "secrets"

    @property
    def public_base(self) -> str:
        """What links begin with: `public_url`, else where the service listens; without a slash at the end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.bind_host, self.bind_host)  # noqa: S104 - compared only
        return f"http://[{host}]:{self.bind_port}" if ":" in host else f"http://{host}:{self.bind_port}"


def folder_of(url: str) -> Path | None:
    """The folder that `file:FOLDER` names; None where an address names none."""
    if not url.startswith("file:"):
        return None
    return Path(unquote(url.removeprefix("file:").removeprefix("//"))).expanduser()


def _refuse_unknown(environ: Mapping[str, str], settings: set[str]) -> None:
    """A misspelt name would leave a setting as it is by default, and nobody would know."""
    for variable in sorted(environ):
        name = variable.removeprefix(PREFIX)
        if name == variable or name in settings | READ_ELSEWHERE:
            continue
        if CONTAINER_LINK.match(f"{name}={environ[variable]}") and (name != "PORT" or "://" in environ[variable]):
            continue
        near = difflib.get_close_matches(name, sorted(settings | READ_ELSEWHERE), n=1)
        meant = f"did you mean {PREFIX}{near[0]}?" if near else "see docs/operate.md for those that there are."
        raise ConfigurationError(f"There is no setting {variable}; {meant}")


def _parse(name: str, text: str) -> object:
    if name in ("data_dir", "audit_tsa_ca", "brand_logo"):
        return Path(text).expanduser()
    default = Settings.__dataclass_fields__[name].default
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise ConfigurationError(f"{PREFIX}{name.upper()} takes a whole number.") from None
    return text


def _parse_bind(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigurationError(f"{PREFIX}BIND takes host:port, for example 127.0.0.1:8000.")
    return host, int(port)
