"""A log of a test's own: database, signer, folder outside the database, and somebody who commands the database."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.audit import operations as audit
from governance.audit import sequencer
from governance.audit.actions import Action
from governance.audit.anchors import FileAnchor
from governance.audit.checkpoints import Signer
from governance.audit.entries import NewEntry, ObjectRef
from governance.audit.findings import Verification
from governance.audit.notes import Checkpoint
from governance.audit.outside import Outside, create_signing_key
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.ids import EntryId, SubjectRef, uuid4, uuid7
from governance.kernel.work import SYSTEM, Actor, ActorKind, Work, open_work
from tests.conftest import NOW, Store

STAFF = Actor(kind=ActorKind.STAFF, id=uuid7(), permissions=frozenset({"*"}))


@dataclass
class Log:
    """The log under test, and the short words in which tests speak of it."""

    database: Database
    admin_url: str
    folder: Path
    key: Ed25519PrivateKey
    outside: Outside
    now: datetime = NOW
    eids: list[EntryId] = field(default_factory=list)

    @property
    def signer(self) -> Signer:
        return Signer(self.database, self.key, self.outside, [FileAnchor(self.outside.anchor_path)])

    def append(self, count: int = 1, action: Action = Action.PERSON_EDITED) -> list[EntryId]:
        """Entries of a transaction of their own, a second after the one before."""
        self.now += timedelta(seconds=1)
        with open_work(self.database, STAFF, clock=FixedClock(self.now)) as work:
            new = [
                NewEntry(action, SubjectRef(uuid4()), ObjectRef("person", uuid7()), {"number": number})
                for number in range(count)
            ]
            made = audit.append_many(work, new)
        self.eids += made
        return made

    def sequence(self) -> int:
        return sequencer.drain(self.database).placed

    def sign(self) -> Checkpoint | None:
        return self.signer.sign(clock=FixedClock(self.now))

    def grow(self, count: int) -> Checkpoint | None:
        """Append, place and sign."""
        self.append(count)
        self.sequence()
        return self.sign()

    def as_superuser(self, *statements: str) -> None:
        """What somebody does who commands the database: triggers off, then whatever they like."""
        with psycopg.connect(self.admin_url) as connection:
            for statement in statements:
                connection.execute(statement)

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.admin_url) as connection:
            return connection.execute(statement).fetchall()

    def verify(self) -> Verification:
        """Verify it where it stands."""
        with open_work(self.database, SYSTEM, clock=FixedClock(self.now)) as work:
            public_key = self.key.public_key().public_bytes_raw()
            return audit.verify_live(work, public_key=public_key, outside=self.outside)

    def in_work(self, act: Callable[[Work], object]) -> None:
        with open_work(self.database, SYSTEM, clock=FixedClock(self.now)) as work:
            act(work)


@pytest.fixture
def log(fresh_database: Database, fresh_store: Store, tmp_path: Path) -> Log:
    key = create_signing_key(tmp_path / "secrets")
    return Log(fresh_database, fresh_store.admin_url, tmp_path, key, Outside(tmp_path / "audit"))
