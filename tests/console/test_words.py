"""Words of the console: each code that officers meet has some."""

from flask import Flask

from governance.accounts.operations import AlertKind, ProposalKind, ProposalState
from governance.console import words


def test_every_kind_of_alert_and_proposal_has_words(door: Flask) -> None:
    with door.test_request_context():
        assert set(words.alert_kinds()) == {one.value for one in AlertKind}
        assert set(words.proposal_kinds()) == {one.value for one in ProposalKind}
        assert set(words.proposal_states()) == {one.value for one in ProposalState}
        assert all(words.alert_kinds().values())
