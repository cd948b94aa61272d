"""Who saw data of whoever is signed in to the portal: when, in which role, for what (GDPR Art. 15(1); C-579/21)."""

from collections import deque
from datetime import datetime
from typing import Final

from governance.customers.visiting import Visitor
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies import shipped
from governance.rights.own_data import gathered
from governance.rights.packages.gathering import Gathered
from governance.rights.packages.sights import sights_of

MOST_SIGHTS: Final = 200


@frozen
class OwnSight:
    """That somebody read something.

    Attributes:
        act: what was done, in words. role: of whoever did it. purpose: for what, where it was told.
    """

    at: datetime
    act: str
    role: str
    purpose: str | None
    fields: tuple[str, ...]
    by_self: bool


def own_sights(work: Work, *, visitor: Visitor, language: str) -> list[OwnSight]:
    """Who read data of the visitor, when, and for what, the newest first; roles are told, and no names.

    Raises:
        ForbiddenError: where it is not sure who this is.
    """
    found = gathered(work, visitor, language)
    roles = {key: found.words.of(one.titles) for key, one in shipped.roles().roles.items()}
    purposes = {key: found.words.of(one.titles) for key, one in found.purposes.purposes.items()}
    codes = {**found.words.codes, **roles}
    newest: deque[OwnSight] = deque(maxlen=MOST_SIGHTS)
    for block in sights_of(work, subjects=[one.ref for one in found.records]):
        for row in block:
            at, role, purpose, read = row["at"], str(row["role"]), row["purpose"], row["fields"]
            if not isinstance(at, datetime):
                continue
            newest.append(
                OwnSight(
                    at=at,
                    act=codes.get(str(row["act"]), str(row["act"])),
                    role=", ".join(codes.get(one, one) for one in role.split(", ")),
                    purpose=purposes.get(purpose, purpose) if isinstance(purpose, str) else None,
                    fields=tuple(_field_title(found, str(one)) for one in read) if isinstance(read, list) else (),
                    by_self=role == "self",
                )
            )
    return list(reversed(newest))


def _field_title(found: Gathered, key: str) -> str:
    fields = shipped.catalogue().tables["person"].fields
    if key in fields:
        return found.words.of(fields[key].titles)
    return found.words.sections.get(key) or found.words.codes.get(key, key)
