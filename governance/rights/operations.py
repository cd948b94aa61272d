"""Every verb of this package."""

from governance.rights.approving import EXECUTORS, approve, send_back, submit
from governance.rights.calling import Called, call
from governance.rights.carriers import Carried, Carrier, Carriers, install_carriers
from governance.rights.counting import count_standing
from governance.rights.deciding import ask, complete, extend, join, refuse, reply, start, withdraw
from governance.rights.expiring import destroy_closed
from governance.rights.following import OwnMessage, OwnPlan, OwnStory, certificate_of, own_plan, own_story
from governance.rights.kept_dates import KeptDates, KeptGroup, kept_dates
from governance.rights.lifting import end_restriction
from governance.rights.notices import note_told, notice_text
from governance.rights.own_data import OwnData, OwnField, own_data, own_fields
from governance.rights.own_sights import OwnSight, own_sights
from governance.rights.proving import ask_identity, confirm_contact, find_nothing, prove, prove_by_code, send_code
from governance.rights.receiving import receive
from governance.rights.records import NewRequest, Received, RecipientToTell, RequestId, RequestLine, RequestView
from governance.rights.rows import QueueAfter, find, find_by_number, queue
from governance.rights.tending import expire, follow_up, follow_up_on, forget_erased, lift_due, remind
from governance.rights.told_recipients import note_recipient_told
from governance.rights.versions import hold_to
from governance.rights.visiting import OwnRequest, make_request, own_requests, prove_own, reply_own, withdraw_own

__all__ = [
    "EXECUTORS",
    "Called",
    "Carried",
    "Carrier",
    "Carriers",
    "KeptDates",
    "KeptGroup",
    "NewRequest",
    "OwnData",
    "OwnField",
    "OwnMessage",
    "OwnPlan",
    "OwnRequest",
    "OwnSight",
    "OwnStory",
    "QueueAfter",
    "Received",
    "RecipientToTell",
    "RequestId",
    "RequestLine",
    "RequestView",
    "approve",
    "ask",
    "ask_identity",
    "call",
    "certificate_of",
    "complete",
    "confirm_contact",
    "count_standing",
    "destroy_closed",
    "end_restriction",
    "expire",
    "extend",
    "find",
    "find_by_number",
    "find_nothing",
    "follow_up",
    "follow_up_on",
    "forget_erased",
    "hold_to",
    "install_carriers",
    "join",
    "kept_dates",
    "lift_due",
    "make_request",
    "note_recipient_told",
    "note_told",
    "notice_text",
    "own_data",
    "own_fields",
    "own_plan",
    "own_requests",
    "own_sights",
    "own_story",
    "prove",
    "prove_by_code",
    "prove_own",
    "queue",
    "receive",
    "refuse",
    "remind",
    "reply",
    "reply_own",
    "send_back",
    "send_code",
    "start",
    "submit",
    "withdraw",
    "withdraw_own",
]
