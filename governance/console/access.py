"""Access given and taken: members of staff with their roles, somebody who leaves, connected systems and their keys."""

from typing import Final
from uuid import UUID

from flask import Response, request
from flask_babel import gettext

from governance.accounts import operations as accounts
from governance.accounts.operations import ProposalState, StaffMember
from governance.console import sayings, words, words_fields
from governance.console.actions import label_of
from governance.console.exports import recipient_names
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.console.place import current_console
from governance.console.settings import clients as clients_page
from governance.customers import leaving
from governance.disclosures import operations as disclosures
from governance.kernel.errors import InvalidError, NotFoundError
from governance.kernel.ids import ClientId, StaffId
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.policies import shipped
from governance.policies.permissions import Permission

OPEN: Final = 200
SOMEBODY: Final = "name@example.org"
NOBODY: Final = "nobody"
"""Chosen where the customers of whoever leaves are to be in no one's hands."""


def _titles() -> list[tuple[str, str]]:
    return [(name, role.titles.get(language())) for name, role in shipped.roles().roles.items() if not role.scopes]


@screen("/staff/new", "new_staff")
def new_staff(visit: Visit, typed: Typed = EMPTY) -> Response:
    """The form to add somebody by."""
    return page(
        visit,
        "staff_new",
        part="staff",
        typed=typed,
        roles=_titles(),
        ticked=request.form.getlist("role"),
        mails=_mails_leave(),
        invited=request.form.get("email", "").strip() or SOMEBODY,
    )


def _mails_leave() -> bool:
    """Whether a mail gets to anybody, so that an invitation arrives by itself."""
    settings = current_console().settings
    return settings.smtp_url is not None and settings.mail_folder is None


@act("/staff/new", "create_staff", shows=new_staff, of="new_staff", then=lambda: go("staff"))
def create_staff(visit: Visit) -> Response:
    """Add somebody, ask for the roles as they are granted here, and send the invitation."""
    said = request.form
    made = accounts.create_staff(visit.work, name=said.get("name", ""), email=said.get("email", "").strip())
    for role in sorted(set(said.getlist("role"))):
        accounts.propose_grant(visit.work, staff=made.id, role=role, reason=gettext("Added in the console."))
    accounts.invite(visit.work, staff=made.id)
    return go("staff")


@screen("/staff/<uuid:member>", "staff_member")
def staff_member(visit: Visit, member: UUID, typed: Typed = EMPTY, **_names: object) -> Response:
    """One member of staff: roles, and leaving."""
    found, _ = _found(visit, member)
    return page(
        visit,
        "staff_member",
        part="staff",
        found=found,
        roles=[(code, title) for code, title in _titles() if code not in found.roles],
        titles=dict(_titles()),
        enrolled=accounts.is_enrolled(visit.work, staff=found.id),
        mails=_mails_leave(),
        invited=found.email or SOMEBODY,
        typed=typed,
    )


def _found(visit: Visit, member: UUID) -> tuple[StaffMember, list[StaffMember]]:
    everybody = accounts.list_staff(visit.work)
    found = next((one for one in everybody if one.id == member), None)
    if found is None:
        raise NotFoundError("There is no such member of staff.")
    return found, everybody


def _back(member: UUID, **_names: object) -> Response:
    return go("staff_member", member=member)


@act("/staff/<uuid:member>/roles", "propose_role", shows=staff_member, of="staff_member", then=_back)
def propose_role(visit: Visit, member: UUID) -> Response:
    """Ask for a role; where two people may decide, one of them has to approve it."""
    said = request.form
    accounts.propose_grant(
        visit.work, staff=StaffId(member), role=said.get("role", ""), reason=said.get("reason", "").strip()
    )
    return _back(member)


@act("/staff/<uuid:member>/roles/<role>/withdrawal", "withdraw_role", shows=staff_member, of="staff_member",
     then=_back)  # fmt: skip
def withdraw_role(visit: Visit, member: UUID, role: str) -> Response:
    """Take a role away, at once."""
    accounts.withdraw_role(visit.work, staff=StaffId(member), role=role)
    return _back(member)


@act("/staff/<uuid:member>/invitation", "invite_again", shows=staff_member, of="staff_member", then=_back)
def invite_again(visit: Visit, member: UUID) -> Response:
    """Send an invitation; an earlier one ends."""
    accounts.invite(visit.work, staff=StaffId(member))
    return _back(member)


@screen("/staff/<uuid:member>/leaving", "leaving")
def leaving_page(visit: Visit, member: UUID, typed: Typed = EMPTY) -> Response:
    """Somebody leaves: what is in their hands, what ends at once, and what they saw and took out of late."""
    found, everybody = _found(visit, member)
    others = [(str(one.id), one.name or "") for one in everybody if one.id != found.id and one.active]
    waiting = []
    if visit.may(Permission.PROPOSALS_READ):
        open_ones = accounts.list_proposals(visit.work, state=ProposalState.OPEN, limit=OPEN)
        waiting = [one for one in open_ones if one.proposed_by == found.id]
    exports = []
    if visit.may(Permission.EXPORTS_READ):
        made = disclosures.list_exports(visit.work, limit=OPEN)
        exports = [one for one in made if one.exporter == found.id and one.state.value in ("making", "ready")]
    return page(
        visit,
        "leaving",
        part="staff",
        found=found,
        others=[*others, (NOBODY, gettext("nobody"))],
        entrusted=leaving.entrusted_to(visit.work, staff=found.id),
        waiting=waiting,
        kinds=words.proposal_kinds(),
        exports=exports,
        recipients=recipient_names(visit) if exports else {},
        seen=accounts.seen_by(visit.work, staff=found.id),
        label=label_of,
        typed=typed,
    )


@act("/staff/<uuid:member>/leaving", "let_leave", shows=leaving_page, of="leaving",
     then=lambda member: go("leaving", member=member))  # fmt: skip
def let_leave(visit: Visit, member: UUID) -> Response:
    """Cut the access at once and hand the clients on; the report stays to be read."""
    leaving.leave(visit.work, staff=StaffId(member), successor=_successor(visit, StaffId(member)))
    return go("leaving", member=member)


def _successor(visit: Visit, member: StaffId) -> StaffId | None:
    """Who takes the customers over; that nobody does has to be said where there are any."""
    said = request.form.get("successor", "")
    if said == NOBODY or (not said and not leaving.entrusted_to(visit.work, staff=member).clients):
        return None
    try:
        return StaffId(UUID(said))
    except ValueError:
        wrong = "Choose who takes the customers over, or nobody."
        raise InvalidError(wrong, errors={"successor": [wrong]}) from None


@screen("/clients/new", "new_client")
def new_client(visit: Visit, typed: Typed = EMPTY) -> Response:
    """The form to connect a system by."""
    errors = sayings.by_field(typed.errors)
    ticked = request.form.getlist("scope")
    return page(visit, "client_new", part="clients", typed=typed, errors=errors, groups=_scopes(), ticked=ticked)


def _scopes() -> list[tuple[str, list[tuple[str, str]]]]:
    """What a system may be given, by what it is about."""
    groups, titles = words_fields.scope_groups(), words_fields.scope_titles()
    found: dict[str, list[tuple[str, str]]] = {key: [] for key in titles}
    for one, known in shipped.permissions().items():
        if known.systems:
            group = groups.get(one.value.partition(":")[0], "service")
            found[group].append((one.value, known.titles.get(language())))
    return [(titles[key], scopes) for key, scopes in found.items() if scopes]


@act("/clients/new", "create_client", shows=new_client, of="new_client", then=lambda: go("clients"))
def create_client(visit: Visit) -> Response:
    """Connect a system and show its key, once; sent twice it connects one, whose key the first answer has."""
    scopes = request.form.getlist("scope")
    if not scopes:
        wrong = "Tick at least one thing that it may do."
        raise InvalidError(wrong, errors={"scopes": [wrong]})
    made = accounts.create_client(visit.work, name=request.form.get("name", ""), scopes=scopes)
    return page(visit, "client_key", part="clients", name=made.client.name, secret=made.secret)


@act("/clients/<uuid:client>/keys", "rotate_key", shows=clients_page, of="clients",
     then=lambda **_names: go("clients"))  # fmt: skip
def rotate_key(visit: Visit, client: UUID) -> Response:
    """Give a system a new key and show it, once; the old one is taken a while longer."""
    made = accounts.rotate_client_key(visit.work, client=ClientId(client))
    return page(visit, "client_key", part="clients", name=made.client.name, secret=made.secret)


@act("/clients/<uuid:client>/revocation", "revoke_client", shows=clients_page, of="clients",
     then=lambda **_names: go("clients"))  # fmt: skip
def revoke_client(visit: Visit, client: UUID) -> Response:
    """Disconnect a system, at once."""
    accounts.revoke_client(visit.work, client=ClientId(client))
    return go("clients")
