"""What a run could not remove is seen alike at the command line, over HTTP and on the page of the run."""

import re
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from governance.vault.keyring import Keyring
from tests.api.conftest import open_service, service_of
from tests.cli.conftest import Command
from tests.conftest import Store
from tests.console.conftest import sign_in
from tests.factories.keeping import ACTIVITY, Keeping, hinder
from tests.factories.signing import bearer_of, enrol

OLD = datetime(2024, 1, 10, tzinfo=UTC)


def test_a_row_that_could_not_go_is_shown_by_each_of_the_three_doors(
    governance: Command, surroundings: Path, fresh_store: Store
) -> None:
    app = open_service(fresh_store, Keyring(surroundings / "secrets" / "keyring.json"), surroundings)
    store = Keeping(service_of(app).database)
    [one] = store.people(1)
    store.visits(one, OLD, OLD)
    store.force_document(ACTIVITY)
    stuck = store.do(lambda work: str(work.session.scalar(text("SELECT id FROM activity ORDER BY id LIMIT 1"))))
    hinder(fresh_store.admin_url, [stuck])
    store.run()
    run = store.run()
    said = {"policy": "behaviour", "version": 1, "object": stuck, "slug": "refused-by-database", "attempts": 2}
    officer, other = (store.do(lambda work: enrol(work, "officer")) for _ in range(2))

    [told] = governance("retention", "failures", str(run.id), "--json").json
    assert told.items() >= said.items()
    table = governance("retention", "failures", str(run.id)).out
    assert re.search(rf"^behaviour +1 +{stuck} +refused-by-database +2 ", table, re.MULTILINE)

    with app.test_client() as web:
        place = f"/v1/retention/runs/{run.id}/failures"
        [item] = web.get(place, headers=bearer_of(web, officer)).json["items"]
        assert item.items() >= said.items()
        assert web.get(place).status_code == 401

    with app.test_client() as desk:
        assert sign_in(desk, other).status_code == 303
        page = desk.get(f"/console/retention/runs/{run.id}").text
        [row] = re.findall(rf"<tr>(?:(?!</tr>).)*{stuck}.*?</tr>", page, re.DOTALL)
        assert [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)][:4] == [
            "A", stuck, "refused-by-database", "2",
        ]  # fmt: skip
        assert "What could not be removed" in page
    service_of(app).database.dispose()
