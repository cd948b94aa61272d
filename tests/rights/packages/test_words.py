"""What packages say, as people of each language write it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from governance.rights.packages.files import as_text, name_of
from governance.rights.packages.words import words

KYIV = ZoneInfo("Europe/Kyiv")


def test_days_countries_and_languages_are_written_as_their_reader_writes_them() -> None:
    at = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    said = {
        "ru": ("23.11.2026, 00:30", "31.12.1980", "Германия", "украинский"),
        "uk": ("23.11.2026, 00:30", "31.12.1980", "Німеччина", "українська"),
        "en": ("23 Nov 2026, 00:30", "31 Dec 1980", "Germany", "Ukrainian"),
    }
    for language, (instant, day, country, tongue) in said.items():
        spoken = words(language)
        assert as_text(at, spoken, KYIV) == instant
        assert as_text(date(1980, 12, 31), spoken, KYIV) == day
        assert name_of("DE", "territories", language) == country
        assert name_of("uk", "languages", language) == tongue
    assert name_of("QQ", "territories", "ru") == "QQ"
    assert name_of("DE", "territories", "xx") == "DE"
