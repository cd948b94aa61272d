"""Which page of the console needs which permission: guard, navigation and the test of all roles go by this table."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from governance.policies.permissions import Permission

PAGES: Final[Mapping[str, Permission | None]] = MappingProxyType(
    {
        "today": None,
        "own_sessions": None,
        "end_session": None,
        "sign_out": None,
        "requests": Permission.REQUESTS_READ,
        "save_view": Permission.REQUESTS_READ,
        "remove_view": Permission.REQUESTS_READ,
        "new_request": Permission.REQUESTS_RECEIVE,
        "receive_request": Permission.REQUESTS_RECEIVE,
        "request": Permission.REQUESTS_READ,
        "request_notice": Permission.REQUESTS_WORK,
        "ask_request_identity": Permission.REQUESTS_WORK,
        "prove_request": Permission.REQUESTS_WORK,
        "send_request_code": Permission.REQUESTS_WORK,
        "prove_request_by_code": Permission.REQUESTS_WORK,
        "ask_requester": Permission.REQUESTS_WORK,
        "note_reply": Permission.REQUESTS_WORK,
        "extend_request": Permission.REQUESTS_WORK,
        "start_request": Permission.REQUESTS_WORK,
        "submit_request": Permission.REQUESTS_WORK,
        "approve_request": Permission.REQUESTS_DECIDE,
        "send_request_back": Permission.REQUESTS_DECIDE,
        "complete_request": Permission.REQUESTS_WORK,
        "find_nothing": Permission.REQUESTS_WORK,
        "refuse_request": Permission.REQUESTS_DECIDE,
        "withdraw_request": Permission.REQUESTS_WORK,
        "join_request": Permission.REQUESTS_WORK,
        "note_notice_told": Permission.REQUESTS_WORK,
        "decide_note": Permission.PACKAGES_REVIEW,
        "erasure_certificate": Permission.ERASURE_READ,
        "customers": Permission.CUSTOMERS_SEARCH,
        "find_customers": Permission.CUSTOMERS_SEARCH,
        "customer": Permission.CUSTOMERS_READ,
        "customer_consents": Permission.CONSENT_READ,
        "customer_purchases": Permission.PURCHASES_READ,
        "customer_interactions": Permission.INTERACTIONS_READ,
        "customer_marks": Permission.CUSTOMERS_READ,
        "reveal": Permission.CUSTOMERS_REVEAL,
        "duplicates": Permission.DUPLICATES_READ,
        "mark_apart": Permission.DUPLICATES_DECIDE,
        "merge_pair": Permission.DUPLICATES_DECIDE,
        "review_merge": Permission.DUPLICATES_DECIDE,
        "retention": Permission.RETENTION_READ,
        "retention_policy": Permission.RETENTION_READ,
        "simulate_policy": Permission.RETENTION_DRAFT,
        "activate_policy": Permission.RETENTION_ACTIVATE,
        "end_policy": Permission.RETENTION_ACTIVATE,
        "retention_draft": Permission.RETENTION_DRAFT,
        "draft_policy": Permission.RETENTION_DRAFT,
        "retention_forecast": Permission.RETENTION_READ,
        "retention_runs": Permission.RETENTION_READ,
        "begin_run": Permission.RETENTION_RUN,
        "retention_run": Permission.RETENTION_READ,
        "stop_run": Permission.RETENTION_RUN,
        "resume_run": Permission.RETENTION_RUN,
        "run_certificate": Permission.RETENTION_READ,
        "retention_holds": Permission.CUSTOMERS_HOLD,
        "audit": Permission.AUDIT_READ,
        "audit_entry": Permission.AUDIT_READ,
        "audit_proof": Permission.AUDIT_PROVE,
        "audit_details": Permission.AUDIT_DETAILS,
        "consent": Permission.CONSENT_READ,
        "consent_notice": Permission.CONSENT_READ,
        "send_check": Permission.CONSENT_CHECK,
        "ask_send_check": Permission.CONSENT_CHECK,
        "clean_list": Permission.CONSENT_CHECK,
        "sift_list": Permission.CONSENT_CHECK,
        "proposals": Permission.PROPOSALS_READ,
        "proposal": Permission.PROPOSALS_READ,
        "approve_proposal": Permission.PROPOSALS_DECIDE,
        "refuse_proposal": Permission.PROPOSALS_DECIDE,
        "alerts": Permission.ALERTS_READ,
        "see_alert": Permission.ALERTS_SEE,
        "staff": Permission.ACCOUNTS_READ,
        "clients": Permission.CLIENTS_READ,
        "health": Permission.SERVICE_OBSERVE,
    }
)
"""By page or act; None where any session will do."""

STRANGERS: Final = frozenset(
    {
        "static",
        "sign_in",
        "begin_session",
        "sign_in_made_up",
        "invitation",
        "accept_invitation",
        "confirm_session",
        "choose_language",
        "front",
        "nowhere",
    }
)
"""Pages for whoever has yet to prove who they are."""

NAVIGATION: Final = ("today", "requests", "customers", "duplicates", "retention", "audit", "consent", "send_check",
                     "clean_list", "proposals", "alerts", "staff", "clients", "health")  # fmt: skip
"""Pages that the menu leads to, in this order."""
