"""Subscription forms: what may be published, and that it stays as it was."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from governance.consent import operations as consent
from governance.consent.errors import ClosedFormError
from governance.customers.records import Json
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from tests.factories.actors import by, client
from tests.factories.forms import DOCUMENT, later, publish, publish_notices


def test_versions_are_numbered_and_the_newest_is_served(work: Work) -> None:
    publish(work)
    second = consent.publish_form(work, key="club", document={**DOCUMENT, "fields": ["given_name"]})

    assert second.version == 2
    assert consent.form(work, key="club") == second
    assert [(one.key, one.version) for one in consent.forms(work)] == [("club", 2)]


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"items": []}, "items"),
        ({"items": [{"purpose": "nothing", "channels": ["email"]}]}, "items.0"),
        ({"items": [{"purpose": "service", "channels": ["email"]}]}, "items.0"),
        ({"items": [{"purpose": "surveys", "channels": ["email"]}]}, "items.0"),  # has no notice
        ({"items": [{"purpose": "birthday", "channels": ["email"]}]}, "items.0"),  # asks for an age
        ({"items": [{"purpose": "newsletter", "channels": ["sms"]}]}, "items.0.channels"),
        ({"items": [{"purpose": "newsletter", "channels": ["audience"]}]}, "items.0"),
        ({"items": [DOCUMENT["items"][0]] * 2}, "items"),  # type: ignore[index]  # it is a list
        ({"privacy_notice": "missing"}, "privacy_notice"),
        ({"fields": ["sex"]}, "fields.0"),
        ({"frames": ["https://shop.example.org/path"]}, "frames"),
        ({"frames": ["*"]}, "frames"),
        ({"titles": {"en": "x"}}, "titles"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_form_that_could_not_be_served_rightly_is_refused_by_place(
    work: Work, said: dict[str, Json], place: str
) -> None:
    publish(work)
    with pytest.raises(InvalidError) as refused:
        consent.publish_form(work, key="other", document={**DOCUMENT, **said})

    assert list(refused.value.errors) == [place]


def test_a_purpose_with_a_minimum_age_needs_a_date_of_birth_in_the_form(work: Work) -> None:
    publish(work)
    items: Json = [{"purpose": "birthday", "channels": ["email"]}]
    made = consent.publish_form(work, key="b", document={**DOCUMENT, "items": items, "fields": ["birth_date"]})

    assert made.document.fields == (consent.FormField.BIRTH_DATE,)


def test_only_whoever_configures_consents_publishes_forms(work: Work) -> None:
    publish_notices(work, "newsletter")
    with pytest.raises(ForbiddenError):
        consent.publish_form(by(work, client(Permission.CONSENT_RECORD)), key="club", document=DOCUMENT)


@pytest.mark.parametrize("change", ["UPDATE consent_form SET version = 9", "DELETE FROM consent_form"])
def test_a_published_form_can_be_neither_changed_nor_deleted(work: Work, change: str) -> None:
    publish(work)
    with pytest.raises(ProgrammingError), work.session.begin_nested():
        work.session.execute(text(change))


def test_a_closed_form_is_not_shown_and_an_unknown_one_is_not_found(work: Work) -> None:
    publish(work, open=False)
    with pytest.raises(ClosedFormError):
        consent.show_form(work, key="club", language="en")
    with pytest.raises(NotFoundError):
        consent.show_form(work, key="other", language="en")


def test_the_words_shown_are_those_in_force_in_the_language_that_they_are_written_in(work: Work) -> None:
    publish(work)
    shown = consent.show_form(work, key="club", language="uk")

    assert [(item.title, item.notice.language, item.notice.text.title) for item in shown.items] == [
        ("Розсилка новин", "uk", "Так, newsletter"),
        ("Наші пропозиції", "uk", "Так, own_offers"),
    ]
    assert shown.privacy.language == "en"  # it is written in English only
    publish_notices(replace(work, now=later(work.now, hours=1)), "newsletter")
    again = consent.show_form(replace(work, now=later(work.now, hours=2)), key="club", language="uk")
    assert again.items[0].notice.mark.startswith("2:uk:")
