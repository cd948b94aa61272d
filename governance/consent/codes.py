"""Closed codes of this package; those that verdicts rest on stand in `governance.policies`."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from governance.customers.codes import ContactKind
from governance.policies.purposes import Channel


class NoticeKind(StrEnum):
    """What a notice is for."""

    CONSENT = "consent"
    """The words that a consent to one purpose agrees to (GDPR Art. 4(11), 7); its key is that of the purpose."""
    PRIVACY = "privacy"
    """What people are told of the processing (GDPR Arts 13 and 14)."""


class InformMethod(StrEnum):
    """How a person was told what is done with their data."""

    EMAIL = "email"
    SMS = "sms"
    MESSENGER = "messenger"
    POST = "post"
    PHONE = "phone"
    IN_PERSON = "in_person"
    PAPER = "paper"
    """Handed out, or part of a contract."""
    WEB = "web"
    """Shown on a page of ours while they entered their data (GDPR Art. 13)."""


CONTACTS_OF: Mapping[Channel, tuple[ContactKind, ...]] = MappingProxyType(
    {
        Channel.EMAIL: (ContactKind.EMAIL,),
        Channel.SMS: (ContactKind.PHONE,),
        Channel.PHONE: (ContactKind.PHONE,),
        Channel.POST: (ContactKind.POSTAL,),
        Channel.MESSENGER: (ContactKind.MESSENGER,),
        Channel.PUSH: (),
        Channel.AUDIENCE: (ContactKind.EMAIL, ContactKind.PHONE),
    }
)
"""Kinds of contact that a channel reaches people by; push reaches devices, and is asked by customer id only."""
