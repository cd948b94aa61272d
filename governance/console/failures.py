"""What did not work: steps of erasures, purges, exports, messages, webhooks and jobs, each with the way to mend it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask import url_for
from flask_babel import gettext, ngettext

from governance.console import words_failures, words_requests
from governance.console.guard import Visit
from governance.disclosures import operations as disclosures
from governance.erasure import operations as erasures
from governance.kernel import jobs
from governance.kernel.records import frozen
from governance.messages import operations as messages
from governance.messages.webhooks import operations as webhooks
from governance.pages.languages import language
from governance.policies.permissions import Permission
from governance.retention import operations as retention


@frozen
class Failure:
    """Something that did not work.

    Attributes:
        what: in words. why: what hindered it, a code as the log tells it; empty where that stands elsewhere.
        mend: what to do. address: the page to do it on; None where there is none.
        again: address of a form that tries it anew, for whoever may.
        next_at: when it is tried again by itself.
    """

    what: str
    why: str
    mend: str
    address: str | None = None
    again: str | None = None
    next_at: datetime | None = None


def failures(visit: Visit) -> Sequence[Failure]:
    """All that the visitor may know of."""
    return [
        *_erasures(visit),
        *_purges(visit),
        *_exports(visit),
        *_messages(visit),
        *_webhooks(visit),
        *_jobs(visit),
    ]


def _erasures(visit: Visit) -> Iterator[Failure]:
    if not visit.may(Permission.ERASURE_READ):
        return
    steps = words_requests.steps()
    for one in erasures.failing(visit.work):
        tried = ngettext("tried %(num)d time", "tried %(num)d times", one.attempts)
        yield Failure(
            what=gettext("Erasure: the step “%(step)s” failed", step=steps.get(one.step.value, one.step.value)),
            why=f"{one.failure}, {tried}",
            mend=gettext("It is tried again by itself. If it goes on, look at Health, or at the log of the worker."),
            address=_request(visit, one.request),
            again=url_for("console.retry_erasure", erasure=one.erasure) if visit.may_open("retry_erasure") else None,
            next_at=one.next_at,
        )


def _request(visit: Visit, request: UUID | None) -> str | None:
    return url_for("console.request", request_id=request) if request and visit.may_open("request") else None


def _purges(visit: Visit) -> Iterator[Failure]:
    if not visit.may(Permission.RETENTION_READ):
        return
    found = retention.failing_parts(visit.work)
    if found is None:
        return
    run, parts = found
    titles = policy_titles(visit)
    for one in parts:
        yield Failure(
            what=gettext("Purge: “%(policy)s” could not take all away", policy=titles.get(one.key, one.key)),
            why=ngettext("%(num)d row is left", "%(num)d rows are left", one.failed),
            mend=gettext("The next run tries again; the run names what hindered it."),
            address=url_for("console.retention_run", run=run.id),
        )


def policy_titles(visit: Visit) -> Mapping[str, str]:
    """What retention policies are called, by key."""
    return {one.policy.key: one.policy.titles.get(language()) for one in retention.policies(visit.work)}


def _exports(visit: Visit) -> Iterator[Failure]:
    if not visit.may(Permission.EXPORTS_READ):
        return
    for one in disclosures.failed_exports(visit.work):
        yield Failure(
            what=gettext("Export for “%(recipient)s” could not be made", recipient=one.recipient_key),
            why=words_failures.why(one.failure, one.failure),
            mend=gettext("Mend what it names, and propose the export anew."),
            address=url_for("console.exports"),
        )


def _messages(visit: Visit) -> Iterator[Failure]:
    if not visit.may(Permission.SERVICE_OBSERVE):
        return
    lost = messages.backlog(visit.work).failed
    if lost:
        log = {"action": "messages:message:failed"}
        yield Failure(
            what=ngettext("%(num)d message could not be delivered", "%(num)d messages could not be delivered", lost),
            why=gettext("in the last 30 days"),
            mend=gettext("The log names the reasons; correct the contact, or tell the person in another way."),
            address=url_for("console.audit", **log) if visit.may_open("audit") else None,  # type: ignore[arg-type]  # words
        )


def _webhooks(visit: Visit) -> Iterator[Failure]:
    if not visit.may(Permission.WEBHOOKS_READ):
        return
    for one in webhooks.listed(visit.work):
        if one.failed:
            told = ngettext("%(num)d message was given up", "%(num)d messages were given up", one.failed)
        elif one.failing_since is not None:
            told = ngettext("%(num)d message waits", "%(num)d messages wait", one.waiting)
        else:
            continue
        yield Failure(
            what=gettext("Webhook “%(name)s” is not reached", name=one.name),
            why=f"{one.host}: {told}",
            mend=gettext("Mend the receiver, then let what was given up be sent again."),
            again=url_for("console.resend_webhook", webhook=one.id) if _resends(visit, one.failed) else None,
            next_at=one.next_attempt_at if one.failing_since is not None else None,
        )


def _resends(visit: Visit, given_up: int) -> bool:
    return given_up > 0 and visit.may_open("resend_webhook")


def _jobs(visit: Visit) -> Iterator[Failure]:
    if not visit.may(Permission.SERVICE_OBSERVE):
        return
    for task, number in jobs.given_up(visit.work).items():
        yield Failure(
            what=ngettext("%(num)d job was given up", "%(num)d jobs were given up", number),
            why=task,
            mend=gettext("The log of the worker says why (worker.job_failed); Health says what to do."),
            address=url_for("console.health"),
        )
