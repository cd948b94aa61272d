"""Why what was approved could not be carried out, in words by the slug of the refusal; in English as it was said."""

from collections.abc import Mapping

from flask_babel import gettext

from governance.pages.languages import SOURCE, by_language, language


def why(slug: str | None, english: str | None) -> str:
    """What hindered it, in the visitor's language; empty where nothing did."""
    if slug is None:
        return ""
    if language() == SOURCE:
        return english or ""
    return said().get(
        slug, gettext("It was refused when it was to be done. Look how things stand, and propose it anew.")
    )


@by_language
def said() -> Mapping[str, str]:
    """Sentence of each refusal that carrying out what was approved may meet."""
    return {**_of_what_is_gone(), **_of_how_it_stands()}


def _of_what_is_gone() -> Mapping[str, str]:
    return {
        "account-disabled": gettext("The account that it is about was closed."),
        "exporter-left": gettext("Whoever proposed it may not have the data any more."),
        "forbidden": gettext("Whoever proposed it may not do this any more."),
        "no-such-policy": gettext("The policy is not there any more."),
        "no-such-recipient": gettext("The recipient is not there any more."),
        "no-such-request": gettext("The request is not there any more."),
        "no-such-run": gettext("The run is not there any more."),
        "no-such-staff": gettext("The person who works here is not there any more."),
        "not-found": gettext("What it is about is not there any more."),
        "recipient-retired": gettext("Nothing is given to this recipient any more."),
        "unknown-purpose": gettext("The purpose is not there any more."),
        "unknown-role": gettext("The role is not there any more."),
        "shredded": gettext("The data was erased meanwhile."),
        "unreadable": gettext("Some of the data cannot be read; look at Health."),
    }


def _of_how_it_stands() -> Mapping[str, str]:
    return {
        "already-there": gettext("What it was to add is there already."),
        "approval-needed": gettext("The approval is missing."),
        "being-erased": gettext("An erasure of this person is under way."),
        "conflict": gettext("Things had changed since it was proposed."),
        "identity-not-proven": gettext("Whose data it is was not proved."),
        "invalid": gettext("What was proposed cannot be carried out as it is written."),
        "legal-hold": gettext("A legal hold covers this data."),
        "merge-in-erasure": gettext("A merge of this person is part of an erasure that is under way."),
        "not-simulated": gettext("The policy was not simulated as it stands now."),
        "policy-conflict": gettext("The policy is shorter than a law wants, or fights another one."),
        "policy-not-carried-out": gettext("There is something in the policy that cannot be carried out."),
        "proposal-altered": gettext("It was altered after it was approved."),
        "request-act": gettext("The request stands elsewhere now, and this cannot be done to it."),
        "restricted": gettext("The processing of this person's data is restricted."),
        "run-open": gettext("A run is under way, or waits to be approved."),
    }
