"""What those who were merged into people of a chunk had said: a rule asks what is shown of a person, and no less."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, LargeBinary, Uuid, bindparam, func, select

from governance.customers.segments.statements import Statement, rows_of, statement
from governance.customers.tables import PersonRow
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.vault.reading import key_beside, open_rows
from governance.vault.runtime import vault_of

Opened: TypeAlias = Sequence[bytes | None]
_PERSON = PersonRow.__table__.columns
_LISTS: Final = frozenset({"tags", "interests"})
"""Of these all that any record says is shown; of others what the survivor says, else the first who says something."""


class Merged:
    """Sealed values of those who were merged into somebody.

    Args:
        attributes: names of the sealed fields that a rule asks after.
    """

    def __init__(self, attributes: Sequence[str]) -> None:
        self._attributes = attributes

    def said(self, work: Work, here: Mapping[str, object]) -> Mapping[bytes, list[Opened]]:
        """By survivor in the chunk, what each record says that was merged into them, the one known longest first.

        Raises:
            SealError: where a sealed value was changed or moved.
        """
        rows = rows_of(work, self._statement, **here)
        places = [PersonRow.sealed_fields[name].place for name in self._attributes]
        found: dict[bytes, list[Opened]] = defaultdict(list)
        for row, opened in zip(rows, open_rows(work.session, vault_of(work.session), places, rows), strict=True):
            found[row[-1]].append(opened)
        return found

    def joined(self, mine: Opened, others: Sequence[Opened]) -> list[bytes | None]:
        """What is known of a person: their own values, and those of the others where these add something."""
        return [
            _all_of(values) if name in _LISTS else next((one for one in values if one is not None), None)
            for name, *values in zip(self._attributes, mine, *others, strict=True)
        ]

    @cached_property
    def _statement(self) -> Statement:
        key = key_beside(_PERSON["owner_id"], Compartment.PROFILE)
        columns: list[ColumnElement[Any]] = [
            func.uuid_send(PersonRow.id, type_=LargeBinary()),
            func.uuid_send(PersonRow.owner_id, type_=LargeBinary()),
            *key.columns,
            *(_PERSON[f"{name}_sealed"] for name in self._attributes),
            func.uuid_send(PersonRow.merged_into, type_=LargeBinary()),
        ]
        query = select(*columns).select_from(PersonRow).outerjoin(key.table, key.on)
        after, reached = (bindparam(name, type_=Uuid()) for name in ("after", "reached"))
        here = (PersonRow.merged_into > after, PersonRow.merged_into <= reached)
        return statement(query.where(*here).order_by(PersonRow.created_at, PersonRow.id))


def _all_of(values: Opened) -> bytes | None:
    lists = [json.loads(one) for one in values if one is not None]
    return json.dumps([item for one in lists for item in one]).encode() if lists else None
