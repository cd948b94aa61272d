"""All that the log can tell of. A package that adds an act adds it here; a code that was ever written never changes."""

from __future__ import annotations

from enum import StrEnum


class ActionClass(StrEnum):
    """What kind of act; retention of bodies goes by it."""

    READ = "read"
    """Somebody saw personal data, or the trail."""
    DECISION = "decision"
    """Something was done to personal data, or decided about it."""
    KEY = "key"
    """Keys, backups, the log itself: what the proof of all else rests on."""
    SYSTEM = "system"
    """The service and the accounts of those who use it."""


class Outcome(StrEnum):
    """How the act ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Action(StrEnum):
    """An act as `area:noun:verb-past`, with its class and what people call it."""

    action_class: ActionClass
    label: str

    def __new__(cls, code: str, action_class: ActionClass, label: str) -> Action:
        """Make a member whose value is its code alone."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.action_class = action_class
        member.label = label
        return member

    PERSON_CREATED = "customers:person:created", ActionClass.DECISION, "Person recorded"
    PERSON_EDITED = "customers:person:edited", ActionClass.DECISION, "Person edited"
    PERSON_READ = "customers:person:read", ActionClass.READ, "Person read, masked"
    PERSON_REMOVED = "customers:person:removed", ActionClass.DECISION, "Person removed, since the import was undone"
    PERSON_REVEALED = "customers:person:revealed", ActionClass.READ, "Fields of a person revealed in the clear"
    PEOPLE_SEARCHED = "customers:people:searched", ActionClass.READ, "People searched"
    PEOPLE_LISTED = "customers:people:listed", ActionClass.READ, "People listed"
    CONTACT_ADDED = "customers:contact:added", ActionClass.DECISION, "Contact added"
    CONTACT_EDITED = "customers:contact:edited", ActionClass.DECISION, "Contact edited"
    CONTACT_REMOVED = "customers:contact:removed", ActionClass.DECISION, "Contact removed"
    CONTACT_VERIFIED = "customers:contact:verified", ActionClass.DECISION, "Contact verified"
    PURCHASE_RECORDED = "customers:purchase:recorded", ActionClass.DECISION, "Purchase recorded"
    PURCHASE_REMOVED = (
        "customers:purchase:removed",
        ActionClass.DECISION,
        "Purchase removed, since the import was undone",
    )
    PURCHASES_READ = "customers:purchases:read", ActionClass.READ, "Purchases of a person read"
    INTERACTION_RECORDED = "customers:interaction:recorded", ActionClass.DECISION, "Interaction recorded"
    INTERACTION_REMOVED = (
        "customers:interaction:removed",
        ActionClass.DECISION,
        "Interaction removed, since the import was undone",
    )
    INTERACTIONS_READ = "customers:interactions:read", ActionClass.READ, "Interactions of a person read"
    ACTIVITY_RECORDED = "customers:activity:recorded", ActionClass.DECISION, "Activity recorded"
    ACTIVITY_READ = "customers:activity:read", ActionClass.READ, "Activity of a person read"
    PERSON_LINKED = "customers:link:made", ActionClass.DECISION, "Guardian or representative named"
    PERSON_UNLINKED = "customers:link:ended", ActionClass.DECISION, "Guardian or representative no longer so"
    EXTRA_FIELD_DEFINED = "customers:extra-field:defined", ActionClass.SYSTEM, "Extra field defined"
    EXTRA_FIELD_EDITED = "customers:extra-field:edited", ActionClass.SYSTEM, "Extra field edited"
    HOLD_PLACED = "customers:hold:placed", ActionClass.DECISION, "Legal hold placed"
    HOLD_LIFTED = "customers:hold:lifted", ActionClass.DECISION, "Legal hold lifted"
    RESTRICTION_PLACED = "customers:restriction:placed", ActionClass.DECISION, "Processing restricted"
    RESTRICTION_LIFTED = "customers:restriction:lifted", ActionClass.DECISION, "Restriction lifted"

    CONTACT_BOUNCED = "customers:contact:bounced", ActionClass.DECISION, "Contact marked, since a message came back"
    BASE_COUNTED = "intake:base:counted", ActionClass.SYSTEM, "State of the customer base counted"
    PERSON_MERGED = "customers:person:merged", ActionClass.DECISION, "Two records of one person made one"
    MERGE_UNDONE = "customers:merge:undone", ActionClass.DECISION, "Merge undone"
    MERGE_REVIEWED = "customers:merge:reviewed", ActionClass.DECISION, "Merge looked at and found right"
    MERGES_LISTED = "customers:merges:listed", ActionClass.READ, "Merges listed"

    IMPORT_TRIED = "intake:import:tried", ActionClass.READ, "Import tried out, nothing written"
    IMPORT_STARTED = "intake:import:started", ActionClass.DECISION, "Import started"
    IMPORT_BATCH_APPLIED = "intake:import:applied", ActionClass.DECISION, "Part of an import applied"
    IMPORT_FINISHED = "intake:import:finished", ActionClass.DECISION, "Import finished"
    IMPORT_UNDONE = "intake:import:undone", ActionClass.DECISION, "Import undone"
    IMPORT_REFUSALS_READ = "intake:refusals:read", ActionClass.READ, "Refused rows of an import downloaded"
    DUPLICATES_SOUGHT = "intake:duplicates:sought", ActionClass.DECISION, "People compared to find duplicates"
    DUPLICATES_LISTED = "intake:duplicates:listed", ActionClass.READ, "Pairs of probable duplicates listed"
    DUPLICATE_DENIED = "intake:duplicate:denied", ActionClass.DECISION, "Decided that two people are two"

    SEGMENT_DEFINED = "customers:segment:defined", ActionClass.SYSTEM, "Segment defined"
    SEGMENT_EDITED = "customers:segment:edited", ActionClass.SYSTEM, "Rule of a segment changed"
    SEGMENT_RETIRED = "customers:segment:retired", ActionClass.SYSTEM, "Segment retired"
    SEGMENT_TRIED = "customers:segment:tried", ActionClass.DECISION, "Rule of a segment tried"
    SEGMENT_STARTED = "customers:segment-run:started", ActionClass.DECISION, "Evaluation of a segment started"
    SEGMENT_STOPPED = "customers:segment-run:stopped", ActionClass.DECISION, "Evaluation of a segment stopped"
    SEGMENT_EVALUATED = "customers:segment-run:evaluated", ActionClass.DECISION, "People chosen by a segment"
    SEGMENT_RESULT_SHREDDED = "customers:segment-run:shredded", ActionClass.KEY, "Result of a segment shredded"
    AUDIENCE_CHECKED = "consent:audience:checked", ActionClass.DECISION, "Segment checked for a purpose"
    AUDIENCE_DELIVERED = "consent:audience:delivered", ActionClass.READ, "Contacts of a checked segment delivered"

    CONSENT_REQUESTED = "consent:event:requested", ActionClass.DECISION, "Consent asked for"
    CONSENT_GIVEN = "consent:event:given", ActionClass.DECISION, "Consent given"
    CONSENT_CONFIRMED = (
        "consent:event:confirmed",
        ActionClass.DECISION,
        "Consent confirmed by the holder of the contact",
    )
    CONSENT_REFUSED = "consent:event:refused", ActionClass.DECISION, "Consent refused"
    CONSENT_WITHDRAWN = "consent:event:withdrawn", ActionClass.DECISION, "Consent withdrawn"
    CONSENT_OBJECTED = "consent:event:objected", ActionClass.DECISION, "Objected"
    CONSENT_EXPIRED = "consent:event:expired", ActionClass.DECISION, "Consent lapsed"
    CONSENT_RENEWED = "consent:event:renewed", ActionClass.DECISION, "Consent renewed"
    CONSENT_INVALIDATED = "consent:event:invalidated", ActionClass.DECISION, "Consent recorded in error taken away"
    CONSENT_PARTED = (
        "consent:event:parted",
        ActionClass.DECISION,
        "Consent handed on by a merge that was undone taken away",
    )
    CONSENT_CHECKED = "consent:check:answered", ActionClass.DECISION, "Send check answered"
    CONSENT_EXPLAINED = "consent:story:explained", ActionClass.READ, "Story of a contact's consents read"
    CONSENT_READ = "consent:record:read", ActionClass.READ, "Consents of a person read"
    PERSON_INFORMED = "consent:person:informed", ActionClass.DECISION, "Person told what is done with their data"
    CONSENT_REBUILT = "consent:state:rebuilt", ActionClass.SYSTEM, "States of consents rebuilt from their events"
    CONSENT_TRANSFER_DECIDED = (
        "consent:transfer:decided",
        ActionClass.DECISION,
        "Handing customers to a third party decided",
    )
    PURPOSE_PUBLISHED = "consent:purpose:published", ActionClass.SYSTEM, "Version of a purpose published"
    NOTICE_PUBLISHED = "consent:notice:published", ActionClass.SYSTEM, "Version of a notice published"
    CONTACT_SUPPRESSED = "consent:contact:suppressed", ActionClass.DECISION, "Contact suppressed"
    SUPPRESSION_LIFTED = "consent:suppression:lifted", ActionClass.DECISION, "Suppression lifted"
    LEDGER_WRAPPED = "consent:ledger:wrapped", ActionClass.KEY, "Suppression ledger wrapped in a further key"
    FORM_PUBLISHED = "consent:form:published", ActionClass.SYSTEM, "Subscription form published"
    WEBHOOK_CREATED = "consent:webhook:created", ActionClass.SYSTEM, "Webhook set up"
    WEBHOOK_REMOVED = "consent:webhook:removed", ActionClass.SYSTEM, "Webhook removed"
    WEBHOOK_SECRET_RENEWED = "consent:webhook-secret:renewed", ActionClass.SYSTEM, "Secret of a webhook renewed"
    WEBHOOK_RESENT = "consent:webhook:resent", ActionClass.SYSTEM, "Messages to a webhook sent again"
    CHANGES_FOLLOWED = "consent:changes:followed", ActionClass.READ, "Changes of consents read by another system"
    MESSAGE_SENT = "messages:message:sent", ActionClass.DECISION, "Message sent"
    MESSAGE_WRITTEN = "messages:message:written", ActionClass.SYSTEM, "Message written into a file"
    MESSAGE_FAILED = "messages:message:failed", ActionClass.SYSTEM, "Message could not be sent"
    MESSAGE_TRIED = "messages:message:tried", ActionClass.SYSTEM, "Message with made-up values sent to oneself"
    WORDING_SET = "messages:wording:set", ActionClass.SYSTEM, "Words of a message changed"
    WORDING_RESET = "messages:wording:reset", ActionClass.SYSTEM, "Words of a message put back as they came"

    KEY_ROTATED = "custody:key:rotated", ActionClass.KEY, "Key epoch opened"
    KEY_DESTROYED = "custody:key:destroyed", ActionClass.KEY, "Key epoch destroyed"
    INDEX_ROTATED = "custody:index:rotated", ActionClass.KEY, "Version of the blind indexes changed"
    OWNER_SHREDDED = "custody:owner:shredded", ActionClass.KEY, "Keys of an owner shredded"
    BACKUP_MADE = "custody:backup:made", ActionClass.KEY, "Backup made"
    BACKUP_RESTORED = "custody:backup:restored", ActionClass.KEY, "Backup restored"
    RECOVERY_SHEET_MADE = "custody:recovery-sheet:made", ActionClass.KEY, "Recovery sheet made"
    RECOVERY_SHEET_CONFIRMED = "custody:recovery-sheet:confirmed", ActionClass.KEY, "Recovery sheet confirmed"
    KEYRING_RECOVERED = "custody:keyring:recovered", ActionClass.KEY, "Keyring recovered from its sheet"

    STAFF_CREATED = "accounts:staff:created", ActionClass.SYSTEM, "Staff member created"
    STAFF_DISABLED = "accounts:staff:disabled", ActionClass.SYSTEM, "Staff member disabled"
    STAFF_INVITED = "accounts:staff:invited", ActionClass.SYSTEM, "Staff member invited"
    FACTOR_RESET = "accounts:factor:reset", ActionClass.SYSTEM, "Second factor of another person reset"
    STAFF_LEFT = "accounts:staff:left", ActionClass.SYSTEM, "Staff member left, clients handed over"
    STAFF_REPORTED = "accounts:staff:reported", ActionClass.READ, "What a staff member has seen and taken out read"
    PASSWORD_CHANGED = "accounts:password:changed", ActionClass.SYSTEM, "Own password changed"
    CREDENTIALS_SET = "accounts:credentials:set", ActionClass.SYSTEM, "Password and second factor set up"
    CLIENT_CREATED = "accounts:client:created", ActionClass.SYSTEM, "API client created"
    CLIENT_ROTATED = "accounts:client:rotated", ActionClass.SYSTEM, "Key of an API client rotated"
    CLIENT_LIMITED = "accounts:client:limited", ActionClass.SYSTEM, "API client kept to purposes and channels"
    CLIENT_REVOKED = "accounts:client:revoked", ActionClass.SYSTEM, "API client revoked"
    ROLE_GRANTED = "accounts:role:granted", ActionClass.SYSTEM, "Role granted"
    ROLE_WITHDRAWN = "accounts:role:withdrawn", ActionClass.SYSTEM, "Role withdrawn"
    PROPOSAL_MADE = "accounts:proposal:made", ActionClass.DECISION, "Act proposed"
    PROPOSAL_READ = "accounts:proposal:read", ActionClass.READ, "Proposal read with its reason"
    PROPOSAL_APPROVED = "accounts:proposal:approved", ActionClass.DECISION, "Proposal approved"
    PROPOSAL_REFUSED = "accounts:proposal:refused", ActionClass.DECISION, "Proposal refused"
    PROPOSAL_EXPIRED = "accounts:proposal:expired", ActionClass.DECISION, "Time of a proposal ran out"
    PROPOSAL_EXECUTED = "accounts:proposal:executed", ActionClass.DECISION, "Proposal carried out"
    DECIDED_ALONE = "accounts:proposal:decided-alone", ActionClass.DECISION, "Act done without a second person"
    DEPUTY_ASKED = "accounts:proposal:deputy-asked", ActionClass.SYSTEM, "Deputies asked about a proposal"
    SIGNED_IN = "accounts:session:begun", ActionClass.SYSTEM, "Signed in"
    SESSION_CONFIRMED = "accounts:session:confirmed", ActionClass.SYSTEM, "Password and second factor shown again"
    SESSION_ENDED = "accounts:session:ended", ActionClass.SYSTEM, "Session ended by hand"
    LOGIN_REFUSED = "accounts:login:refused", ActionClass.SYSTEM, "Sign-in refused"
    ACCESS_REFUSED = "accounts:access:refused", ActionClass.SYSTEM, "Access refused"
    CODE_SENT = "accounts:code:sent", ActionClass.SYSTEM, "One-time code sent to a contact"
    CODE_REFUSED = "accounts:code:refused", ActionClass.SYSTEM, "One-time code refused"
    VISIT_BEGUN = "accounts:visit:begun", ActionClass.READ, "Contact proven by its holder, portal opened"
    VISIT_CONFIRMED = "accounts:visit:confirmed", ActionClass.READ, "Customer singled out by a second fact"
    VISIT_STEPPED_UP = "accounts:visit:stepped-up", ActionClass.READ, "Second contact proven by its holder"
    VISIT_ENDED = "accounts:visit:ended", ActionClass.SYSTEM, "Portal left by hand"
    READING_GRANTED = "accounts:reading:granted", ActionClass.DECISION, "More reading granted for a day"
    READING_RULES_SET = "accounts:reading-rules:set", ActionClass.SYSTEM, "Rules on how much may be read set"
    ALERT_RAISED = "accounts:alert:raised", ActionClass.SYSTEM, "Officers alerted"
    ALERT_SEEN = "accounts:alert:seen", ActionClass.SYSTEM, "Alert seen by an officer"

    EXPORT_BEGUN = "disclosures:export:begun", ActionClass.DECISION, "Export begun"
    EXPORT_PART_MADE = "disclosures:export-part:made", ActionClass.DECISION, "Part of an export made"
    EXPORT_READY = "disclosures:export:ready", ActionClass.DECISION, "Export ready to be fetched"
    EXPORT_FAILED = "disclosures:export:failed", ActionClass.DECISION, "Export could not be made"
    EXPORT_FETCHED = "disclosures:export:fetched", ActionClass.READ, "Export fetched by its exporter"
    EXPORT_DESTROYED = "disclosures:export:destroyed", ActionClass.DECISION, "Rows of an export destroyed"
    EXPORT_FORGOTTEN = "disclosures:export:forgotten", ActionClass.DECISION, "Fingerprint of an export destroyed"
    LEAK_TRACED = "disclosures:leak:traced", ActionClass.READ, "File compared with the fingerprints of exports"
    DATA_DISCLOSED = "disclosures:disclosure:made", ActionClass.DECISION, "Personal data handed to a recipient"
    EXPOSURE_TOLD = "disclosures:exposure:told", ActionClass.READ, "Told whose data somebody saw"

    REQUEST_RECEIVED = "rights:request:received", ActionClass.DECISION, "Request of a data subject received"
    REQUEST_REPEATED = "rights:request:repeated", ActionClass.DECISION, "The same request made again"
    REQUEST_IDENTITY_ASKED = "rights:request:identity-asked", ActionClass.DECISION, "Requester asked who they are"
    REQUEST_PROVED = "rights:request:proved", ActionClass.DECISION, "Identity of a requester proved"
    REQUEST_ASKED = "rights:request:asked", ActionClass.DECISION, "Requester asked something"
    REQUEST_REPLIED = "rights:request:replied", ActionClass.DECISION, "Requester replied"
    REQUEST_RESUMED = "rights:request:resumed", ActionClass.DECISION, "Request goes on without a reply"
    REQUEST_EXTENDED = "rights:request:extended", ActionClass.DECISION, "Time for a request extended"
    REQUEST_CONTACT_CONFIRMED = (
        "rights:request:contact-confirmed",
        ActionClass.DECISION,
        "Contact that an answer goes to confirmed",
    )
    REQUEST_SUBMITTED = "rights:request:submitted", ActionClass.DECISION, "Request put before a second person"
    REQUEST_APPROVED = "rights:request:approved", ActionClass.DECISION, "Request approved by a second person"
    REQUEST_SENT_BACK = "rights:request:sent-back", ActionClass.DECISION, "Request sent back by a second person"
    REQUEST_STARTED = "rights:request:started", ActionClass.DECISION, "Carrying out of a request begun"
    REQUEST_CARRIED = "rights:request:carried", ActionClass.DECISION, "Part of a request carried out"
    REQUEST_COMPLETED = "rights:request:completed", ActionClass.DECISION, "Request completed"
    REQUEST_REFUSED = "rights:request:refused", ActionClass.DECISION, "Request refused"
    REQUEST_WITHDRAWN = "rights:request:withdrawn", ActionClass.DECISION, "Request withdrawn by the requester"
    REQUEST_EXPIRED = "rights:request:expired", ActionClass.DECISION, "Request ended without proof of who asks"
    REQUEST_JOINED = "rights:request:joined", ActionClass.DECISION, "Request joined to an earlier one"
    REQUEST_REMINDED = "rights:request:reminded", ActionClass.SYSTEM, "Officers reminded of a request"
    REQUEST_FILE_DESTROYED = (
        "rights:request:destroyed",
        ActionClass.DECISION,
        "File of an ended request destroyed",
    )
    OWN_DATA_READ = "rights:own-data:read", ActionClass.READ, "Own data read in the portal"
    REQUEST_READ = "rights:request:read", ActionClass.READ, "Request of a data subject read"
    REQUESTS_LISTED = "rights:requests:listed", ActionClass.READ, "Requests of data subjects listed"
    REQUEST_RECIPIENT_TOLD = (
        "rights:recipient:told",
        ActionClass.DECISION,
        "Recipient told of a correction",
    )
    REQUEST_NOTICE_TOLD = "rights:notice:told", ActionClass.DECISION, "Notice about a request told by hand"

    ERASURE_BEGUN = "erasure:erasure:begun", ActionClass.DECISION, "Erasure of a person begun"
    ERASURE_ORDERED = "erasure:erasure:ordered", ActionClass.DECISION, "Erasure ordered by hand, with a reason"
    ERASURE_STEP_DONE = "erasure:step:done", ActionClass.DECISION, "Step of an erasure done"
    ERASURE_STEP_FAILED = "erasure:step:failed", ActionClass.SYSTEM, "Step of an erasure failed, to be tried again"
    PERSON_ERASED = "erasure:person:erased", ActionClass.DECISION, "Person erased, but for what is kept or held"
    ERASURE_RETRIED = "erasure:step:retried", ActionClass.DECISION, "Failed step of an erasure tried again by hand"
    ERASURE_COMPLETED = "erasure:erasure:completed", ActionClass.DECISION, "Erasure completed but for what must stay"
    ERASURE_CLOSED = "erasure:erasure:closed", ActionClass.DECISION, "Erasure closed, nothing is left"
    ERASURE_CERTIFIED = "erasure:certificate:issued", ActionClass.DECISION, "Certificate of an erasure issued"
    ERASURE_FREED = "erasure:person:freed", ActionClass.DECISION, "Left an erasure, since a merge was undone"
    ERASURE_RECIPIENT_TOLD = "erasure:recipient:told", ActionClass.DECISION, "Recipient told of an erasure"
    ERASURE_READ = "erasure:erasure:read", ActionClass.READ, "Erasure looked at"
    ERASURE_KEPT_READ = "erasure:kept:read", ActionClass.READ, "Purchases read that a law keeps of erased people"
    ERASURE_PROVED = "erasure:absence:proved", ActionClass.READ, "Looked for what is left of an erased person"

    READER_NAMED = "rights:reader:named", ActionClass.DECISION, "Name of a reader told to a person from now on"
    READER_UNNAMED = "rights:reader:unnamed", ActionClass.DECISION, "Name of a reader not told any more"
    PACKAGE_BEGUN = "rights:package:begun", ActionClass.DECISION, "Package of a person's data ordered"
    PACKAGE_FLAGGED = "rights:package:flagged", ActionClass.DECISION, "Package waits for an officer"
    PACKAGE_FLAGS_READ = "rights:package-flag:read", ActionClass.READ, "Notes of a package read before its release"
    PACKAGE_FLAG_DECIDED = "rights:package-flag:decided", ActionClass.DECISION, "Note of a package released or redacted"
    PACKAGE_READY = "rights:package:ready", ActionClass.DECISION, "Package ready to be downloaded"
    PACKAGE_FAILED = "rights:package:failed", ActionClass.DECISION, "Package could not be made"
    PACKAGE_FETCHED = "rights:package:fetched", ActionClass.READ, "Package of a person's data downloaded"
    PACKAGE_DESTROYED = "rights:package:destroyed", ActionClass.DECISION, "Package and its keys destroyed"

    CONTROLLER_SET = "reference:controller:set", ActionClass.SYSTEM, "Controller record set"
    RECIPIENT_DEFINED = "reference:recipient:defined", ActionClass.SYSTEM, "Recipient of personal data recorded"
    RECIPIENT_RETIRED = "reference:recipient:retired", ActionClass.SYSTEM, "Recipient of personal data retired"
    CALENDAR_EDITED = "reference:calendar:edited", ActionClass.SYSTEM, "Calendar edited"
    LAW_SET = "reference:law:set", ActionClass.SYSTEM, "Time limits of a law set"

    POLICY_DRAFTED = "retention:policy:drafted", ActionClass.SYSTEM, "Version of a retention policy drafted"
    POLICY_SIMULATED = "retention:policy:simulated", ActionClass.SYSTEM, "Retention policy looked ahead with"
    POLICY_ACTIVATED = "retention:policy:activated", ActionClass.SYSTEM, "Retention policy put into force"
    POLICY_ENDED = "retention:policy:ended", ActionClass.SYSTEM, "Retention policy taken out of force"
    PURGE_STARTED = "retention:run:started", ActionClass.DECISION, "Purge of what is overdue started"
    PURGE_FUSED = "retention:run:fused", ActionClass.DECISION, "Purge stopped before it began, to be approved"
    PURGE_STOPPED = "retention:run:stopped", ActionClass.DECISION, "Purge stopped"
    PURGE_FINISHED = "retention:run:finished", ActionClass.DECISION, "Purge finished"
    PURGE_BATCH_DONE = "retention:batch:done", ActionClass.DECISION, "Part of a purge done"
    PURGE_CERTIFIED = "retention:certificate:issued", ActionClass.DECISION, "Certificate of a purge issued"
    PERSON_WARNED = "retention:person:warned", ActionClass.DECISION, "Person told of their coming erasure"
    DATA_KEPT = "retention:person:kept", ActionClass.DECISION, "Person asked to stay"
    ROWS_PURGED = "retention:rows:purged", ActionClass.DECISION, "Data of a person removed, since their time was over"

    AUDIT_SEARCHED = "audit:trail:searched", ActionClass.READ, "Audit log searched"
    AUDIT_ENTRY_READ = "audit:entry:read", ActionClass.READ, "Audit entry read"
    AUDIT_DETAILS_READ = "audit:details:read", ActionClass.READ, "Personal details of an entry read"
    AUDIT_ENTRY_PROVED = "audit:entry:proved", ActionClass.READ, "Proof of an audit entry given"
    AUDIT_VERIFIED = "audit:trail:verified", ActionClass.READ, "Audit log verified"
    AUDIT_EXPORTED = "audit:trail:exported", ActionClass.READ, "Audit log exported"
    AUDIT_TREE_OPENED = "audit:tree:opened", ActionClass.KEY, "New audit tree opened"
    AUDIT_ROWS_QUARANTINED = "audit:rows:quarantined", ActionClass.KEY, "Rows that contradict the audit log moved aside"
    AUDIT_BODIES_DROPPED = "audit:bodies:dropped", ActionClass.KEY, "Aged bodies of entries dropped"
    AUDIT_DETAILS_FORGOTTEN = "audit:details:forgotten", ActionClass.KEY, "Personal details of entries erased"
