"""One request: whose it is, what laws want by when, what would become of each group of fields, and what was done."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from flask import Response, request
from flask_babel import gettext

from governance.accounts.portal.operations import CodeId
from governance.console import people, sayings, words, words_fields, words_requests
from governance.console.customers import Summary
from governance.console.days import countdown, today
from governance.console.frame import page
from governance.console.guard import Visit, screen
from governance.console.requests import PART
from governance.customers import operations as customers
from governance.erasure import operations as erasures
from governance.erasure.operations import Erasure, ErasureId, Plan
from governance.kernel.errors import GovernanceError, NotFoundError
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed, whole_number
from governance.pages.languages import language
from governance.policies.deadline_rules import RequestKind
from governance.policies.permissions import Permission
from governance.policies.requests import ENDED, RequestAct
from governance.reference.times import law_titles
from governance.rights import operations as rights
from governance.rights.addressing import FOREIGN_CONTACT
from governance.rights.codes import Entry
from governance.rights.operations import RequestId, RequestView
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import Flag, Package, PackageState

_WORDS: Final = ("question", "words", "answer", "reason", "checked", "into", "instead")
"""Fields of the acts that hold words."""
_FORMS: Final = frozenset(RequestAct) | {"extend", Entry.CONFIRM.value}
DECIDED: Final = frozenset({RequestAct.REFUSE, RequestAct.APPROVE, RequestAct.SEND_BACK})
"""Acts that need `requests:decide`; the others need `requests:work`."""
_CARRIED: Final = frozenset({"waiting", "sending", "sent"})
"""States of a message by which the person is told; nobody has to do it by hand."""


@frozen
class Files:
    """What is made for a request, and notes in it that wait for an officer."""

    packages: Sequence[Package]
    flags: Sequence[tuple[Package, Flag]]


@screen("/requests/<uuid:request_id>", "request")
def request_page(visit: Visit, request_id: UUID, typed: Typed = EMPTY, code: CodeId | None = None) -> Response:
    """A request with everything about it; what may be done now comes first."""
    found = rights.find(visit.work, request=RequestId(request_id))
    on, known = today(visit), people.names(visit)
    files, meanwhile = _files(visit, found), _meanwhile(typed, found, known)
    stands, acts = found.state not in ENDED, acts_of(visit, found)
    return page(
        visit,
        "request",
        part=PART,
        found=found,
        kind=words_requests.kinds()[found.kind.value],
        state=words_requests.states()[found.state.value],
        left=countdown(found.due_on, on) if stands else None,
        stands=stands,
        acts=acts,
        holders=_holders(visit, found) if stands else [],
        person=_person(visit, found),
        plan=_plan(visit, found) if stands else None,
        erasure=_erasure(visit, found),
        files=files,
        grounds=[("", gettext("please choose")), *words_requests.grounds().items()],
        code=code,
        known=known,
        actors=words.actors(),
        typed=typed,
        left_over=_left_over(typed, acts, files),
        ticked=request.form.getlist("field") if typed.get("_form") == RequestAct.START else None,
        errors={**sayings.by_field(typed.errors), **meanwhile},
        fields=words.fields(),
        laws={key: one.get(language()) for key, one in law_titles(visit.work).items()},
        foreign=FOREIGN_CONTACT in found.flags,
        compartments=words_fields.compartments(),
        contact_kinds=words.contact_kinds(),
        said=_said(),
        tongue=language(),
    )


def seen_version(said: Mapping[str, str]) -> int:
    """How the request stood on the page that a form was sent from; 0, as none stands, where the form does not say."""
    return whole_number(said.get("version", "")) or 0


def _meanwhile(typed: Typed, found: RequestView, known: Mapping[UUID, str]) -> Mapping[str, str]:
    """Who changed the request after the page with a form was shown, and how it stands now; empty where nobody did."""
    if "version" not in typed.values or seen_version(typed.values) == found.version:
        return {}
    last = next(one for one in found.events if one.sequence == found.version)
    told = gettext(
        "%(who)s changed this request meanwhile (%(act)s); its state now: %(state)s. Look at it again before you "
        "decide: nothing was sent, and what you typed is kept here.",
        who=people.called(known, last.actor_kind.value, last.actor_id),
        act=words_requests.acts().get(last.act, last.act),
        state=words_requests.states()[found.state.value][0],
    )
    return {sayings.SAID: told}


def _left_over(typed: Typed, acts: frozenset[str], files: Files) -> Sequence[str]:
    """Words typed into a form that is gone, since the request changed meanwhile; nobody has to think of them twice."""
    form = typed.get("_form")
    forms = acts | {f"note-{flag.id}" for _, flag in files.flags if flag.decision is None}
    if form in forms or not (form in _FORMS or form.startswith("note-")):
        return ()
    return [said for name in _WORDS if (said := typed.get(name).strip())]


def acts_of(visit: Visit, found: RequestView) -> frozenset[str]:
    """What the visitor may do to a request now, by code."""
    works, decides = visit.may(Permission.REQUESTS_WORK), visit.may(Permission.REQUESTS_DECIDE)
    allowed = {one.value for one in found.acts if (decides if one in DECIDED else works)}
    if found.needs_approval:
        allowed.discard(RequestAct.START.value)
    if found.proposal is not None:
        allowed -= {RequestAct.APPROVE.value, RequestAct.SEND_BACK.value}
    if found.carried_as is not None:
        allowed.discard(RequestAct.COMPLETE.value)
    if decides and found.proof is not None and FOREIGN_CONTACT in found.flags:
        allowed.add(Entry.CONFIRM.value)
    if works and found.closed_at is None and found.extended_on is None:
        allowed.add("extend")
    return frozenset(allowed)


def _said() -> Mapping[str, Mapping[str, object]]:
    return {
        "arrivals": words_requests.arrivals(),
        "askings": words_requests.askings(),
        "abouts": words_requests.abouts(),
        "proofs": words_requests.proofs(),
        "acts": words_requests.acts(),
        "notices": words_requests.notices(),
        "carriers": words_requests.carriers(),
        "messages": words_requests.messages(),
        "flags": words_requests.flags(),
        "duties": words_requests.duties(),
        "fates": words_requests.fates(),
        "steps": words_requests.steps(),
        "step_states": words_requests.step_states(),
        "package_states": words_requests.package_states(),
        "grounds": words_requests.grounds(),
    }


def _person(visit: Visit, found: RequestView) -> Summary | None:
    if found.customer is None or not visit.may(Permission.CUSTOMERS_READ):
        return None
    try:
        return Summary.of(customers.read(visit.work, subject=found.customer))
    except NotFoundError:
        return None  # erased, or not among those whom the visitor looks after


def _holders(visit: Visit, found: RequestView) -> Sequence[Summary]:
    """Who holds the contact of a request whose person is not proved."""
    if found.proof is not None or found.contact is None or found.contact_kind is None:
        return []
    if not (visit.may(Permission.CUSTOMERS_SEARCH) and RequestAct.PROVE in found.acts):
        return []
    held = customers.search(visit.work, by=found.contact_kind.value, value=found.contact)
    return [Summary.of(one) for one in held.items]


def _plan(visit: Visit, found: RequestView) -> Plan | None:
    if found.kind is not RequestKind.ERASURE or found.customer is None or found.carried_as is not None:
        return None
    if not visit.may(Permission.ERASURE_BEGIN):
        return None
    try:
        return erasures.look_ahead(visit.work, person=found.customer)
    except NotFoundError:
        return None


def _erasure(visit: Visit, found: RequestView) -> Erasure | None:
    if found.kind is not RequestKind.ERASURE or found.carried_as is None or not visit.may(Permission.ERASURE_READ):
        return None
    try:
        return erasures.show(visit.work, erasure=ErasureId(found.carried_as))
    except GovernanceError:
        return None


def _files(visit: Visit, found: RequestView) -> Files:
    if not visit.may(Permission.PACKAGES_READ):
        return Files((), ())
    made = packages.packages_for(visit.work, request=found.id)
    waiting = [one for one in made if one.state is PackageState.REVIEW and visit.may(Permission.PACKAGES_REVIEW)]
    return Files(made, [(one, flag) for one in waiting for flag in packages.flags_of(visit.work, package=one.id)])


@screen("/requests/<uuid:request_id>/notices/<uuid:notice>", "request_notice")
def notice_page(visit: Visit, request_id: UUID, notice: UUID) -> Response:
    """The words of a message, to read or to tell by hand."""
    said = rights.notice_text(visit.work, request=request_id, notice=notice)
    found = rights.find(visit.work, request=RequestId(request_id))
    return page(
        visit,
        "request_notice",
        part=PART,
        words=said,
        letter_language=found.language,
        request_id=request_id,
        notice=notice,
        by_hand=not any(one.id == notice and one.message in _CARRIED for one in found.notices),
    )


@screen("/erasures/<uuid:erasure>/certificate", "erasure_certificate")
def erasure_certificate(visit: Visit, erasure: UUID) -> Response:
    """The certificate of an erasure, byte for byte as it can be verified offline."""
    found = erasures.certificate(visit.work, erasure=ErasureId(erasure), number=None)
    named = {"Content-Disposition": f'attachment; filename="erasure-{erasure}-{found.number}.json"'}
    return Response(found.content, content_type="application/json", headers=named)
