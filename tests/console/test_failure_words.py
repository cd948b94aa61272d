"""Why what was approved could not be carried out, in words of each language."""

import re
from pathlib import Path

import governance
from governance.api.problems import STATUS
from governance.console import words_failures

NEVER_MET = {"export-not-there", "no-such-erasure", "no-such-export", "not-certified", "not-your-export"}
"""Slugs of fetching and reading, which carrying out does not do."""


def test_every_refusal_that_carrying_out_may_meet_has_words(door) -> None:
    root = Path(governance.__file__).parent
    sources = [one.read_text("utf-8") for package in ("disclosures", "retention", "erasure") for one in
               (root / package).rglob("*.py")]  # fmt: skip
    slugs = {slug for source in sources for slug in re.findall(r'slug = "([a-z-]+)"', source)}
    assert "exporter-left" in slugs
    with door.test_request_context("/console/proposals"):
        told = set(words_failures.said())
    assert slugs - NEVER_MET - told == set()
    assert told <= set(STATUS)


def test_a_failure_is_told_in_the_language_of_its_reader(door) -> None:
    english = "Nothing is given to this recipient any more. Choose another."
    for name, said in (
        ("en", english),
        ("ru", "Этому получателю больше ничего не передают."),
        ("uk", "Цьому одержувачеві більше нічого не передають."),
    ):
        with door.test_request_context(f"/console/proposals?lang={name}"):
            assert words_failures.why("recipient-retired", english) == said
            assert words_failures.why(None, None) == ""
