"""After a restore: people who were erased since the backup are in it again, unreadable, and go again.

The tombstones have destroyed their keys and digests before anything else was done; here the rows follow, by the same
steps and with a certificate of their own.
"""

from typing import Final, LiteralString

from governance.erasure.records import Origin, OriginKind
from governance.erasure.running import erase_many
from governance.kernel.clock import Clock
from governance.kernel.db import Database, driver_connection
from governance.kernel.ids import SubjectId
from governance.kernel.work import Actor, open_work

BATCH: Final = 500

# Nobody who is kept has lost the keys of both; an erasure that is in the backup goes on by itself.
_UNREADABLE: Final[LiteralString] = """
SELECT person.id FROM person JOIN key_owner ON key_owner.id = person.owner_id
WHERE person.merged_into IS NULL AND (key_owner.shredded_at IS NOT NULL OR 2 = (
    SELECT count(DISTINCT compartment) FROM data_key
    WHERE owner_id = person.owner_id AND wrapped IS NULL AND compartment IN ('profile', 'contact')
)) AND NOT EXISTS (SELECT FROM erasure_target WHERE person_id = person.id)
ORDER BY person.id LIMIT %(limit)s
"""


def erase_restored(database: Database, *, actor: Actor, clock: Clock | None = None) -> int:
    """Erase whoever a restore has brought back without keys; answers how many people. To be called before opening."""
    count = 0
    while True:
        with open_work(database, actor, clock=clock) as work:
            found = driver_connection(work.session).execute(_UNREADABLE, {"limit": BATCH}).fetchall()
            people = [SubjectId(person) for (person,) in found]
            erase_many(work, people=people, origin=Origin(OriginKind.OPERATOR))
        count += len(people)
        if len(people) < BATCH:
            return count
