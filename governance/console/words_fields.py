"""The catalogue of fields in words."""

from collections.abc import Mapping

from flask_babel import gettext

from governance.pages.languages import by_language


@by_language
def compartments() -> Mapping[str, str]:
    """Groups of fields that one rule of retention governs."""
    return {
        "profile": gettext("Profile"),
        "contact": gettext("Contacts"),
        "behaviour": gettext("Behaviour"),
        "finance": gettext("Purchases"),
        "evidence": gettext("Evidence of consents"),
        "audit": gettext("Audit log"),
        "operation": gettext("the service itself"),
    }


@by_language
def scope_titles() -> Mapping[str, str]:
    """What the permissions of connected systems are about."""
    return {
        "customers": gettext("Customers"),
        "dealings": gettext("Purchases, conversations, visits"),
        "consent": gettext("Consent"),
        "lists": gettext("Imports and segments"),
        "requests": gettext("Requests and erasure"),
        "service": gettext("Service"),
    }


def scope_groups() -> Mapping[str, str]:
    """The group of each kind of permission; those not named are of the service."""
    kinds = {
        "customers": ("customers", "contacts", "extra_fields", "duplicates"),
        "dealings": ("purchases", "interactions", "activity"),
        "consent": ("consent",),
        "lists": ("intake", "segments", "reports"),
        "requests": ("requests", "packages", "erasure", "retention"),
    }
    return {kind: group for group, several in kinds.items() for kind in several}


@by_language
def said() -> Mapping[str, Mapping[str, str]]:
    """Words of the page of fields."""
    return {
        "compartments": compartments(),
        "sensitivities": {
            "basic": gettext("ordinary"),
            "personal": gettext("personal"),
            "special": gettext("special (health, faith, origin)"),
        },
        "visibilities": {
            "clear": gettext("in the clear"),
            "masked": gettext("masked"),
            "hidden": gettext("hidden"),
        },
        "types": {
            "text": gettext("text"),
            "number": gettext("number"),
            "date": gettext("day"),
            "boolean": gettext("yes or no"),
            "list": gettext("list of texts"),
        },
    }
