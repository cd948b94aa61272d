"""Notes that may be about somebody else: found, looked at by an officer, released, redacted or withheld."""

import pytest

from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from governance.kernel.ids import uuid4
from governance.kernel.work import Work
from governance.rights.packages import making
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import Decision, Doubt, FlagId, PackageId, PackageKind, PackageState
from governance.rights.packages.others import doubts, own
from tests.factories import packaging
from tests.factories.actors import by, staff
from tests.factories.customers import interaction
from tests.factories.trail import entries

IRINA = own(emails=["irina@example.org"], phones=["+79334552061"], names=["Воробьева", "Ирина", "Маратовна"])


@pytest.mark.parametrize(
    ("note", "why"),
    [
        ("Просила перезвонить после шести", []),
        ("Ирина Маратовна просила скидку, irina@example.org", []),
        ("Звонить 8 (933) 455-20-61", []),
        ("Ирине понравилось", []),
        ("Заказ 4815162342 от 12.03.2025, 12 500,00 руб.", [Doubt.PHONE]),
        ("Муж: Андрей, +7 916 123-45-67", [Doubt.PHONE, Doubt.NAME]),
        ("Писать подруге на natasha@example.org", [Doubt.EMAIL]),
        ("Говорили с Натальей", [Doubt.NAME]),
        ("Передала Олену замість себе", [Doubt.NAME]),
        ("Her husband John called", [Doubt.NAME]),
    ],
)
def test_an_email_a_phone_or_a_name_that_is_not_the_persons_own_raises_a_doubt(note: str, why: list[Doubt]) -> None:
    assert doubts(note, IRINA) == why


@pytest.fixture
def package(work: Work) -> PackageId:
    """A package in which two of three notes name others."""
    packaging.firm(work)
    person = packaging.buyer(work)
    for note in ("Пришла с Натальей", "Писать на natasha@example.org"):
        customers.record_interaction(work, subject=person, interaction=interaction(note=note))
    made = packages.begin(work, person=person, kind=PackageKind.ACCESS, language="ru")
    making.make_now(work, package=made)
    return made


def test_a_package_waits_until_an_officer_has_decided_over_every_note(work: Work, package: PackageId) -> None:
    assert packages.find_package(work, package=package).state is PackageState.REVIEW
    officer = by(work, staff("officer"))
    first, second = packages.flags_of(officer, package=package)
    assert {first.text, second.text} == {"Пришла с Натальей", "Писать на natasha@example.org"}
    assert [one.subject for one in entries(work, Action.PACKAGE_FLAGS_READ)] != [None]
    left = packages.decide(officer, package=package, flag=first.id, decision=Decision.REDACT, instead="Пришла не одна")
    assert (left.state, left.open_flags) == (PackageState.REVIEW, 1)
    left = packages.decide(officer, package=package, flag=second.id, decision=Decision.REDACT)
    assert left.state is PackageState.MAKING

    told = packaging.document(packaging.archive(work, packaging.made(work, package)))["sections"]
    withheld = "[Не выдаётся: заметка также о другом человеке]"
    assert sorted(row["note"] for row in told["interactions"]) == sorted(["Хочет скидку", "Пришла не одна", withheld])


def test_a_note_that_an_officer_releases_is_told_as_it_is(work: Work, package: PackageId) -> None:
    officer = by(work, staff("officer"))
    for one in packages.flags_of(officer, package=package):
        packages.decide(officer, package=package, flag=one.id, decision=Decision.RELEASE)
    told = packaging.document(packaging.archive(work, packaging.made(work, package)))["sections"]
    assert {"Пришла с Натальей", "Писать на natasha@example.org"} < {row["note"] for row in told["interactions"]}


def test_what_makes_no_sense_is_refused(work: Work, package: PackageId) -> None:
    officer = by(work, staff("officer"))
    flag = packages.flags_of(officer, package=package)[0].id
    with pytest.raises(ForbiddenError):
        packages.flags_of(by(work, staff("support")), package=package)
    with pytest.raises(InvalidError):
        packages.decide(officer, package=package, flag=flag, decision=Decision.RELEASE, instead="Кто-то")
    with pytest.raises(NotFoundError):
        packages.decide(officer, package=package, flag=FlagId(uuid4()), decision=Decision.RELEASE)
    packages.discard(officer, package=package)
    with pytest.raises(ConflictError):
        packages.decide(officer, package=package, flag=flag, decision=Decision.RELEASE)
