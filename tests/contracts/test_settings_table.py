"""docs/operate.md names every setting, with its default."""

from scripts import settings_table


def test_the_table_of_settings_is_current() -> None:
    page = settings_table.TARGET.read_text("utf-8")

    assert settings_table.place(page) == page, "docs/operate.md is outdated; run: python -m scripts.settings_table"
