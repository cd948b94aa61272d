"""Messages in words: what each is for."""

from collections.abc import Mapping

from flask_babel import gettext

from governance.messages.demands import LONGEST, LONGEST_SUBJECT, Fault
from governance.pages.languages import by_language


@by_language
def messages() -> Mapping[str, str]:
    """Every message that the service sends."""
    return {
        "confirm_subscription": gettext("Please confirm your subscription"),
        "portal_code": gettext("Code to sign in by, for customers"),
        "spoken_code": gettext("Code to read out, for customers on the phone or at the counter"),
        "retention_warning": gettext("Data are about to be deleted"),
        "retention_anonymising": gettext("Data are about to be made anonymous"),
        "request_received": gettext("Request: confirmation of receipt"),
        "request_identity": gettext("Request: please prove who you are"),
        "request_question": gettext("Request: question"),
        "request_extended": gettext("Request: it takes longer"),
        "request_completed": gettext("Request: answer"),
        "request_refused": gettext("Request: refusal"),
        "request_nothing_held": gettext("Request: nothing is held"),
        "request_expired": gettext("Request: lapsed"),
        "request_lifting": gettext("Request: the restriction ends"),
        "staff_invited": gettext("Invitation of staff"),
        "proposal_waits": gettext("A proposal waits, to staff"),
        "alert_raised": gettext("An alert, to staff"),
    }


@by_language
def names() -> Mapping[str, str]:
    """What the words of messages may name."""
    return {
        "controller": gettext("name of the company"),
        "purpose_list": gettext("what was subscribed to, a line each"),
        "link": gettext("the link, alone on its line; it becomes a button"),
        "days": gettext("a number of days"),
        "days_word": gettext("day or days, as the number wants it"),
        "token": gettext("the invitation"),
        "until": gettext("until when"),
        "act": gettext("what is proposed"),
        "proposal": gettext("number of the proposal"),
        "happened": gettext("what happened"),
        "alert": gettext("number of the alert"),
        "at": gettext("when"),
        "code": gettext("the code"),
        "minutes": gettext("a number of minutes"),
        "minutes_word": gettext("minute or minutes, as the number wants it"),
        "number": gettext("number of the request"),
        "what": gettext("what was asked for"),
        "received": gettext("day of receipt"),
        "due": gettext("last day for the answer"),
        "office": gettext("whom to turn to"),
        "question": gettext("the question"),
        "reason": gettext("the reason"),
        "grounds": gettext("the ground of the refusal, as the law has it"),
        "answer": gettext("the answer"),
        "complaint": gettext("the right to complain, with the authority"),
        "remedies": gettext("the right to complain and to go to court"),
        "proving": gettext("how people show who they are, with the address of their pages"),
        "certificate": gettext("where the certificate of an erasure is had"),
    }


@by_language
def faults() -> Mapping[Fault, str]:
    """What can be wrong with words of a message."""
    return {
        Fault.LONG: gettext("Write at most %(num)s characters.", num=LONGEST),
        Fault.SUBJECT: gettext("The first line begins with “Subject:” and says what the message is about."),
        Fault.SUBJECT_LONG: gettext("The subject has at most %(num)s characters.", num=LONGEST_SUBJECT),
        Fault.BRACES: gettext("Names of what is filled in stand in double braces, and nothing else does."),
        Fault.CONTROL: gettext("Control characters cannot be sent."),
        Fault.MISSING: gettext("This has to stay in the text:"),
        Fault.UNKNOWN: gettext("This message does not know:"),
        Fault.SHOWN: gettext("The subject must not show this, since lock screens do:"),
        Fault.LINK: gettext("The link stands on a line of its own, so that it becomes a button."),
        Fault.SMS: gettext("The second line begins with “SMS:” and has the code; it goes to phones."),
    }
