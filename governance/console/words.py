"""Codes in words: fields, contacts, channels, consents, what the log tells of."""

from collections.abc import Mapping

from flask_babel import gettext

from governance.pages.languages import by_language


@by_language
def fields() -> Mapping[str, str]:
    """Fields of a customer, in the order in which a card shows them."""
    return {
        "family_name": gettext("Family name"),
        "given_name": gettext("Given name"),
        "patronymic": gettext("Patronymic"),
        "birth_date": gettext("Date of birth"),
        "sex": gettext("Sex"),
        "marital_status": gettext("Marital status"),
        "profession": gettext("Profession"),
        "organisation": gettext("Organisation"),
        "country": gettext("Country"),
        "region": gettext("Region"),
        "city": gettext("City"),
        "street": gettext("Street"),
        "postcode": gettext("Postcode"),
        "language": gettext("Language"),
        "tags": gettext("Tags"),
        "interests": gettext("Interests"),
        "preferred_payment": gettext("Preferred payment"),
        "note": gettext("Note"),
        "deceased_on": gettext("Died on"),
        "source": gettext("Where the data came from"),
        "source_note": gettext("Note on the source"),
        "ground": gettext("Lawful ground"),
        "not_mailable": gettext("Not to be written to"),
    }


@by_language
def codes() -> Mapping[str, str]:
    """Values of closed sets."""
    return {
        "female": gettext("female"),
        "male": gettext("male"),
        "single": gettext("single"),
        "married": gettext("married"),
        "divorced": gettext("divorced"),
        "widowed": gettext("widowed"),
        "partnership": gettext("in a partnership"),
        "own_form": gettext("own form"),
        "till": gettext("till"),
        "call": gettext("call"),
        "fair": gettext("fair"),
        "recommendation": gettext("recommendation"),
        "bought": gettext("bought list"),
        "bartered": gettext("bartered list"),
        "public": gettext("public source"),
        "taken_over": gettext("taken over"),
        "consent": gettext("consent"),
        "contract": gettext("contract"),
        "legal_duty": gettext("legal duty"),
        "vital_interest": gettext("vital interest"),
        "public_task": gettext("public task"),
        "legitimate_interest": gettext("legitimate interest"),
        "not_from_the_person": gettext("the person was not told yet (GDPR Art. 14)"),
        "no_ground": gettext("no lawful ground"),
        "deceased": gettext("deceased"),
        "decided": gettext("decided by staff"),
        "meeting": gettext("meeting"),
        "letter": gettext("letter"),
        "message": gettext("message"),
        "feedback": gettext("feedback"),
        "note": gettext("note"),
        "accuracy_contested": gettext("accuracy is contested"),
        "unlawful": gettext("processing was unlawful"),
        "needed_for_claims": gettext("needed for legal claims"),
        "objection_pending": gettext("an objection is being looked at"),
        "asked_for": gettext("the person asked for it"),
        "period_over": gettext("its time is over"),
        "profile": gettext("profile"),
        "contact": gettext("contacts"),
        "behaviour": gettext("behaviour"),
        "finance": gettext("purchases"),
        "evidence": gettext("evidence"),
    }


@by_language
def contact_kinds() -> Mapping[str, str]:
    """Kinds of contacts."""
    return {
        "email": gettext("E-mail"),
        "phone": gettext("Phone"),
        "postal": gettext("Post"),
        "messenger": gettext("Messenger"),
        "social": gettext("Social network"),
        "card": gettext("Loyalty card"),
    }


@by_language
def channels() -> Mapping[str, str]:
    """Ways by which people are reached."""
    return {
        "email": gettext("E-mail"),
        "sms": gettext("SMS"),
        "phone": gettext("Phone call"),
        "post": gettext("Post"),
        "messenger": gettext("Messenger"),
        "push": gettext("Push message"),
        "audience": gettext("Advertising platform"),
    }


@by_language
def standings() -> Mapping[str, tuple[str, str]]:
    """Where a consent stands: in words, and how it is marked."""
    return {
        "silent": (gettext("not asked"), "plain"),
        "requested": (gettext("asked, no answer"), "wait"),
        "claimed": (gettext("claimed only"), "wait"),
        "given": (gettext("given"), "good"),
        "expired": (gettext("lapsed"), "wait"),
        "refused": (gettext("refused"), "bad"),
        "withdrawn": (gettext("withdrawn"), "bad"),
        "objected": (gettext("objected"), "bad"),
    }


@by_language
def outcomes() -> Mapping[str, tuple[str, str]]:
    """How an act ended: in words, and how it is marked."""
    return {
        "done": (gettext("done"), "plain"),
        "refused": (gettext("refused"), "bad"),
        "failed": (gettext("failed"), "bad"),
    }


@by_language
def classes() -> Mapping[str, str]:
    """Kinds of acts in the log."""
    return {
        "read": gettext("Reading: somebody saw data, or the log"),
        "decision": gettext("Decisions about personal data"),
        "key": gettext("Keys, backups, the log itself"),
        "system": gettext("Accounts and service"),
    }


@by_language
def actors() -> Mapping[str, str]:
    """Kinds of beings that act."""
    return {
        "staff": gettext("Member of staff"),
        "client": gettext("Connected system"),
        "customer": gettext("Customer"),
        "operator": gettext("Operator on the host"),
        "system": gettext("The service itself"),
    }


@by_language
def proposal_kinds() -> Mapping[str, str]:
    """Acts that need four eyes."""
    return {
        "export": gettext("Export of customers"),
        "activate_policy": gettext("Activate a retention policy"),
        "release_hold": gettext("Release a legal hold"),
        "grant_role": gettext("Grant a role"),
        "disputed_erasure": gettext("Disputed erasure"),
        "resume_purge": gettext("Go on with a purge that stopped by itself"),
    }


@by_language
def proposal_states() -> Mapping[str, tuple[str, str]]:
    """How far a proposal is: in words, and how it is marked."""
    return {
        "open": (gettext("waits for a decision"), "wait"),
        "approved": (gettext("approved"), "good"),
        "refused": (gettext("refused"), "bad"),
        "expired": (gettext("time ran out"), "plain"),
        "executed": (gettext("carried out"), "good"),
        "failed": (gettext("failed"), "bad"),
    }


@by_language
def alert_kinds() -> Mapping[str, str]:
    """What officers are told of."""
    return {
        "factor_reset": gettext("The second factor of somebody was reset"),
        "decided_alone": gettext("An act that needs two people was done by one"),
        "quota_exceeded": gettext("Somebody wanted to see more people than allowed"),
        "unusual_reading": gettext("Somebody saw far more people than usual"),
        "export_ready": gettext("An export was made"),
        "export_failed": gettext("An approved export could not be made"),
        "proposal_failed": gettext("What was approved could not be carried out"),
        "merge_holds_package": gettext("A package of data waits until somebody has looked at a merge"),
        "requests_half_time": gettext("Half of the time for requests of people is over"),
        "requests_nearly_due": gettext("Requests of people are nearly due"),
        "requests_overdue": gettext("Requests of people are overdue"),
        "purge_fused": gettext("A purge would remove unusually much, and waits for approval"),
        "purge_failed": gettext("Some of what is overdue could not be removed"),
        "holds_due": gettext("Legal holds are to be looked at again"),
        "decider_left": gettext("Somebody who decides over the acts of others was shut out"),
        "reading_loosened": gettext("More may be read than before, or less is watched"),
    }


@by_language
def reasons() -> Mapping[str, str]:
    """Why something may be sent or not."""
    return {
        "no_contact": gettext("There is no contact of this channel."),
        "unknown_purpose": gettext("There is no such purpose, or it does not use this channel."),
        "malformed": gettext("This is not a contact of this channel."),
        "unknown": gettext("Nobody is known by this contact, so that nothing allows it."),
        "suppressed": gettext("The contact is on the stop list."),
        "bounced": gettext("The contact does not work: a message to it bounced."),
        "restricted": gettext("Processing of the person's data is restricted, or nothing may be sent to them."),
        "objected": gettext("The person objected."),
        "withdrawn": gettext("The person withdrew their consent."),
        "refused": gettext("The person refused."),
        "expired": gettext("The consent has lapsed."),
        "unconfirmed": gettext("The consent is only claimed, or the holder of the contact has not confirmed it."),
        "superseded": gettext("The consent was given to words that have since changed materially."),
        "under_age": gettext("The person is too young for this purpose, or their age is not known."),
        "consented": gettext("The person consented."),
        "other_ground": gettext("A lawful ground other than consent allows it."),
        "silent": gettext("The person never agreed to it, and nothing else allows it."),
    }


@by_language
def likenesses() -> Mapping[str, str]:
    """What speaks for two records being one person, or against it."""
    return {
        "same-email": gettext("same e-mail"),
        "same-phone": gettext("same phone"),
        "same-other-contact": gettext("same other contact"),
        "near-contact": gettext("nearly the same contact"),
        "other-contacts": gettext("other contacts"),
        "same-name": gettext("same name"),
        "name-in-other-form": gettext("the name in another form"),
        "near-name": gettext("nearly the same name"),
        "name-order": gettext("names in another order"),
        "name-incomplete": gettext("name incomplete"),
        "other-family-name": gettext("another family name"),
        "same-patronymic": gettext("same patronymic"),
        "same-birth-date": gettext("same date of birth"),
        "near-birth-date": gettext("nearly the same date of birth"),
        "other-sex": gettext("other sex"),
        "same-address": gettext("same address"),
        "same-city": gettext("same city"),
        "other-city": gettext("another city"),
    }


@by_language
def event_kinds() -> Mapping[str, tuple[str, str]]:
    """What can happen to a consent: in words, and how it is marked."""
    return {
        "requested": (gettext("asked"), "wait"),
        "given": (gettext("given"), "good"),
        "confirmed": (gettext("confirmed"), "good"),
        "refused": (gettext("refused"), "bad"),
        "withdrawn": (gettext("withdrawn"), "bad"),
        "objected": (gettext("objected"), "bad"),
        "expired": (gettext("lapsed"), "wait"),
        "renewed": (gettext("renewed"), "good"),
        "invalidated": (gettext("taken away, since recorded in error"), "plain"),
        "parted": (gettext("taken away, since a merge was undone"), "plain"),
    }
