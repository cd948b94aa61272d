"""`init` and `migrate`: a store made, or brought up to date. Both may be repeated at any time."""

from dataclasses import replace

import click

from governance.accounts import operations as accounts
from governance.accounts.errors import NoSuchStaffError
from governance.cli.context import on_terminal, say, settings
from governance.custody import founding
from governance.custody.opening import KEYRING, Store, open_store
from governance.custody.signing import has_signing_key
from governance.kernel.clock import SystemClock
from governance.kernel.folders import prepare_data_dir
from governance.kernel.records import frozen
from governance.kernel.server import Server, reach
from governance.kernel.work import OPERATOR, Work, open_work
from governance.reference import operations as reference
from governance.reference.lookup import laws
from governance.reference.record import Controller


@frozen
class Answers:
    """Whose store it is and who administers it; None where it was not said.

    Attributes:
        laws: keys with commas between them.
    """

    controller_name: str | None = None
    controller_address: str | None = None
    country: str | None = None
    zone: str | None = None
    laws: str | None = None
    admin_name: str | None = None
    admin_email: str | None = None


@click.command()
@click.option("--controller-name", envvar="GOVERNANCE_CONTROLLER_NAME", help="Legal name of the controller.")
@click.option("--controller-address", envvar="GOVERNANCE_CONTROLLER_ADDRESS", help="Its address.")
@click.option("--country", envvar="GOVERNANCE_COUNTRY", help="Its country, by two letters: DE, RU, UA.")
@click.option("--zone", envvar="GOVERNANCE_ZONE", help="Its time zone, where the country does not say it: Asia/Almaty.")
@click.option("--laws", envvar="GOVERNANCE_LAWS", help="Laws it goes by, likewise, with commas between them: gdpr.")
@click.option("--admin-name", envvar="GOVERNANCE_ADMIN_NAME", help="Name of the first administrator.")
@click.option("--admin-email", envvar="GOVERNANCE_ADMIN_EMAIL", help="E-mail address of the first administrator.")
@click.option("--in-browser", is_flag=True, help="Ask nothing: leave the rest to a link.")
def init(*, in_browser: bool, **said: str | None) -> None:
    """Make a store: database, keys, controller, first administrator.

    Asks for what was not given as an option or variable. May be repeated: what stands is left as it is.
    """
    found = settings()
    prepare_data_dir(found.data_dir)
    with reach(found) as server:
        if in_browser:
            found_only(server)
            say("Start the service (governance up): it shows a link by which the store is set up in a browser.")
            return
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

    A new store is asked about before keys and tables are made; where only the keyring is gone, founding tells so.

    Raises:
        click.UsageError: something must be said, and there is nobody to ask.
        InvalidError: something of it cannot be used; nothing was made.
    """
    secrets_dir = server.settings.secrets_dir
    if not (secrets_dir / KEYRING).exists() and not has_signing_key(secrets_dir):
        answers = _with_administrator(_with_controller(answers))
        _check(answers)  # before keys and tables are made
    founding.found(server, clock=SystemClock(), say=say)
    with open_store(server.settings) as store:
        _name(store, answers)


def found_only(server: Server) -> None:
    """Make database and keys, and ask nothing: the rest is said in a browser."""
    founding.found(server, clock=SystemClock(), say=say)


def setup_links(server: Server) -> list[str]:
    """The token of a link to set the store up by, where nobody has ever signed in."""
    with open_store(server.settings) as store, open_work(store.database, OPERATOR) as work:
        return [] if accounts.is_set_up(work) else [accounts.make_setup_link(work)]


def _with_controller(answers: Answers) -> Answers:
    named = replace(
        answers,
        controller_name=_asked("Legal name of the controller", answers.controller_name, "--controller-name"),
        controller_address=_asked("Its address", answers.controller_address, "--controller-address", needed=False),
        country=_asked("Its country, by two letters (DE, RU, UA)", answers.country, "--country"),
    )
    if not reference.needs_zone_and_laws(named.country or ""):
        return named
    known = ", ".join(laws())
    return replace(
        named,
        zone=_asked("Its time zone, such as Asia/Almaty", answers.zone, "--zone"),
        laws=_asked(f"Laws it goes by, with commas between them (known are {known})", answers.laws, "--laws"),
    )


def _with_administrator(answers: Answers) -> Answers:
    return replace(
        answers,
        admin_name=_asked("Name of the first administrator", answers.admin_name, "--admin-name"),
        admin_email=_asked("E-mail address of the first administrator", answers.admin_email, "--admin-email"),
    )


def _check(answers: Answers) -> None:
    reference.check_controller(
        legal_name=answers.controller_name or "",
        address=answers.controller_address or "",
        country=answers.country or "",
        zone=answers.zone,
        laws=_laws(answers),
    )
    accounts.check_staff(name=answers.admin_name or "", email=answers.admin_email or "")


def _name(store: Store, answers: Answers) -> None:
    """Put controller and administrator on record, where they are not; both together, or neither."""
    with open_work(store.database, OPERATOR) as work:
        standing = reference.find_controller(work)
        staff = accounts.list_staff(work)
        administered = bool(staff)
        known = administered and (not answers.admin_email or _is_known(work, answers.admin_email))
    if standing is not None:
        _tell_differences(standing, answers)
    if administered and not known:
        say(
            f"There are staff already ({len(staff)}), and the administrator named now is none of them: nobody was "
            "added. To add somebody: governance staff create"
        )
    if standing is None:
        answers = _with_controller(answers)
    if not administered:
        answers = _with_administrator(answers)
    with open_work(store.database, OPERATOR) as work:
        controller = _record_controller(work, answers) if standing is None else None
        administrator = _record_administrator(work, answers) if not administered else None
    if controller is not None:
        laws = ", ".join(controller.laws)
        say(f"The controller is on record, under {laws}; deadlines are counted in {controller.zone}.")
    if administrator is not None:
        say(f"The first administrator is on record: {administrator.id}")
        say("Make a recovery sheet of the keyring and keep it elsewhere: governance keys recovery")


def _record_controller(work: Work, answers: Answers) -> Controller:
    return reference.set_controller(
        work,
        legal_name=answers.controller_name or "",
        address=answers.controller_address or "",
        country=answers.country or "",
        zone=answers.zone,
        laws=_laws(answers),
    )


def _laws(answers: Answers) -> list[str] | None:
    return None if answers.laws is None else [key.strip().lower() for key in answers.laws.split(",") if key.strip()]


def _record_administrator(work: Work, answers: Answers) -> accounts.StaffMember:
    return accounts.create_staff(
        work, name=answers.admin_name or "", email=answers.admin_email or "", roles=accounts.FIRST_ROLES
    )


def _is_known(work: Work, email: str) -> bool:
    try:
        accounts.find_staff(work, who=email)
    except NoSuchStaffError:
        return False
    return True


def _tell_differences(standing: Controller, answers: Answers) -> None:
    """Say what of *answers* is passed over, because the store is another's already."""
    pairs = (
        ("name", answers.controller_name, standing.legal_name),
        ("address", answers.controller_address, standing.address),
        ("country", answers.country and answers.country.upper(), standing.country),
    )
    others = [what for what, told, kept in pairs if told and " ".join(told.split()) != kept]
    if others:
        say(
            f"The controller of this store is {standing.legal_name} ({standing.country}) already. What you gave has "
            f"another {' and another '.join(others)}, and was not taken."
        )


def _asked(question: str, given: str | None, option: str, *, needed: bool = True) -> str:
    if given is not None and (given.strip() or not needed):
        return given.strip()
    if not on_terminal():
        if not needed:
            return ""
        variable = "GOVERNANCE_" + option.removeprefix("--").replace("-", "_").upper()
        raise click.UsageError(f"{question} is not known; give {option} or set {variable}.")
    answer: str = click.prompt(question, err=True, default=None if needed else "", show_default=False)
    return answer.strip()
