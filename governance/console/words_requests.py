"""Codes of requests in words."""

from collections.abc import Mapping

from flask_babel import gettext

from governance.pages.languages import by_language


@by_language
def kinds() -> Mapping[str, str]:
    """What people ask for."""
    return {
        "access": gettext("Access to one's data"),
        "portability": gettext("Data to take elsewhere"),
        "rectification": gettext("Correction"),
        "erasure": gettext("Erasure"),
        "restriction": gettext("Restriction of processing"),
        "objection": gettext("Objection"),
        "opt_out": gettext("No sharing with others"),
        "withdrawal": gettext("Withdrawal of all consents"),
        "complaint": gettext("Complaint"),
    }


@by_language
def states() -> Mapping[str, tuple[str, str]]:
    """Where a request stands: in words, and how it is marked."""
    return {
        "received": (gettext("new"), "wait"),
        "identity_check": (gettext("waits for proof of identity"), "plain"),
        "open": (gettext("to be worked on"), "wait"),
        "awaiting_requester": (gettext("waits for an answer of the person"), "plain"),
        "awaiting_approval": (gettext("waits for approval"), "wait"),
        "in_progress": (gettext("being carried out"), "plain"),
        "completed": (gettext("completed"), "good"),
        "refused": (gettext("refused"), "bad"),
        "withdrawn": (gettext("taken back"), "plain"),
        "expired": (gettext("lapsed, no proof or answer came"), "plain"),
        "duplicate": (gettext("joined to another"), "plain"),
    }


@by_language
def arrivals() -> Mapping[str, str]:
    """How requests come."""
    return {
        "portal": gettext("customers' pages"),
        "api": gettext("connected system"),
        "email": gettext("e-mail"),
        "letter": gettext("letter"),
        "call": gettext("call"),
        "visit": gettext("visit"),
    }


@by_language
def askings() -> Mapping[str, str]:
    """Who asks."""
    return {
        "self": gettext("the person"),
        "guardian": gettext("a parent or guardian"),
        "representative": gettext("a representative"),
        "agent": gettext("a service that asks for many"),
        "heir": gettext("an heir"),
    }


@by_language
def abouts() -> Mapping[str, str]:
    """What an objection or restriction is about."""
    return {
        "advertising": gettext("advertising"),
        "processing": gettext("processing"),
        "place": gettext("place it"),
        "lift": gettext("lift it"),
    }


@by_language
def proofs() -> Mapping[str, str]:
    """How identity was proved."""
    return {
        "code": gettext("proved by a code sent to a contact on record"),
        "second_contact": gettext("proved by codes sent to two contacts"),
        "officer": gettext("proved by an officer"),
        "not_needed": gettext("not needed for this"),
    }


@by_language
def grounds() -> Mapping[str, str]:
    """Why a request is refused, each with its article."""
    return {
        "not_identified": gettext("It cannot be made sure who asks (GDPR Art. 12(2))"),
        "unfounded": gettext("Manifestly unfounded (GDPR Art. 12(5))"),
        "excessive": gettext("Excessive, asked again and again (GDPR Art. 12(5))"),
        "legal_duty": gettext("A law wants the data kept (GDPR Art. 17(3)(b))"),
        "legal_claims": gettext("Needed for legal claims (GDPR Art. 17(3)(e))"),
        "rights_of_others": gettext("Rights of others (GDPR Art. 15(4))"),
        "not_entitled": gettext("Whoever asks is not entitled to it"),
        "data_accurate": gettext("The data are right as they are (GDPR Art. 16)"),
        "compelling_grounds": gettext("Compelling grounds outweigh it (GDPR Art. 21(1))"),
    }


@by_language
def acts() -> Mapping[str, str]:
    """What was done to a request, as its history tells it."""
    return {
        "receive": gettext("Received"),
        "repeat": gettext("Asked again"),
        "extend": gettext("More time taken"),
        "confirm_contact": gettext("Contact of the answer confirmed"),
        "remind": gettext("Reminder"),
        "carry": gettext("A part was carried out"),
        "ask_identity": gettext("Asked who this is"),
        "prove": gettext("Identity proved"),
        "ask": gettext("Asked the person"),
        "reply": gettext("The person replied"),
        "submit": gettext("Put forward for approval"),
        "approve": gettext("Approved"),
        "send_back": gettext("Sent back"),
        "start": gettext("Begun"),
        "complete": gettext("Completed"),
        "find_nothing": gettext("Nothing is held"),
        "refuse": gettext("Refused"),
        "withdraw": gettext("Taken back by the person"),
        "expire": gettext("Lapsed"),
        "resume": gettext("No reply; it goes on"),
        "join": gettext("Joined to another request"),
    }


@by_language
def notices() -> Mapping[str, str]:
    """What the person was told."""
    return {
        "request_received": gettext("Confirmation of receipt"),
        "request_identity": gettext("Please prove who you are"),
        "request_question": gettext("Question"),
        "request_extended": gettext("It takes longer"),
        "request_refused": gettext("Refusal"),
        "request_completed": gettext("Answer"),
        "request_nothing_held": gettext("Nothing is held about you"),
        "request_expired": gettext("The request has lapsed"),
        "request_lifting": gettext("The restriction is lifted"),
    }


@by_language
def carriers() -> Mapping[str, str]:
    """By which way a message goes."""
    return {"email": gettext("by e-mail"), "sms": gettext("by SMS"), "hand": gettext("by hand")}


@by_language
def messages() -> Mapping[str, tuple[str, str]]:
    """How far a message is."""
    return {
        "waiting": (gettext("waits to be sent"), "wait"),
        "sending": (gettext("being sent"), "wait"),
        "written": (gettext("written to a file, not sent"), "wait"),
        "sent": (gettext("sent"), "good"),
        "failed": (gettext("could not be sent"), "bad"),
        "gone": (gettext("ended over a month ago"), "plain"),
    }


@by_language
def flags() -> Mapping[str, str]:
    """What is unusual about a person or a proof."""
    return {
        "merged": gettext("records were merged"),
        "minor": gettext("a minor"),
        "represented": gettext("has a representative"),
        "deceased": gettext("has died"),
        "restricted": gettext("processing is restricted"),
        "held": gettext("a legal hold stands"),
        "asked_by_another": gettext("somebody else asks for them"),
        "not_by_code": gettext("identity was not proved by a code"),
        "access_stands": gettext("what they asked to see is not answered yet"),
        "foreign_contact": gettext("the answer goes to a contact that is not theirs"),
    }


@by_language
def duties() -> Mapping[str, str]:
    """What a law wants done by a day."""
    return {
        "answer": gettext("answer"),
        "acknowledge": gettext("confirm receipt"),
        "stop": gettext("stop processing"),
        "block": gettext("block the data"),
        "destroy": gettext("destroy"),
    }


@by_language
def fates() -> Mapping[str, tuple[str, str]]:
    """What becomes of a group of fields: in words, and how it is marked."""
    return {
        "delete": (gettext("is deleted"), "plain"),
        "keep": (gettext("is kept"), "wait"),
        "held": (gettext("is held"), "wait"),
        "stay": (gettext("stays"), "plain"),
    }


@by_language
def steps() -> Mapping[str, str]:
    """Steps of an erasure."""
    return {
        "suppress": gettext("Contacts go on the stop list"),
        "withdraw": gettext("Consents end"),
        "outgoing": gettext("Outgoing mails and files are stopped"),
        "behaviour": gettext("Behaviour"),
        "contact": gettext("Contacts"),
        "profile": gettext("Profile"),
        "finance": gettext("Purchases"),
        "evidence": gettext("Evidence of consents"),
        "trail": gettext("Personal details in the log"),
        "record": gettext("The record itself"),
        "keys": gettext("Keys are destroyed"),
    }


@by_language
def step_states() -> Mapping[str, tuple[str, str]]:
    """How far a step is."""
    return {
        "pending": (gettext("not yet"), "wait"),
        "held": (gettext("held"), "wait"),
        "kept": (gettext("kept"), "wait"),
        "done": (gettext("done"), "good"),
    }


@by_language
def package_states() -> Mapping[str, tuple[str, str]]:
    """How far a package of data is."""
    return {
        "making": (gettext("being made"), "wait"),
        "review": (gettext("notes wait for a look"), "wait"),
        "ready": (gettext("ready"), "good"),
        "destroyed": (gettext("destroyed"), "plain"),
        "failed": (gettext("failed"), "bad"),
    }
