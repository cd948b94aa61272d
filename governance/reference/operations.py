"""The controller's record: whose store this is, under which laws, in which zone. One database, one controller."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Select, literal_column, select, text

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.kernel.ids import OwnerId, uuid7
from governance.kernel.work import Work
from governance.policies.retention import parse_year_start
from governance.reference.errors import NoControllerError
from governance.reference.lookup import countries as countries_known
from governance.reference.lookup import laws as laws_shipped
from governance.reference.record import Controller, ControllerDetails, ProtectionOfficer, details, is_country
from governance.reference.tables import ControllerVersionRow, LawVersionRow
from governance.vault.compartments import OwnerKind
from governance.vault.errors import ShreddedError
from governance.vault.runtime import vault_of

VERSION_LOCK = 0x636F6E74726F6C
"""Advisory lock under which versions are numbered ("control" in ASCII)."""
_ASKED = "reference.controller"
"""Name in the `info` of a session of the transaction, the savepoint, and the record that was found in it."""
_SAID = tuple(one.name for one in fields(ControllerDetails))


def controller(work: Work) -> Controller:
    """The record in force.

    Raises:
        NoControllerError: where none was set yet.
    """
    found = find_controller(work)
    if found is None:
        raise NoControllerError("It has not been said yet whose store this is; run: governance init")
    return found


def find_controller(work: Work) -> Controller | None:
    """The record in force, or None where none was set yet; asked for once in a transaction, which may need it often."""
    session, asked = work.session, work.session.info.get(_ASKED)
    if asked is None or asked[:-1] != (session.get_transaction(), session.get_nested_transaction()):
        row = _newest(work)
        found = None if row is None else _told(work, row)
        asked = session.info[_ASKED] = (session.get_transaction(), session.get_nested_transaction(), found)
    kept: Controller | None = asked[-1]
    return kept


def country_in_force() -> Select[str]:
    """The country of the record in force, as a part of somebody else's statement."""
    return select(ControllerVersionRow.country).order_by(ControllerVersionRow.version.desc()).limit(literal_column("1"))


def controller_history(work: Work) -> list[Controller]:
    """All versions, newest first."""
    rows = work.session.scalars(select(ControllerVersionRow).order_by(ControllerVersionRow.version.desc()))
    return [_told(work, row) for row in rows]


def needs_zone_and_laws(country: str) -> bool:
    """Whether nothing is proposed for a country, so that its zone and laws must be told."""
    code = country.strip().upper()
    return is_country(code) and code not in countries_known()


def check_controller(
    *, legal_name: str, address: str, country: str, zone: str | None = None, laws: Sequence[str] | None = None
) -> None:
    """See whether a controller could be recorded so; nothing is asked or stored.

    Raises:
        InvalidError: as `set_controller` does.
    """
    details(
        legal_name=legal_name,
        address=address,
        country=country,
        registration=None,
        zone=zone,
        language=None,
        calendar=None,
        laws=laws,
        authority=None,
        officer=None,
    )


def set_controller(
    work: Work,
    *,
    legal_name: str,
    address: str,
    country: str,
    registration: str | None = None,
    zone: str | None = None,
    language: str | None = None,
    calendar: str | None = None,
    laws: Sequence[str] | None = None,
    authority: str | None = None,
    officer: ProtectionOfficer | None = None,
    fiscal_year: str | None = None,
) -> Controller:
    """Record the controller: a new version where anything differs from the one in force, nothing where all is the same.

    Zone, language, laws and authority are those proposed for the country where they are not given; the fiscal year
    begins as it did before, or on 1 January.

    Raises:
        InvalidError: `errors` says which field cannot be used, and which must be given for this country.
    """
    wanted = details(
        legal_name=legal_name,
        registration=registration,
        address=address,
        country=country,
        zone=zone,
        language=language,
        calendar=calendar,
        laws=laws,
        authority=authority,
        officer=officer,
        fiscal_year=_fiscal_year(work, fiscal_year),
        own_laws=set(work.session.scalars(select(LawVersionRow.key))) - {*laws_shipped()},
    )
    work.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": VERSION_LOCK})
    newest = _newest(work)
    old = None if newest is None else _said(newest)
    if newest is not None and old == wanted:
        return _told(work, newest)
    row = _insert(work, wanted, version=1 if newest is None else newest.version + 1)
    audit.append(
        work,
        Action.CONTROLLER_SET,
        object=ObjectRef("controller", row.id),
        facts={
            "version": row.version,
            "country": row.country,
            "zone": row.zone,
            "calendar": row.calendar,
            "laws": list(row.laws),
            "changed": [name for name in _SAID if old is None or getattr(old, name) != getattr(wanted, name)],
        },
    )
    return _told(work, row)


def set_fiscal_year(work: Work, *, begins: str) -> Controller:
    """Record on which day the fiscal year begins, as a version that says the same of all else.

    Args:
        work: the transaction.
        begins: month and day, such as `04-01`.

    Raises:
        NoControllerError: where none was set yet.
        InvalidError: where it is no day of each year.
    """
    standing = controller(work)
    said: dict[str, Any] = {name: getattr(standing, name) for name in _SAID}
    return set_controller(work, **{**said, "fiscal_year": begins})


def _fiscal_year(work: Work, said: str | None) -> str | None:
    newest = _newest(work) if said is None else None
    return said if newest is None else newest.fiscal_year


def _newest(work: Work) -> ControllerVersionRow | None:
    query = select(ControllerVersionRow).order_by(ControllerVersionRow.version.desc()).limit(1)
    return work.session.scalars(query).first()


def _insert(work: Work, wanted: ControllerDetails, *, version: int) -> ControllerVersionRow:
    owner = OwnerId(uuid7())
    vault_of(work.session).owners.create(work.session, OwnerKind.STAFF, [owner])
    officer = wanted.officer or ProtectionOfficer()
    row = ControllerVersionRow(
        owner_id=owner,
        version=version,
        recorded_at=work.now,
        legal_name=wanted.legal_name,
        registration=wanted.registration,
        address=wanted.address,
        country=wanted.country,
        zone=wanted.zone,
        language=wanted.language,
        calendar=wanted.calendar,
        laws=list(wanted.laws),
        authority=wanted.authority,
        officer_name=officer.name,
        officer_email=officer.email,
        officer_phone=officer.phone,
        fiscal_year=str(wanted.fiscal_year),
    )
    work.session.add(row)
    work.session.flush()
    work.session.info.pop(_ASKED, None)
    return row


def _said(row: ControllerVersionRow) -> ControllerDetails:
    return ControllerDetails(
        legal_name=row.legal_name,
        registration=row.registration,
        address=row.address,
        country=row.country,
        zone=row.zone,
        language=row.language,
        calendar=row.calendar,
        laws=tuple(row.laws),
        authority=row.authority,
        officer=_officer(row),
        fiscal_year=parse_year_start(row.fiscal_year),
    )


def _officer(row: ControllerVersionRow) -> ProtectionOfficer | None:
    try:
        told = ProtectionOfficer(row.officer_name, row.officer_email, row.officer_phone)
    except ShreddedError:  # the person left and was erased; what else the version says stays
        return None
    return None if told == ProtectionOfficer() else told


def _told(work: Work, row: ControllerVersionRow) -> Controller:
    said = _said(row)
    same: dict[str, Any] = {name: getattr(said, name) for name in _SAID}
    return Controller(
        version=row.version, recorded_at=row.recorded_at, deployment=vault_of(work.session).keys.deployment, **same
    )
