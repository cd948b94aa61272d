"""Many customers at once: rows that the server makes itself, since a check looks at few of their columns.

Sealed columns have the usual lengths and open to nothing: a check opens nothing. Only the blind indexes are made here,
by the keys of the store.
"""

import sys
from collections.abc import Iterator
from typing import Final, LiteralString

import psycopg

from governance.custody.opening import Store
from governance.customers.codes import ContactKind
from governance.customers.normal import index_of
from governance.kernel.work import OPERATOR, open_work
from governance.policies.purposes import Channel
from governance.vault.runtime import vault_of

PURPOSE: Final = "own_offers"
_PART: Final = 50_000

_NUMBERED: Final[LiteralString] = """
CREATE TEMPORARY TABLE asked (number int8, digest bytea);
"""
# A header of version 1, algorithm 1, generation 1; then nonce, ciphertext and tag.
_ROWS: Final[tuple[LiteralString, ...]] = (
    "SET session_replication_role = replica",  # references are right as they are made
    """
    CREATE TEMPORARY TABLE made AS
    SELECT number, digest, uuidv7() AS person, uuidv7() AS owner, uuidv7() AS event,
        sha256(int8send(number)) || sha256(int8send(-number)) AS noise, now() - interval '100 days' AS ago,
        CASE WHEN number % 2 = 0 THEN 'email' ELSE 'phone' END AS kind,
        CASE WHEN number % 2 = 0 THEN '{email}' ELSE '{sms}' END AS channel, number / 2 % 10 AS lot
    FROM asked ORDER BY number
    """,
    "INSERT INTO key_owner (id, kind, created_at) SELECT owner, 'person', now() FROM made",
    """
    INSERT INTO person (id, owner_id, subject_ref, kind, country, ground, age_at_least, acquired_at, version,
        created_at, updated_at, family_name_sealed, given_name_sealed, patronymic_sealed, birth_date_sealed, sex_sealed,
        city_sealed, street_sealed, note_sealed)
    SELECT person, owner, gen_random_uuid(), 'private', 'DE', 'contract', 21, ago, 1, now(), now(),
        h || substr(noise, 1, 46), h || substr(noise, 2, 38), h || substr(noise, 3, 44), h || substr(noise, 4, 38),
        h || substr(noise, 5, 34), h || substr(noise, 6, 42), h || substr(noise, 7, 52), h || substr(noise, 8, 57)
    FROM made, (SELECT '\\x010100000001'::bytea AS h) AS head
    """,
    """
    INSERT INTO contact (id, owner_id, person_id, kind, is_primary, is_login, opt_out_offered_at, created_at,
        value_sealed, value_index)
    SELECT uuidv7(), owner, person, kind, true, false, ago, now(), '\\x010100000001'::bytea || substr(noise, 9, 54),
        digest FROM made
    """,
    """
    INSERT INTO purchase (id, owner_id, person_id, paid_at, whole_day, total, currency, created_at, number_sealed)
    SELECT uuidv7(), owner, person, ago, false, 10, 'EUR', now(), '\\x010100000001'::bytea || substr(noise, 9, 36)
    FROM made WHERE lot IN (0, 7)
    """,
    "INSERT INTO consent_subject (person_id, sequence, recorded_at) SELECT person, 2, now() FROM made WHERE lot < 7",
    """
    INSERT INTO consent_state (person_id, purpose, channel, sequence, standing, since, event, given_at, given_notice,
        given_event, confirmed_at, confirmed_notice, confirmed_event)
    SELECT person, '{purpose}', channel, 2, 'given', ago, event, ago, 1, event, ago, 1, event FROM made WHERE lot < 6
    UNION ALL
    SELECT person, '{purpose}', channel, 2, 'withdrawn', ago, event, null, null, null, null, null, null
    FROM made WHERE lot = 6
    """,
)


def address(number: int) -> str:
    """The address or number of one customer: of even ones an address."""
    return f"customer.{number}@example-{number % 500}.org" if number % 2 == 0 else f"+49151{number:08d}"


def populate(store: Store, people: int) -> None:
    """Put customers into an empty store. Of ten: six with a confirmed consent, one who withdrew, one who bought.

    The other two never said anything; one of those who consented has bought, too.
    """
    names = {"purpose": PURPOSE, "email": Channel.EMAIL.value, "sms": Channel.SMS.value}
    with psycopg.connect(store.server.admin_url(), autocommit=True) as connection:
        connection.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET synchronous_commit = off")
        connection.execute(_NUMBERED)
        with connection.cursor() as cursor, cursor.copy("COPY asked FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int8", "bytea"])
            for row in _digests(store, people):
                copy.write_row(row)
        for statement in _ROWS:
            text = statement
            for name, value in names.items():
                text = text.replace(f"{{{name}}}", value)
            connection.execute(text)
        connection.execute("SET session_replication_role = origin")
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _digests(store: Store, people: int) -> Iterator[tuple[int, bytes]]:
    with open_work(store.database, OPERATOR) as work:
        indexer = vault_of(work.session).indexer
    for start in range(0, people, _PART):
        for parity, kind in enumerate((ContactKind.EMAIL, ContactKind.PHONE)):
            numbers = range(start + parity, min(start + _PART, people), 2)
            made = indexer.of_normal(index_of(kind), [address(number).encode() for number in numbers])
            yield from zip(numbers, made, strict=True)


def told(sentence: str) -> None:
    """Say how far it is, on the side, so that figures can be read by a machine."""
    sys.stderr.write(f"{sentence}\n")
