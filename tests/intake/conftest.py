"""A store whose controller is set, and files brought into it."""

import io
from datetime import UTC, datetime

import pytest

from governance.customers.codes import Ground, Source
from governance.intake.files import FileOptions, Provenance
from governance.intake.reports import Started
from governance.intake.starting import start
from governance.kernel.work import Work
from governance.reference.operations import set_controller

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OWN_FORM = Provenance(Source.OWN_FORM, Ground.CONTRACT)
BOUGHT = Provenance(Source.BOUGHT, Ground.LEGITIMATE_INTEREST)


def name_controller(work: Work, country: str = "RU") -> None:
    set_controller(work, legal_name="ООО «Пример»", address="Москва, ул. Мира, 1", country=country)


@pytest.fixture
def russian(work: Work) -> Work:
    """A work in a store of a Russian controller."""
    name_controller(work)
    return work


def bring(work: Work, content: bytes, *, provenance: Provenance = OWN_FORM, **options: object) -> Started:
    """Stage a file."""
    return start(work, file=io.BytesIO(content), provenance=provenance, options=FileOptions(**options))
