"""Trials of the ways out: a mail or an SMS to oneself, and what became of it."""

from flask import Response, g, request

from governance.accounts.trying import send_example_sms
from governance.console.company import channels
from governance.console.frame import go
from governance.console.guard import Visit, act
from governance.console.place import current_console
from governance.customers.codes import ContactKind
from governance.customers.contact_values import ContactSaid, read_contact
from governance.customers.contacts import home_region
from governance.customers.texts import Wrong
from governance.kernel.errors import InvalidError
from governance.messages.operations import Template
from governance.messages.sms import sms_sender_of
from governance.pages.languages import language


def tried() -> str:
    """The message that the present request has put on its way, or had put when it was sent before."""
    return str(g.get("made") or "yes")


def _back() -> Response:
    return go("channels", tried=tried(), _anchor="ways")


@act("/settings/company/sms", "try_sms", shows=channels, of="channels", then=_back)
def try_sms(visit: Visit) -> Response:
    """Send an SMS with made-up values to a number that the visitor has at hand."""
    said = request.form.get("sms_number", "").strip()[:40]
    if sms_sender_of(current_console().settings) is None:
        raise InvalidError("No gateway is set.", errors={"sms_number": ["Set GOVERNANCE_SMS_URL on the host first."]})
    try:
        number = read_contact(ContactSaid(kind=ContactKind.PHONE, value=said), home=home_region(visit.work, said)).value
    except Wrong:
        sentence = "Write one whole number, with + and the code of the country."
        raise InvalidError("This is no number.", errors={"sms_number": [sentence]}) from None
    tongue = language()
    g.made = send_example_sms(visit.work, template=Template.PORTAL_CODE, language=tongue, number=number)
    return _back()
