"""Every verb of this room."""

from governance.consent.changes import Change, Changes, follow
from governance.consent.events import ContactSaid, NewEvent, Recorded, Refused
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
from governance.consent.recording import record, record_claims, record_many
from governance.consent.terms import NoticeVersion, PurposeVersion

__all__ = [
    "Change",
    "Changes",
    "ContactSaid",
    "NewEvent",
    "Notice",
    "NoticeText",
    "NoticeVersion",
    "PurposeVersion",
    "Recorded",
    "Refused",
    "book",
    "follow",
    "minimum_notice",
    "notice",
    "notice_in_force",
    "notices",
    "publish_notice",
    "publish_purpose",
    "purpose_versions",
    "purposes",
    "record",
    "record_claims",
    "record_many",
]
