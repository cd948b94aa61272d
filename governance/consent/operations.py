"""Every verb of this room."""

from governance.consent.changes import Change, Changes, follow
from governance.consent.checking import Asked, Checked, Request, check, check_together, note_use
from governance.consent.decisions import is_about
from governance.consent.drafts import Draft, draft, drafts
from governance.consent.events import ContactSaid, NewEvent, Recorded, Refused
from governance.consent.histories import Events, EventView, States, StateView, events_of, states_of
from governance.consent.lapsing import Lapsing, LapsingAfter, LapsingPage, expire, lapsing
from governance.consent.ledger import Line, lift, lines, suppress, suppress_erased, suppress_many
from governance.consent.merging import merge
from governance.consent.notices import (
    Notice,
    NoticeText,
    minimum_notice,
    notice,
    notice_in_force,
    notices,
    publish_notice,
)
from governance.consent.purposes import book, publish_purpose, purpose_versions, purposes
from governance.consent.rebuilding import Difference, Rebuilt, rebuild
from governance.consent.recording import record, record_claims, record_many
from governance.consent.terms import NoticeVersion, PurposeVersion
from governance.consent.undoing import Invalidated, invalidate

__all__ = [
    "Asked",
    "Change",
    "Changes",
    "Checked",
    "ContactSaid",
    "Difference",
    "Draft",
    "EventView",
    "Events",
    "Invalidated",
    "Lapsing",
    "LapsingAfter",
    "LapsingPage",
    "Line",
    "NewEvent",
    "Notice",
    "NoticeText",
    "NoticeVersion",
    "PurposeVersion",
    "Rebuilt",
    "Recorded",
    "Refused",
    "Request",
    "StateView",
    "States",
    "book",
    "check",
    "check_together",
    "draft",
    "drafts",
    "events_of",
    "expire",
    "follow",
    "invalidate",
    "is_about",
    "lapsing",
    "lift",
    "lines",
    "merge",
    "minimum_notice",
    "note_use",
    "notice",
    "notice_in_force",
    "notices",
    "publish_notice",
    "publish_purpose",
    "purpose_versions",
    "purposes",
    "rebuild",
    "record",
    "record_claims",
    "record_many",
    "states_of",
    "suppress",
    "suppress_erased",
    "suppress_many",
]
