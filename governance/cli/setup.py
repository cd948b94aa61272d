"""`init` and `migrate`: a store made, or brought up to date. Both may be repeated at any time."""

from dataclasses import dataclass

import click

from governance.accounts import operations as accounts
from governance.cli.context import on_terminal, say, settings
from governance.custody import founding
from governance.custody.opening import Store, open_store
from governance.kernel.clock import SystemClock
from governance.kernel.folders import prepare_data_dir
from governance.kernel.server import Server, reach
from governance.kernel.work import OPERATOR, open_work
from governance.reference import operations as reference

ADMIN_ROLES = ("admin", "officer")
"""What the first administrator holds: one who can add others, and decide until there are others."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Whose store it is and who administers it; None where it was not said."""

    controller_name: str | None = None
    controller_address: str | None = None
    country: str | None = None
    admin_name: str | None = None
    admin_email: str | None = None


@click.command()
@click.option("--controller-name", envvar="GOVERNANCE_CONTROLLER_NAME", help="Legal name of the controller.")
@click.option("--controller-address", envvar="GOVERNANCE_CONTROLLER_ADDRESS", help="Its address.")
@click.option("--country", envvar="GOVERNANCE_COUNTRY", help="Its country, by two letters: DE, RU, UA.")
@click.option("--admin-name", envvar="GOVERNANCE_ADMIN_NAME", help="Name of the first administrator.")
@click.option("--admin-email", envvar="GOVERNANCE_ADMIN_EMAIL", help="E-mail address of the first administrator.")
def init(**said: str | None) -> None:
    """Make a store: database, keys, controller, first administrator.

    Asks for what was not given as an option or variable. May be repeated: what stands is left as it is.
    """
    found = settings()
    prepare_data_dir(found.data_dir)
    with reach(found) as server:
        set_up(server, Answers(**said))
    say(f"The store in {found.data_dir.absolute()} is set up.")


@click.command()
def migrate() -> None:
    """Bring the database's schema up to this release."""
    found = settings()
    with reach(found) as server:
        founding.migrate(server, say=say)
    say("The schema is up to date.")


def set_up(server: Server, answers: Answers) -> None:
    """Make of a store what is missing; asks on a terminal for what *answers* lack.

    Raises:
        click.UsageError: something must be said, and there is nobody to ask.
    """
    founding.found(server, clock=SystemClock(), say=say)
    with open_store(server.settings) as store:
        _name_controller(store, answers)
        _name_administrator(store, answers)


def _name_controller(store: Store, answers: Answers) -> None:
    with open_work(store.database, OPERATOR) as work:
        if reference.find_controller(work) is not None:
            return
    legal_name = _asked("Legal name of the controller", answers.controller_name, "--controller-name")
    address = _asked("Its address", answers.controller_address, "--controller-address")
    country = _asked("Its country, by two letters (DE, RU, UA)", answers.country, "--country").upper()
    with open_work(store.database, OPERATOR) as work:
        made = reference.set_controller(work, legal_name=legal_name, address=address, country=country)
    say(f"The controller is on record, under {', '.join(made.laws)}; deadlines are counted in {made.zone}.")


def _name_administrator(store: Store, answers: Answers) -> None:
    with open_work(store.database, OPERATOR) as work:
        if accounts.list_staff(work):
            return
    name = _asked("Name of the first administrator", answers.admin_name, "--admin-name")
    email = _asked("E-mail address of the first administrator", answers.admin_email, "--admin-email")
    with open_work(store.database, OPERATOR) as work:
        made = accounts.create_staff(work, name=name, email=email, roles=ADMIN_ROLES)
    say(f"The first administrator is on record: {made.id}")
    say("Make a recovery sheet of the keyring and keep it elsewhere: governance keys recovery")


def _asked(question: str, given: str | None, option: str) -> str:
    if given is not None and given.strip():
        return given.strip()
    if not on_terminal():
        variable = "GOVERNANCE_" + option.removeprefix("--").replace("-", "_").upper()
        raise click.UsageError(f"{question} is not known; give {option} or set {variable}.")
    answer: str = click.prompt(question, err=True)
    return answer.strip()
