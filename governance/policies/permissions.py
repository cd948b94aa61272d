"""Everything that can be permitted: one member per act, and what each act does with fields of persons."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from governance.policies.documents import Node, Titles, parse, titles


class Permission(StrEnum):
    """An act that is permitted or not, as `area:act`; scopes of API clients are the same words."""

    CUSTOMERS_CREATE = "customers:create"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_LIST = "customers:list"
    CUSTOMERS_SEARCH = "customers:search"
    CUSTOMERS_REVEAL = "customers:reveal"
    CUSTOMERS_EDIT = "customers:edit"
    CUSTOMERS_HOLD = "customers:hold"
    CUSTOMERS_RELEASE = "customers:release"
    CUSTOMERS_RESTRICT = "customers:restrict"
    CONTACTS_ADD = "contacts:add"
    CONTACTS_EDIT = "contacts:edit"
    CONTACTS_REMOVE = "contacts:remove"
    PURCHASES_READ = "purchases:read"
    PURCHASES_RECORD = "purchases:record"
    INTERACTIONS_READ = "interactions:read"
    INTERACTIONS_RECORD = "interactions:record"
    ACTIVITY_READ = "activity:read"
    ACTIVITY_RECORD = "activity:record"
    EXTRA_FIELDS_READ = "extra_fields:read"
    EXTRA_FIELDS_DEFINE = "extra_fields:define"
    INTAKE_READ = "intake:read"
    INTAKE_IMPORT = "intake:import"
    INTAKE_REFUSED = "intake:refused"
    INTAKE_UNDO = "intake:undo"
    DUPLICATES_READ = "duplicates:read"
    DUPLICATES_DECIDE = "duplicates:decide"
    REPORTS_READ = "reports:read"
    SEGMENTS_READ = "segments:read"
    SEGMENTS_DEFINE = "segments:define"
    SEGMENTS_EVALUATE = "segments:evaluate"
    SEGMENTS_USE = "segments:use"
    SEGMENTS_DELIVER = "segments:deliver"
    CONSENT_CHECK = "consent:check"
    CONSENT_DETAILS = "consent:details"
    CONSENT_EXPLAIN = "consent:explain"
    CONSENT_READ = "consent:read"
    CONSENT_RECORD = "consent:record"
    CONSENT_CONFIGURE = "consent:configure"
    CONSENT_SUPPRESS = "consent:suppress"
    CONSENT_LIFT = "consent:lift"
    CONSENT_FOLLOW = "consent:follow"
    CONSENT_TRANSFER = "consent:transfer"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_EDIT = "webhooks:edit"
    AUDIT_READ = "audit:read"
    AUDIT_DETAILS = "audit:details"
    AUDIT_EXPOSURE = "audit:exposure"
    AUDIT_PROVE = "audit:prove"
    AUDIT_EXPORT = "audit:export"
    CUSTODY_BACKUP = "custody:backup"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_INVITE = "accounts:invite"
    ACCOUNTS_GRANT = "accounts:grant"
    ACCOUNTS_DEACTIVATE = "accounts:deactivate"
    CLIENTS_READ = "clients:read"
    CLIENTS_CREATE = "clients:create"
    CLIENTS_ROTATE = "clients:rotate"
    CLIENTS_REVOKE = "clients:revoke"
    PROPOSALS_READ = "proposals:read"
    PROPOSALS_DECIDE = "proposals:decide"
    ALERTS_READ = "alerts:read"
    ALERTS_SEE = "alerts:see"
    PORTAL_OPT_OUT = "portal:opt_out"
    PORTAL_READ = "portal:read"
    PORTAL_CORRECT = "portal:correct"
    PORTAL_CONSENT = "portal:consent"
    PORTAL_DOWNLOAD = "portal:download"
    PORTAL_ERASE = "portal:erase"
    READINGS_GRANT = "readings:grant"
    READINGS_CONFIGURE = "readings:configure"
    EXPORTS_READ = "exports:read"
    EXPORTS_MAKE = "exports:make"
    EXPORTS_FETCH = "exports:fetch"
    EXPORTS_TRACE = "exports:trace"
    ERASURE_READ = "erasure:read"
    ERASURE_BEGIN = "erasure:begin"
    ERASURE_KEPT = "erasure:kept"
    REQUESTS_RECEIVE = "requests:receive"
    REQUESTS_READ = "requests:read"
    REQUESTS_WORK = "requests:work"
    REQUESTS_DECIDE = "requests:decide"
    PACKAGES_READ = "packages:read"
    PACKAGES_MAKE = "packages:make"
    PACKAGES_REVIEW = "packages:review"
    PACKAGES_FETCH = "packages:fetch"
    REFERENCE_READ = "reference:read"
    REFERENCE_EDIT = "reference:edit"
    RETENTION_READ = "retention:read"
    RETENTION_DRAFT = "retention:draft"
    RETENTION_ACTIVATE = "retention:activate"
    RETENTION_RUN = "retention:run"
    SERVICE_OBSERVE = "service:observe"


class FieldUse(StrEnum):
    """What an act does with the fields of a person that it touches."""

    NONE = "none"
    READ = "read"
    REVEAL = "reveal"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class PermissionFacts:
    """What is known of one permission.

    Attributes:
        permission: the act.
        titles: what it is called.
        use: what it does with fields.
        systems: whether it may be a scope of an API client.
    """

    permission: Permission
    titles: Titles
    use: FieldUse
    systems: bool


PermissionBook = Mapping[Permission, PermissionFacts]


def parse_permissions(source: bytes, *, name: str) -> PermissionBook:
    """Read the facts of all permissions.

    Raises:
        DocumentError: where the document is malformed, or does not name every permission exactly once.
    """
    document = parse(source, name=name)
    top = document.fields(required=("permissions",))["permissions"]
    facts = {known.permission: known for known in (_facts(node, word) for word, node in top.entries().items())}
    for permission in Permission:
        if permission not in facts:
            top.wrong(f"the permission {permission.value!r} is missing")
    return MappingProxyType(facts)


def _facts(node: Node, word: str) -> PermissionFacts:
    known = node.fields(required=("titles", "use", "systems"))
    if word not in set(Permission):
        node.wrong("is no permission")
    return PermissionFacts(
        permission=Permission(word),
        titles=titles(known["titles"]),
        use=known["use"].choice(FieldUse),
        systems=known["systems"].flag(),
    )
