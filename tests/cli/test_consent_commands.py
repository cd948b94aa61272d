"""`consent`: notices from draft to publication, states compared with their events, what lapses."""

from pathlib import Path

import psycopg
import yaml

from tests.cli.conftest import Command
from tests.conftest import Store


def test_what_is_suggested_is_published_once(governance: Command) -> None:
    made = governance("consent", "notices", "publish", "--suggested", "--json").json
    assert {"kind": "consent", "key": "newsletter", "version": 1} in made
    again = governance("consent", "notices", "publish", "--suggested", "--json")
    assert (again.code, again.json) == (0, [])
    listed = governance("consent", "notices", "list", "--json").json
    assert {(one["key"], one["version"]) for one in listed} == {(one["key"], 1) for one in made}


def test_a_suggestion_is_a_file_that_can_be_changed_and_published(governance: Command, tmp_path: Path) -> None:
    told = governance("consent", "notices", "suggest")
    document = yaml.safe_load(told.out)
    assert "⟦" in document["privacy"]["privacy"]["texts"]["en"]["body"]
    assert "|-\n" in told.out  # several lines stay several lines
    file = tmp_path / "notices.yaml"
    file.write_text(told.out, encoding="utf-8")
    refused = governance("consent", "notices", "publish", str(file))
    assert (refused.code, "⟦" in refused.err) == (1, True)
    assert governance("consent", "notices", "list", "--json").json == []
    file.write_text(told.out.replace("⟦", "(").replace("⟧", ")"), encoding="utf-8")
    assert len(governance("consent", "notices", "publish", str(file), "--json").json) == 7


def test_a_file_that_is_no_list_of_notices_is_refused(governance: Command, tmp_path: Path) -> None:
    file = tmp_path / "notices.yaml"
    file.write_text("consent: {newsletter: {texts: {en: {title: Only a title}}, material: true}}", encoding="utf-8")
    told = governance("consent", "notices", "publish", str(file))
    assert told.code == 1
    assert "consent.newsletter.texts.en" in told.err
    assert governance("consent", "notices", "publish").code == 2


def test_purposes_are_shown_with_their_versions(governance: Command) -> None:
    listed = governance("consent", "purposes", "--json").json
    assert {"service", "newsletter", "third_parties"} <= {one["key"] for one in listed}
    assert {one["version"] for one in listed} == {0}


def test_rebuilding_finds_a_state_that_was_tampered_with_and_puts_it_right(
    governance: Command, fresh_store: Store
) -> None:
    with psycopg.connect(fresh_store.admin_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO consent_state (person_id, purpose, channel, sequence, standing) "
            "VALUES (gen_random_uuid(), 'newsletter', 'email', 1, 'given')"
        )
    found = governance("consent", "rebuild", "--check", "--json")
    assert (found.code, found.json["states"], len(found.json["differences"])) == (1, 1, 1)
    assert governance("consent", "rebuild").code == 0
    assert governance("consent", "rebuild", "--check").code == 0


def test_nothing_lapses_where_nothing_was_given(governance: Command) -> None:
    assert governance("consent", "lapsing", "--days", "3660", "--json").json == []
