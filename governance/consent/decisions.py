"""The entry of a send check: what was decided, provable later against the very list that was asked about.

The entry holds counts, a bit for each verdict, and an HMAC of the list. Its key is derived from a salt of the month and
a nonce of the entry, so that nobody without the salt can try contacts against it, and a check need seal nothing. When
the month's salt is shredded, nobody can at all.
"""

import base64
import hmac
import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Entry, Fact, NewEntry
from governance.consent.tables import DecisionSaltRow
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import EntryId, OwnerId, uuid7
from governance.kernel.work import Work
from governance.policies.consent_facts import Verdict
from governance.vault.compartments import OwnerKind
from governance.vault.errors import ShreddedError
from governance.vault.items import SealItem
from governance.vault.runtime import vault_of

SALT_BYTES: Final = 32
PIECE: Final = 1000
"""Characters of the bitmap that one fact holds; a fact is a code of at most 1024."""

_newest: tuple[bytes, bytes] | None = None
"""The salt in use, by the id of its row, which every lookup names anew."""


def canonical(inputs: Sequence[object]) -> bytes:
    """The list that was asked about, as it is digested: a JSON array (RFC 8785) of the texts as sent.

    What is no text stands as null.
    """
    texts = [one if isinstance(one, str) else None for one in inputs]
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def bitmap(verdicts: Sequence[Verdict]) -> bytes:
    """A bit for each verdict, 1 where it may be sent: the first is the highest of the first byte, the end is padded."""
    bits = "".join("1" if verdict[0] else "0" for verdict in verdicts)
    return int(bits.ljust(-len(bits) % 8 + len(bits), "0") or "0", 2).to_bytes((len(bits) + 7) // 8, "big")


def new_entry(
    work: Work, *, salt: bytes | None, inputs: Sequence[object], verdicts: Sequence[Verdict], facts: Mapping[str, Fact]
) -> NewEntry:
    """The entry of one decision.

    Args:
        work: the transaction.
        salt: id of the month's salt where it is known, as the lookup tells it.
        inputs: what was asked about, as it was sent.
        verdicts: in the same order.
        facts: purpose, channel and whatever else is told.
    """
    nonce = secrets.token_bytes(16)
    encoded = base64.b64encode(bitmap(verdicts)).decode()
    reasons = Counter([verdict[1] for verdict in verdicts])
    told: dict[str, Fact] = {
        **facts,
        "allowed": sum(1 for verdict in verdicts if verdict[0]),
        "count": len(verdicts),
        "inputs": _digest(_salt(work, salt), nonce, inputs).hex(),
        "nonce": nonce.hex(),
        "reasons": {reason.value: count for reason, count in reasons.items()},
        "verdicts": [encoded[start : start + PIECE] for start in range(0, len(encoded), PIECE)],
    }
    return NewEntry(Action.CONSENT_CHECKED, facts=told)


def is_about(work: Work, *, decision: EntryId, inputs: Sequence[object]) -> bool:
    """Whether a decision was about exactly this list, in this order and spelling.

    Raises:
        NotFoundError: where there is no such decision, or its month's salt was shredded.
    """
    told = audit.entry(work, eid=decision).entry
    if told.action != Action.CONSENT_CHECKED.value:
        raise NotFoundError("There is no such decision.")
    row = _row(work, told.at)
    if row is None:
        raise NotFoundError("What this decision was salted with is gone.")
    made = _digest(_opened(row), bytes.fromhex(str(told.facts["nonce"])), inputs)
    return hmac.compare_digest(made.hex(), str(told.facts["inputs"]))


class Comparison:
    """Compares entries of decisions with lists that they may have been about; opens each month's salt once."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._salts: dict[tuple[int, int], bytes | None] = {}

    def match(self, told: Entry, lists: Sequence[Sequence[object]]) -> bool:
        """Whether the decision was about one of *lists*; False where the salt of its month is gone."""
        salt = self._salt(told.at.astimezone(UTC))
        if salt is None:
            return False
        nonce, inputs = bytes.fromhex(str(told.facts["nonce"])), str(told.facts["inputs"])
        return any(hmac.compare_digest(_digest(salt, nonce, one).hex(), inputs) for one in lists)

    def _salt(self, at: datetime) -> bytes | None:
        month = (at.year, at.month)
        if month not in self._salts:
            row = _row(self._work, at)
            try:
                self._salts[month] = None if row is None else _opened(row)
            except NotFoundError:
                self._salts[month] = None
        return self._salts[month]


def owner_of_month(work: Work) -> OwnerId:
    """The key owner of this month's decisions, for what is told of a contact that nobody holds."""
    return OwnerId((_row(work, work.now) or _make(work)).owner_id)


def _digest(salt: bytes, nonce: bytes, inputs: Sequence[object]) -> bytes:
    return hmac.digest(hmac.digest(salt, nonce, "sha256"), canonical(inputs), "sha256")


def _salt(work: Work, known: bytes | None) -> bytes:
    global _newest
    if known is not None and _newest is not None and _newest[0] == known:
        return _newest[1]
    row = _row(work, work.now) or _make(work)
    salt = _opened(row)
    _newest = (row.id.bytes, salt)
    return salt


def _opened(row: DecisionSaltRow) -> bytes:
    try:
        return bytes.fromhex(row.salt or "")
    except ShreddedError:
        raise NotFoundError("What this decision was salted with is gone.") from None


def _row(work: Work, at: datetime) -> DecisionSaltRow | None:
    query = select(DecisionSaltRow).where(DecisionSaltRow.month == at.astimezone(UTC).strftime("%Y-%m"))
    return work.session.scalars(query).one_or_none()


def _make(work: Work) -> DecisionSaltRow:
    """The month's salt, made now; where somebody else makes it at the same time, theirs is the one."""
    vault, row_id, owner = vault_of(work.session), uuid7(), OwnerId(uuid7())
    vault.owners.create(work.session, OwnerKind.DECISIONS, [owner])
    place = DecisionSaltRow.sealed_fields["salt"].place
    item = SealItem(place, row_id, owner, secrets.token_bytes(SALT_BYTES).hex().encode())
    (sealed,) = vault.seal_many(work.session, [item])
    month = work.now.astimezone(UTC).strftime("%Y-%m")
    values = {"id": row_id, "owner_id": owner, "month": month, "created_at": work.now, "salt_sealed": sealed}
    work.session.execute(insert(DecisionSaltRow.__table__).values(values).on_conflict_do_nothing())  # type: ignore[arg-type]  # a table
    made = _row(work, work.now)
    if made is None:
        raise NotFoundError("The salt of this month is gone at the moment that it was made.")
    return made
