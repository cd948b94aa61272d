"""Webhooks and transfers from the command line."""

from pathlib import Path
from uuid import uuid4

from tests.cli.conftest import Command

URL = "https://mailer.example/hooks/s3cret"


def test_a_webhook_is_set_up_tried_renewed_and_removed(governance: Command) -> None:
    made = governance("webhooks", "create", "--name", "Mailer", "--url", URL)
    assert made.code == 0
    assert made.out.startswith("whsec_")
    (shown,) = governance("webhooks", "list", "--json").json
    webhook = shown["id"]
    assert webhook in made.err
    assert governance("webhooks", "test", webhook).code == 0
    (message,) = governance("webhooks", "messages", webhook, "--json").json
    assert (message["kind"], message["state"]) == ("test", "waiting")
    assert governance("webhooks", "resend", webhook).err.startswith("0 messages")
    assert governance("webhooks", "resend", webhook, str(uuid4())).code == 0
    renewed = governance("webhooks", "renew", webhook, "--json").json
    assert renewed["secret"] != made.out.strip()
    listed = governance("webhooks", "list")
    assert "mailer.example" in listed.out
    assert "s3cret" not in listed.out + listed.err + made.err
    assert governance("webhooks", "remove", webhook).code == 0
    assert governance("webhooks", "list", "--json").json == []
    assert governance("webhooks", "remove", webhook).code == 1


def test_nobody_is_handed_over_without_a_ground_and_the_list_says_so(governance: Command, tmp_path: Path) -> None:
    out = tmp_path / "allowed.csv"
    told = governance("consent", "transfer", "--channel", "email", "--recipient", "partner-7", "--out", str(out))
    assert told.code == 0
    assert told.err.startswith("0 of 0 customers may be handed over")
    assert out.read_text().splitlines() == ["customer,channels"]
    refused = governance(
        "consent", "transfer", "--channel", "email", "--recipient", "partner-7", "--purpose", "newsletter"
    )
    assert refused.code == 1
    assert "hands no data to others" in refused.err
