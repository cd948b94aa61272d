"""`demo`: all of the service on a store of its own, filled with people who do not exist."""

import io
import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from governance.accounts import operations as accounts
from governance.cli.context import opened, operator_work, say, settings
from governance.cli.demo_consents import record_consents
from governance.cli.demo_forms import KEY, mail_folder, publish_demo_form, with_mail_folder
from governance.cli.demo_office import fill_office
from governance.cli.demo_people import demo_birth_date, demo_email, demo_emails, demo_files
from governance.cli.demo_requests import record_requests
from governance.cli.run import base_url, keep_up
from governance.cli.setup import Answers, set_up
from governance.custody.opening import Store
from governance.customers.codes import Ground, Source
from governance.intake import operations as intake
from governance.intake.files import FileOptions, Provenance
from governance.intake.reports import BatchState
from governance.kernel.server import Server
from governance.kernel.settings import Settings
from governance.kernel.work import OPERATOR, Work, open_work
from governance.policies import shipped

FOLDER: Final = "demo"
KEY_FILE: Final = "demo-client.key"
STAFF: Final = {
    "Olena Kovalenko": ("officer",),
    "Hannah Weber": ("officer",),
    "Pavel Orlov": ("auditor",),
    "Sofia Marino": ("steward",),
    "Jan Novak": ("support",),
    "Lea Dubois": ("marketer",),
}
"""Who works there beside the administrator; two officers, so that one approves what the other puts forward."""
ANSWERS: Final = Answers(
    controller_name="Demonstration Shop",
    controller_address="1 Example Street, Berlin",
    country="DE",
    admin_name="Demonstration Administrator",
    admin_email="administrator@example.org",
)


@click.command()
def demo() -> int:
    """Run everything with made-up customers, on a store of its own (var/demo)."""
    given = settings()
    found = replace(given, data_dir=given.data_dir.absolute() / FOLDER, database_url=None, database_admin_url=None)
    found = with_mail_folder(found)
    return keep_up(found, prepare=fill, when_ready=lambda: _tell(found))


def fill(server: Server) -> None:
    """Bring the demonstration to where it should be; what stands is left as it is."""
    set_up(server, ANSWERS)
    with opened(server.settings) as store:
        with operator_work(store) as work:
            accounts.mark_demonstration(work)
            _add_staff(work)
        _connect_client(store)
        for file in demo_files():
            _import(store, file.name, file.content)
        with operator_work(store) as work:
            recorded = record_consents(work)
            publish_demo_form(work)
            asked = record_requests(work, demo_emails())
        with operator_work(store) as work:
            acted = fill_office(work, demo_emails())
        if recorded:
            say(f"Consents: {recorded} made up")
        if asked:
            say(f"Requests: {asked} made up")
        if acted:
            say("Policies, a hold, segments and reveals: made up")


def _add_staff(work: Work) -> None:
    known = {one.email for one in accounts.list_staff(work)}
    for name, roles in STAFF.items():
        email = f"{roles[0]}.{name.split()[0].lower()}@example.org"
        if email not in known:
            accounts.create_staff(work, name=name, email=email, roles=roles)


def _connect_client(store: Store) -> None:
    path = _key_path(store.settings)
    if path.exists():
        return
    scopes = [permission.value for permission, facts in shipped.permissions().items() if facts.systems]
    with open_work(store.database, OPERATOR) as work:
        # A key that was made and not written down, because somebody stopped us in between, is good for nothing.
        for client in accounts.list_clients(work):
            if client.revoked_at is None:
                accounts.revoke_client(work, client=client.id)
        made = accounts.create_client(work, name="Demonstration", scopes=scopes)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(made.secret)
    say(f"API client of the demonstration: {made.client.id}")
    say(f"Its key, kept in {path} for the lines below (a real key is shown once and kept nowhere):")
    say(made.secret)


def _import(store: Store, name: str, content: bytes) -> None:
    with open_work(store.database, OPERATOR) as work:
        started = intake.start(
            work,
            file=io.BytesIO(content),
            provenance=Provenance(Source.TILL, Ground.CONTRACT),
            options=FileOptions(file_name=name),
        )
    if started.batch.state is not BatchState.FINISHED:
        done = intake.resume(store.database, actor=OPERATOR, batch=started.batch.id)
        say(f"{name}: {done.created} made up")


def _tell(found: Settings) -> None:
    key = f'-H "Authorization: Bearer $(cat {shlex.quote(str(_key_path(found)))})"'
    place = base_url(found)
    say(f"\nReady: {place}   reference: {place}/v1/docs   Ctrl-C stops it.")
    say(f"\nThe officers' console: {place}/console   (sign in there by one click, as anybody who works here)\n\nTry:\n")
    say(f"curl -s {key} '{place}/v1/customers?limit=3'\n")
    body = f'{{"email": "{demo_email()}"}}'
    say(f"curl -s {key} -H 'Content-Type: application/json' -d '{body}' {place}/v1/customers/searches\n")
    say(f"curl -s {key} '{place}/v1/consent/lapsing?purpose=surveys&days=60'\n")
    say(f"curl -s {key} '{place}/v1/audit/entries?limit=3'\n")
    born = demo_birth_date()
    say(f"The customers' pages: {place}/my   come in as {demo_email()}, born on {born}; codes come as mail, too\n")
    say(f"Subscribe in a browser: {place}/subscribe/{KEY}   the mail to confirm by comes into {mail_folder(found)}\n")


def _key_path(found: Settings) -> Path:
    return found.secrets_dir / KEY_FILE
