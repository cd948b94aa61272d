"""docs/api.md is what the routes of this release make of it."""

from scripts import api_page


def test_the_page_of_the_interface_is_current_and_comes_out_the_same_each_time() -> None:
    page = api_page.render()

    assert page == api_page.render()
    assert page == api_page.TARGET.read_text("utf-8"), "docs/api.md is outdated; run: python -m scripts.api_page"
