"""What passed between the controller and the person: requests, what was written to them, and what chooses them."""

import json
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from sqlalchemy import select

from governance.consent.profiling import chosen_by
from governance.customers.loading import opened
from governance.customers.whole import Cell, Row, rows_of
from governance.messages.operations import Template, sent_to, states_of
from governance.messages.wording import render_as_sent
from governance.policies.classification import Compartment
from governance.policies.retention import Clock
from governance.rights.packages.gathering import Gathered, Section, rule_titles, section
from governance.rights.tables import RequestNoticeRow, RequestRow

ANSWERING: Final = "answering_requests"
PURPOSES: Final = {
    Template.PORTAL_CODE: "proving_identity",
    Template.SPOKEN_CODE: "proving_identity",
    Template.CONFIRM_SUBSCRIPTION: "confirming_consent",
    Template.RETENTION_WARNING: "telling_of_deletion",
}
"""What messages were sent for, by what they are."""


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
    """What was written to the person: about their requests by its subject, all else by its kind.

    The words of messages are destroyed once they are sent, and what is left of them goes a month later.
    """
    rows = sorted([*_notices(found), *_others(found)], key=lambda row: str(row["at"]))
    columns = ("at", "channel", "contact", "subject", "state", "purpose", "number")
    return section("messages", columns, rows)


def _notices(found: Gathered) -> Iterator[Row]:
    people = [one.id for one in found.records]
    query = (
        select(RequestNoticeRow, RequestRow)
        .join(RequestRow, RequestRow.id == RequestNoticeRow.request_id)
        .where(RequestRow.person_id.in_(people))
        .order_by(RequestNoticeRow.at, RequestNoticeRow.id)
    )
    told = found.work.session.execute(query).all()
    states = states_of(found.work, [one.message_id for one, _ in told if one.message_id is not None])
    for one, request in told:
        state = "told" if one.told_at is not None else "not_told"
        if one.message_id is not None:
            state = states.get(one.message_id, "over")
        yield {
            "at": one.told_at or one.at,
            "channel": one.carrier,
            "contact": opened(request, "contact"),
            "subject": render_as_sent(
                found.work,
                template=Template(one.notice),
                language=one.language,
                values=opened(one, "content") or {},
            ).subject,
            "state": state,
            "purpose": ANSWERING,
            "number": request.number,
        }


def _others(found: Gathered) -> Iterator[Row]:
    values: dict[UUID, Cell] = {}
    for block in rows_of(found.work, person=found.person, table="contact"):
        values |= {row_id: row["value"] for row_id, row in block}
    for one in sent_to(found.work, list(values)):
        yield {
            "at": one.at,
            "channel": one.channel.value,
            "contact": ", ".join(str(values[contact]) for contact in one.contacts),
            "subject": one.template.value,
            "state": one.state,
            "purpose": PURPOSES.get(one.template, ANSWERING),
            "number": None,
        }


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
