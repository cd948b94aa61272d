"""Every verb of this package."""

from governance.consent.changes import Change, Changes, follow
from governance.consent.checking import MOST_CONTACTS, Asked, Checked, Request, check, check_together
from governance.consent.confirming import Visit, Waiting, show_waiting
from governance.consent.confirming import confirm as confirm_subscription
from governance.consent.decisions import is_about
from governance.consent.drafts import Draft, draft, drafts
from governance.consent.ending import end_erased, forget_requests, suppress_erased
from governance.consent.events import ContactSaid, NewEvent, Recorded, Refused
from governance.consent.explaining import explain
from governance.consent.forms import Form, FormDocument, FormField, FormItem, form, forms, publish_form
from governance.consent.histories import Events, EventView, States, StateView, events_of, states_of
from governance.consent.informing import Informed, Informing, UninformedAfter, UninformedPage, inform, uninformed
from governance.consent.lapsing import Lapsing, LapsingAfter, LapsingPage, expire, lapsing
from governance.consent.ledger import MOST_CONTACTS as MOST_SUPPRESSED
from governance.consent.ledger import Line, lift, lines, suppress, suppress_many
from governance.consent.limits import require_within
from governance.consent.merging import lock_histories, merge, part, sequence_of
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
from governance.consent.recording import MOST_EVENTS, Heard, record, record_claims, record_each, record_many
from governance.consent.records import consent_receipt, consent_record
from governance.consent.showing import ShownForm, ShownItem, ShownNotice, show_form, words_of
from governance.consent.signals import heed_signal
from governance.consent.statistics import ConsentMonths, MonthOfConsents, count_months, months
from governance.consent.stopping import stop_many
from governance.consent.stories import Story, tell_story
from governance.consent.subscribing import Filled, subscribe
from governance.consent.subscribing import purge as purge_subscriptions
from governance.consent.terms import NoticeVersion, PurposeVersion
from governance.consent.transfers import Transfer, Transferable, decide_transfer
from governance.consent.undoing import Invalidated, invalidate, keep_stops, said_otherwise
from governance.consent.unsubscribing import Leaving, show_leaving, unsubscribe, unsubscriber
from governance.consent.uses import note_use
from governance.consent.visiting import (
    OwnChannel,
    OwnChoices,
    OwnHistory,
    OwnPurpose,
    YesNeeds,
    choose,
    own_choices,
    own_history,
)
from governance.customers.informing import Uninformed

__all__ = [
    "MOST_CONTACTS",
    "MOST_EVENTS",
    "MOST_SUPPRESSED",
    "Asked",
    "Change",
    "Changes",
    "Checked",
    "ConsentMonths",
    "ContactSaid",
    "Difference",
    "Draft",
    "EventView",
    "Events",
    "Filled",
    "Form",
    "FormDocument",
    "FormField",
    "FormItem",
    "Heard",
    "Informed",
    "Informing",
    "Invalidated",
    "Lapsing",
    "LapsingAfter",
    "LapsingPage",
    "Leaving",
    "Line",
    "MonthOfConsents",
    "NewEvent",
    "Notice",
    "NoticeText",
    "NoticeVersion",
    "OwnChannel",
    "OwnChoices",
    "OwnHistory",
    "OwnPurpose",
    "PurposeVersion",
    "Rebuilt",
    "Recorded",
    "Refused",
    "Request",
    "ShownForm",
    "ShownItem",
    "ShownNotice",
    "StateView",
    "States",
    "Story",
    "Transfer",
    "Transferable",
    "Uninformed",
    "UninformedAfter",
    "UninformedPage",
    "Visit",
    "Waiting",
    "YesNeeds",
    "book",
    "check",
    "check_together",
    "choose",
    "confirm_subscription",
    "consent_receipt",
    "consent_record",
    "count_months",
    "decide_transfer",
    "draft",
    "drafts",
    "end_erased",
    "events_of",
    "expire",
    "explain",
    "follow",
    "forget_requests",
    "form",
    "forms",
    "heed_signal",
    "inform",
    "invalidate",
    "is_about",
    "keep_stops",
    "lapsing",
    "lift",
    "lines",
    "lock_histories",
    "merge",
    "minimum_notice",
    "months",
    "note_use",
    "notice",
    "notice_in_force",
    "notices",
    "own_choices",
    "own_history",
    "part",
    "publish_form",
    "publish_notice",
    "publish_purpose",
    "purge_subscriptions",
    "purpose_versions",
    "purposes",
    "rebuild",
    "record",
    "record_claims",
    "record_each",
    "record_many",
    "require_within",
    "said_otherwise",
    "sequence_of",
    "show_form",
    "show_leaving",
    "show_waiting",
    "states_of",
    "stop_many",
    "subscribe",
    "suppress",
    "suppress_erased",
    "suppress_many",
    "tell_story",
    "uninformed",
    "unsubscribe",
    "unsubscriber",
    "words_of",
]
