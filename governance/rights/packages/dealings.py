"""What passed between the controller and the person: requests, what was written to them, and what chooses them."""

import json

from sqlalchemy import select

from governance.consent.profiling import chosen_by
from governance.customers.loading import opened
from governance.customers.whole import Row
from governance.messages.operations import Template
from governance.messages.wording import render_as_sent
from governance.policies.classification import Compartment
from governance.policies.retention import Clock
from governance.rights.packages.gathering import Gathered, Section, rule_titles, section
from governance.rights.tables import RequestNoticeRow, RequestRow

ANSWERING = "answering_requests"


def requests(found: Gathered) -> Section:
    """What the person asked for before."""
    people = [one.id for one in found.records]
    query = select(RequestRow).where(RequestRow.person_id.in_(people)).order_by(RequestRow.recorded_at)
    rows: list[Row] = []
    for one in found.work.session.scalars(query):
        until = found.keeping.until("request", Compartment.EVIDENCE, {Clock.REQUEST_CLOSED: one.closed_at})
        rows.append(
            {
                "number": one.number,
                "kind": one.kind,
                "received_on": one.received_on,
                "said": opened(one, "said"),
                "due_on": one.due_on,
                "state": one.state,
                "answer": opened(one, "answer"),
                "closed_at": one.closed_at,
                "kept_until": until.day,
                "rule": until.rule,
            }
        )
    columns = ("number", "kind", "received_on", "said", "due_on", "state", "answer", "closed_at", "kept_until", "rule")
    return section("requests", columns, rows, codes=rule_titles(found))


def messages(found: Gathered) -> Section:
    """What was written to the person about their requests; the words of other messages are destroyed once sent."""
    people = [one.id for one in found.records]
    query = (
        select(RequestNoticeRow, RequestRow.number)
        .join(RequestRow, RequestRow.id == RequestNoticeRow.request_id)
        .where(RequestRow.person_id.in_(people))
        .order_by(RequestNoticeRow.at, RequestNoticeRow.id)
    )
    rows: list[Row] = [
        {
            "at": one.told_at or one.at,
            "channel": one.carrier,
            "subject": render_as_sent(
                found.work,
                template=Template(one.notice),
                language=one.language,
                values=opened(one, "content") or {},
            ).subject,
            "purpose": ANSWERING,
            "number": number,
        }
        for one, number in found.work.session.execute(query)
    ]
    return section("messages", ("at", "channel", "subject", "purpose", "number"), rows)


def segments(found: Gathered) -> Section:
    """The groups that the person is in by their rules as they are now, with the rule of each (GDPR Art. 15(1)(h))."""
    rows: list[Row] = [
        {
            "title": found.words.of(one.titles) or one.titles.en,
            "logic": json.dumps(one.rule, ensure_ascii=False),
            "since": one.since,
            "if_allowed": one.if_allowed,
        }
        for one in chosen_by(found.work, person=found.person)
    ]
    return section("segments", ("title", "logic", "since", "if_allowed"), rows)
