"""Values of facts in words: by fact, or by area and fact where one name stands for several kinds of things."""

from collections.abc import Mapping
from itertools import chain

from flask_babel import gettext

from governance.console import (
    words,
    words_exports,
    words_failures,
    words_fields,
    words_imports,
    words_messages,
    words_requests,
    words_retention,
)
from governance.pages.languages import by_language, language
from governance.policies import shipped
from governance.reference.safeguards import safeguards

Words = Mapping[str, str]


@by_language
def by_fact() -> Mapping[str, Words]:
    """What values are called, by fact, or by area and fact where a fact is of several kinds."""
    return {**_of_people(), **_of_fields(), **_of_consents(), **_of_requests(), **_of_keeping(), **_of_service()}


def _of_people() -> Mapping[str, Words]:
    codes, actors = words.codes(), words.actors()
    roles = {name: role.titles.get(language()) for name, role in shipped.roles().roles.items()}
    permissions = {one.value: told.titles.get(language()) for one, told in shipped.permissions().items()}
    return {
        "by": {**_of_searches(), **actors},
        "exporter_kind": actors,
        **dict.fromkeys(("role", "roles"), roles),
        **dict.fromkeys(("permission", "scopes"), permissions),
        "factor": {
            "totp": gettext("code of the app"),
            "recovery_code": gettext("recovery code"),
            "demonstration": gettext("none: a demonstration"),
        },
        "source": codes,
        "ground": {**codes, **words_requests.grounds(), "soft_opt_in": gettext("own customers, own goods")},
        "restricted": codes,
        "lifted": codes,
        "customers:reason": codes,
        "customers:kind": {**codes, **words.contact_kinds()},
    }


def _of_fields() -> Mapping[str, Words]:
    fields, contacts = words.fields(), words.contact_kinds()
    named = {
        **fields,
        **contacts,
        **{f"person.{name}": said for name, said in fields.items()},
        **{f"contact.{name}": said for name, said in contacts.items()},
        "person.customer_since": gettext("Customer since"),
        "contacts": gettext("Contacts"),
    }
    return {
        **dict.fromkeys(("field", "fields"), named),
        **dict.fromkeys(("compartment", "compartments"), words_fields.compartments()),
        "format": words_exports.formats(),
        "changed": _of_company(),
        "intake:kind": words_imports.kinds(),
    }


def _of_company() -> Words:
    return {
        "legal_name": gettext("Name of the company"),
        "registration": gettext("Number in the register"),
        "address": gettext("Address"),
        "country": gettext("Country"),
        "zone": gettext("Time zone"),
        "language": gettext("Language"),
        "calendar": gettext("Calendar"),
        "laws": gettext("Laws"),
        "authority": gettext("Supervisory authority"),
        "officer": gettext("Data protection officer"),
        "fiscal_year": gettext("Fiscal year"),
    }


def _of_consents() -> Mapping[str, Words]:
    return {
        **dict.fromkeys(("channel", "channels"), words.channels()),
        "method": methods(),
        "reasons": words.reasons(),
        "consent:reason": suppressions(),
        "scope": {
            "purpose": gettext("this purpose"),
            "advertising": gettext("all advertising"),
            "everything": gettext("all messages"),
        },
        "consent:kind": {"consent": gettext("of a purpose"), "privacy": gettext("privacy notice")},
    }


def _of_requests() -> Mapping[str, Words]:
    return {
        "rights:kind": words_requests.kinds(),
        "state": {name: said for name, (said, _) in chain(words_requests.states().items(), _states().items())},
        "arrival": words_requests.arrivals(),
        "asking": words_requests.askings(),
        "about": words_requests.abouts(),
        "proof": words_requests.proofs(),
        "flag": words_requests.flags(),
        "rights:reason": words_requests.grounds(),
        "reminder": {
            "half": gettext("half of the time is over"),
            "nearly": gettext("nearly due"),
            "overdue": gettext("overdue"),
        },
        "decision": {"release": gettext("hand out"), "redact": gettext("black out")},
        "safeguard": {key: one.titles.get(language()) for key, one in safeguards().items()},
    }


def _states() -> Mapping[str, tuple[str, str]]:
    return {
        "begun": (gettext("begun"), "wait"),
        "done": (gettext("done"), "good"),
        "running": (gettext("runs"), "wait"),
        "waiting": (gettext("Waits"), "wait"),
        "closed": (gettext("Closed"), "good"),
    }


def _of_keeping() -> Mapping[str, Words]:
    steps = words_requests.steps()
    return {
        **dict.fromkeys(("step", "steps"), steps),
        "origin": {
            **words_retention.origins(),
            "request": gettext("Request"),
            "policy_run": gettext("Purge"),
            "officer": gettext("Member of staff"),
            "operator": gettext("Operator on the host"),
        },
        "failure": words_failures.said(),
    }


def _of_service() -> Mapping[str, Words]:
    kinds = {**words.alert_kinds(), **words.proposal_kinds()}
    return {
        "accounts:kind": kinds,
        "act": kinds,
        "accounts:reason": words_failures.said(),
        "class": words.classes(),
        "outcome": {name: said for name, (said, _) in words.outcomes().items()},
        "template": words_messages.messages(),
        "topic": {
            "consents": gettext("Consents"),
            "stops": gettext("Contacts that may not be written to"),
            "requests": gettext("Requests"),
        },
    }


@by_language
def methods() -> Words:
    """How a consent was given or taken back."""
    return {
        "web_form": gettext("form on a site"),
        "portal": gettext("customers' pages"),
        "one_click": gettext("link in a mail"),
        "paper": gettext("on paper"),
        "phone": gettext("by phone"),
        "in_person": gettext("in person"),
        "import": gettext("list that was brought in"),
        "api": gettext("connected system"),
    }


@by_language
def suppressions() -> Words:
    """Why a contact stands on the stop list."""
    return {
        "unsubscribed": gettext("unsubscribed"),
        "complaint": gettext("complained of a message"),
        "hard_bounce": gettext("messages bounce"),
        "do_not_contact": gettext("wants no messages"),
        "erased": gettext("the person was erased"),
    }


@by_language
def conditions() -> Words:
    """What a search of the log may go by."""
    return {
        "actor": gettext("who acted"),
        "actor_kind": gettext("kind of actor"),
        "action": gettext("which act"),
        "action_class": gettext("kind of act"),
        "subject": gettext("whom it concerns"),
        "object_kind": gettext("kind of object"),
        "object_id": gettext("which object"),
        "outcome": gettext("outcome"),
        "since": gettext("from a day on"),
        "until": gettext("up to a day"),
        "readings": gettext("readings of the log"),
    }


def _of_searches() -> Words:
    """What people and entries were searched by."""
    return {
        **words.fields(),
        **words.contact_kinds(),
        **conditions(),
        "name": gettext("Name"),
        "number": gettext("Number"),
        "second_fact": gettext("a second detail that only the person knows"),
    }
