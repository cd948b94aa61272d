"""Every verb of this package."""

from governance.accounts.portal.codes import CodeId, ProvenContact, RightCode, SentCode, VisitId, send_code, try_code
from governance.accounts.portal.counting import Allowance, forget_counts, take
from governance.accounts.portal.visits import (
    NewVisit,
    Visit,
    authenticate_visit,
    begin_visit,
    end_visit,
    forget_visits,
    widen_visit,
)

__all__ = [
    "Allowance",
    "CodeId",
    "NewVisit",
    "ProvenContact",
    "RightCode",
    "SentCode",
    "Visit",
    "VisitId",
    "authenticate_visit",
    "begin_visit",
    "end_visit",
    "forget_counts",
    "forget_visits",
    "send_code",
    "take",
    "try_code",
    "widen_visit",
]
