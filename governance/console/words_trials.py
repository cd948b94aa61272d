"""What became of a message that was sent to try a way out, in words."""

from uuid import UUID

from flask_babel import gettext

from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.messages import operations as messages
from governance.messages.operations import Fate, Line


@frozen
class Outcome:
    """A badge and a sentence.

    Attributes:
        mark: how it is marked.
        ended: whether nothing more becomes of it.
    """

    mark: str
    word: str
    sentence: str
    ended: bool


def trial_of(work: Work, said: str) -> Outcome | None:
    """What became of the message that an address names; None where it names none."""
    try:
        fate = messages.fate_of(work, message=UUID(said))
    except ValueError:
        return None
    return None if fate is None else outcome(fate)


def outcome(fate: Fate) -> Outcome:
    """What to tell of a trial."""
    if fate.state == "sent":
        phone = gettext("The gateway took it. Look at the phone.")
        taken = phone if fate.channel is Line.SMS else gettext("The mail server took it. Look there.")
        return Outcome("good", gettext("handed over"), taken, ended=True)
    if fate.state == "written":
        told = gettext(
            "It lies as a file in the folder of mails; nobody gets it as long as no server or gateway is set."
        )
        return Outcome("wait", gettext("written into a file"), told, ended=True)
    if fate.state == "failed":
        return Outcome("bad", gettext("not sent"), why(fate.failure), ended=True)
    if fate.failure is not None:
        told = gettext("%(why)s It is tried again within the hour.", why=why(fate.failure))
        return Outcome("bad", gettext("not sent yet"), told, ended=False)
    return Outcome("wait", gettext("on its way"), gettext("This takes a few seconds."), ended=False)


def why(code: str | None) -> str:
    """What hindered a message, and what to do, by its code."""
    known = {
        "sms-401": gettext("The gateway does not know the token: look at GOVERNANCE_SMS_TOKEN."),
        "sms-403": gettext("The gateway does not know the token: look at GOVERNANCE_SMS_TOKEN."),
        "sms-404": gettext("Nothing is at this address of the gateway: look at GOVERNANCE_SMS_URL."),
        "sms-429": gettext("The gateway takes no more for now."),
        "sms-unreachable": gettext("The gateway cannot be reached: look at GOVERNANCE_SMS_URL and at the network."),
        "sms-timeout": gettext("The gateway did not answer in time."),
        "sms-tls": gettext("The certificate of the gateway is not trusted."),
        "sms-forbidden-address": gettext("The address of the gateway is not one that may be called."),
        "expired": gettext("It could not be sent within the hour."),
    }
    return str(known.get(code or "", gettext("It was refused with the code %(code)s.", code=code or "?")))
