"""Recording: who is meant, what is kept, and what is sent back."""

from governance.consent import operations as consent
from governance.kernel.work import Work
from governance.policies.consent_state import EventKind, Standing
from tests.factories.saying import mail, notice, said, someone


def test_a_consent_by_contact_is_kept_for_whoever_holds_it(work: Work) -> None:
    subject = someone(work)
    notice(work)
    made = consent.record(work, event=said(EventKind.GIVEN, contact=mail("Irina.Vorobeva@EXAMPLE.org")))
    assert (made.subject, made.sequence, made.state.standing) == (subject, 1, Standing.GIVEN)
