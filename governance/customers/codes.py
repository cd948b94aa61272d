"""Closed lists of the customer store. Codes lie in the clear and in files of others: none ever changes its meaning."""

from enum import StrEnum


class PersonKind(StrEnum):
    """In what capacity a person is kept."""

    PRIVATE = "private"
    ORGANISATION_CONTACT = "organisation_contact"


class Sex(StrEnum):
    """Sex as customer lists keep it."""

    MALE = "male"
    FEMALE = "female"


class MaritalStatus(StrEnum):
    """Family status as customer lists keep it."""

    SINGLE = "single"
    MARRIED = "married"
    DIVORCED = "divorced"
    WIDOWED = "widowed"
    PARTNERSHIP = "partnership"


class Source(StrEnum):
    """Where personal data came from (GDPR Art. 14(2)(f))."""

    OWN_FORM = "own_form"
    TILL = "till"
    CALL = "call"
    FAIR = "fair"
    RECOMMENDATION = "recommendation"
    BOUGHT = "bought"
    BARTERED = "bartered"
    PUBLIC = "public"
    TAKEN_OVER = "taken_over"


NOT_FROM_THE_PERSON = frozenset(
    {Source.RECOMMENDATION, Source.BOUGHT, Source.BARTERED, Source.PUBLIC, Source.TAKEN_OVER}
)
"""Sources that start the clock of GDPR Art. 14(3): the person is to be told within a month."""


class Ground(StrEnum):
    """Lawful ground on which a person is kept (GDPR Art. 6(1)(a) to (f))."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_DUTY = "legal_duty"
    VITAL_INTEREST = "vital_interest"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTEREST = "legitimate_interest"


class NotMailable(StrEnum):
    """Why nothing may be sent to a person, whatever was agreed to."""

    NOT_FROM_THE_PERSON = "not_from_the_person"
    """The person has not been told yet that the data are held (GDPR Art. 14)."""
    NO_GROUND = "no_ground"
    DECEASED = "deceased"
    DECIDED = "decided"
    """A staff member decided so."""


class ContactKind(StrEnum):
    """Kinds of contact; each has a blind index of its own."""

    EMAIL = "email"
    PHONE = "phone"
    POSTAL = "postal"
    MESSENGER = "messenger"
    SOCIAL = "social"
    CARD = "card"
    """Loyalty card or customer number."""


class ContactLabel(StrEnum):
    """What a contact is to its holder, or on which service it is."""

    HOME = "home"
    WORK = "work"
    MOBILE = "mobile"
    FAX = "fax"
    TELEGRAM = "telegram"
    VIBER = "viber"
    WHATSAPP = "whatsapp"
    SIGNAL = "signal"
    VK = "vk"
    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    OTHER = "other"


class InteractionKind(StrEnum):
    """How staff and customer met."""

    CALL = "call"
    MEETING = "meeting"
    LETTER = "letter"
    MESSAGE = "message"
    FEEDBACK = "feedback"
    NOTE = "note"


class ActivityKind(StrEnum):
    """What a customer did by themselves."""

    VISIT = "visit"
    CLICK = "click"
    OPEN = "open"
    ANSWER = "answer"
    """To a survey."""
    SIGN_IN = "sign_in"
    DOWNLOAD = "download"


class LinkKind(StrEnum):
    """What the other person is to this one."""

    GUARDIAN = "guardian"
    REPRESENTATIVE = "representative"


class RestrictionReason(StrEnum):
    """Why processing is restricted (GDPR Art. 18(1)(a) to (d); 152-FZ Art. 21)."""

    ACCURACY_CONTESTED = "accuracy_contested"
    UNLAWFUL = "unlawful"
    NEEDED_FOR_CLAIMS = "needed_for_claims"
    OBJECTION_PENDING = "objection_pending"
    ASKED_FOR = "asked_for"
    PERIOD_OVER = "period_over"
    """By a retention policy: kept for what a law wants, and for nothing else; keeps nothing from being removed."""


class ExtraType(StrEnum):
    """Type of an extra field's values."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    LIST = "list"
    """Several texts."""
