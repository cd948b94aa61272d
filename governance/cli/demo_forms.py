"""A subscription form for the demonstration, and a folder in the place of a mail server."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from governance.consent import operations as consent
from governance.customers.records import Json
from governance.kernel.settings import Secret, Settings
from governance.kernel.work import Work

KEY: Final = "news"
MAIL: Final = "mail"
DOCUMENT: Final[dict[str, Json]] = {
    "titles": {"en": "Stay in touch", "ru": "Будем на связи", "uk": "Будьмо на зв’язку"},
    "introductions": {
        "en": "Tell us what you would like to hear about, and how to reach you.",
        "ru": "Расскажите, о чём вам хотелось бы узнавать и куда писать.",
        "uk": "Розкажіть, про що вам хотілося б дізнаватися і куди писати.",
    },
    "items": [
        {"purpose": "newsletter", "channels": ["email"]},
        {"purpose": "own_offers", "channels": ["email"]},
    ],
    "privacy_notice": "privacy",
    "fields": ["given_name"],
}


def with_mail_folder(found: Settings) -> Settings:
    """*found* with mail and SMS going into a folder of the store, where no server and no gateway is set."""
    folder = Secret(f"file:{mail_folder(found)}")
    if found.sms_url is None:
        found = replace(found, sms_url=folder)
    if found.smtp_url is not None:
        return found
    return replace(found, smtp_url=folder, mail_from="Demonstration <shop@example.org>")


def mail_folder(found: Settings) -> Path:
    """Where the mail of the demonstration lies."""
    return found.data_dir / MAIL


def publish_demo_form(work: Work) -> None:
    """Publish the form, where that was not done before; its notices stand."""
    if not consent.forms(work):
        consent.publish_form(work, key=KEY, document=DOCUMENT)
