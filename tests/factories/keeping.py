"""Stores with retention policies in force, and what is done in them, each act in a transaction of its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import psycopg
from sqlalchemy import text

from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.customers.codes import ActivityKind
from governance.customers.records import NewActivity, NewInteraction
from governance.executors import install
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.ids import SubjectId
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.classification import Compartment
from governance.reference.operations import set_controller
from governance.reference.retention_rules import PolicyVersion
from governance.retention import operations as retention
from governance.retention.operations import Run
from tests.conftest import NOW
from tests.factories.customers import origin, person

T = TypeVar("T")
TITLES = "titles: {en: A, ru: B, uk: C}"


class Keeping:
    """A store whose controller is in Germany; *now* is what its clock says."""

    def __init__(self, database: Database, *, country: str = "DE") -> None:
        self.database = database
        self.clock = FixedClock(NOW)
        install(database)
        self.do(
            lambda work: set_controller(work, legal_name="Demonstration Shop", address="Main street 1", country=country)
        )

    def do(self, act: Callable[[Work], T]) -> T:
        """Act in a transaction of its own."""
        with open_work(self.database, SYSTEM, clock=self.clock) as work:
            return act(work)

    def people(self, number: int) -> list[SubjectId]:
        """So many people without anything but a name, and a country."""
        new = [person(family_name=f"Person {one}", contacts=(), country="DE") for one in range(number)]
        return self.do(lambda work: create_people(work, new, origin=origin()))

    def visits(self, subject: SubjectId, *at: datetime) -> None:
        """Record what somebody did."""
        done = [NewActivity(kind=ActivityKind.VISIT, at=one) for one in at]
        self.do(lambda work: [customers.record_activity(work, subject=subject, activity=one) for one in done])

    def talk(self, subject: SubjectId, new: NewInteraction) -> None:
        """Record a talk."""
        self.do(lambda work: customers.record_interaction(work, subject=subject, interaction=new))

    def seen(self, last: Mapping[SubjectId, datetime]) -> None:
        """Set when people were active last."""
        self.do(
            lambda work: [
                work.session.execute(
                    text("UPDATE person_sign SET last_at = :at, proven = true WHERE person_id = :person"),
                    {"at": at, "person": subject},
                )
                for subject, at in last.items()
            ]
        )

    def force(self, *keys: str) -> list[PolicyVersion]:
        """Put shipped policies into force, through all stages."""
        return self.do(lambda work: [_forced(work, retention.draft_shipped(work, key=key)) for key in keys])

    def force_document(self, document: str) -> list[PolicyVersion]:
        """The same for policies of a document."""
        return self.do(lambda work: [_forced(work, one) for one in retention.draft(work, document=document)])

    def run(self, keys: Sequence[str] | None = None) -> Run:
        """A run, seen through."""
        begun = self.do(lambda work: retention.begin(work, keys=keys, at_once=True))
        return retention.see_through(self.database, actor=SYSTEM, run=begun.id, clock=self.clock, rest=0)

    def see(self, begun: Run) -> Run:
        """A run that was begun, seen through."""
        return retention.see_through(self.database, actor=SYSTEM, run=begun.id, clock=self.clock, rest=0)

    def hold(self, subject: SubjectId, *which: Compartment) -> customers.HoldView:
        """Keep compartments of somebody."""
        return self.do(
            lambda work: customers.place_hold(
                work,
                subject=subject,
                compartments=which,
                reason="Prozess",
                review_at=datetime(2030, 1, 1, tzinfo=NOW.tzinfo),
            )
        )

    def count(self, what: str) -> int:
        """Rows of a table, or of a table and a condition."""
        return self.do(lambda work: int(work.session.scalar(text(f"SELECT count(*) FROM {what}")) or 0))


def _forced(work: Work, version: PolicyVersion) -> PolicyVersion:
    retention.look_ahead(work, policy=version.id)
    retention.propose_activation(work, policy=version.id, reason="Decided.")
    return retention.policy(work, policy=version.id)


def document(key: str, body: str) -> str:
    """A policy as it is written."""
    return f"policies:\n  {key}:\n    {TITLES}\n" + "".join(f"    {line}\n" for line in body.strip().splitlines())


ACTIVITY = document(
    "behaviour",
    """applies_to: {table: activity}
clock: activity.at
keep: P13M
action: delete_rows
citation: decided
verified: true""",
)


HINDERING = """
CREATE FUNCTION outsider() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.id = ANY('{%s}'::uuid[]) THEN RAISE EXCEPTION 'not this one'; END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER outsider BEFORE DELETE ON activity FOR EACH ROW EXECUTE FUNCTION outsider()
"""


def hinder(admin_url: str, rows: Iterable[UUID]) -> None:
    """Let the database refuse that some rows of `activity` be deleted."""
    with psycopg.connect(admin_url) as outsider:
        outsider.execute(HINDERING % ",".join(map(str, rows)))  # type: ignore[arg-type]


def hinder_no_more(admin_url: str) -> None:
    """Let all of them be deleted again."""
    with psycopg.connect(admin_url) as outsider:
        outsider.execute("DROP TRIGGER outsider ON activity; DROP FUNCTION outsider()")
