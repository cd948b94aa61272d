"""The page behind the link of a warning: shown by GET, pressed by POST, in the visitor's language."""

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from governance.customers import operations as customers
from governance.retention.tables import WarningRow
from governance.retention.warning import _digest
from tests.portal.conftest import heading

Working = Callable[[], Any]
TOKEN = "k" * 43


def warned(working: Working) -> None:
    with working() as work:
        made = customers.create(work, fields={"source": "till", "ground": "contract"})
        row = WarningRow(
            person_id=made.id, policy_key="inactive_customers", warned_at=work.now, digest=_digest(TOKEN), kept_at=None
        )
        work.session.add(row)


def test_the_page_says_what_is_to_happen_and_a_get_changes_nothing(visitor: FlaskClient, working: Working) -> None:
    warned(working)

    shown = visitor.get(f"/keep/{TOKEN}?lang=ru")

    assert (shown.status_code, heading(shown)) == (200, "Сохранить мои данные")
    with working() as work:
        assert work.session.scalar(text("SELECT kept_at FROM retention_warning")) is None


def test_the_button_keeps_the_data_and_says_so(visitor: FlaskClient, working: Working) -> None:
    warned(working)

    pressed = visitor.post(f"/keep/{TOKEN}", data={"lang": "en"})

    assert (pressed.status_code, "Your data are kept" in heading(pressed)) == (200, True)
    assert "Your data are kept" in heading(visitor.get(f"/keep/{TOKEN}?lang=en"))


def test_a_link_that_is_none_of_ours_leads_nowhere(visitor: FlaskClient) -> None:
    assert visitor.post("/keep/unknown").status_code == 404
