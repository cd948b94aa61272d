"""Whatever roles hold and the log can say is used by the product: a word that guards or tells nothing misleads."""

import re
from functools import cache
from pathlib import Path

import pytest

import governance
from governance.audit.actions import Action
from governance.policies.permissions import Permission


@cache
def named() -> frozenset[str]:
    """All members of the two that code names."""
    found: set[str] = set()
    for module in Path(governance.__file__).parent.rglob("*.py"):
        found.update(re.findall(r"\b(?:Permission|Action)\.([A-Z][A-Z_]+)\b", module.read_text("utf-8")))
    return frozenset(found)


@pytest.mark.parametrize("word", [Permission, Action])
def test_every_permission_guards_something_and_every_action_is_written_by_something(
    word: type[Permission] | type[Action],
) -> None:
    assert {one.name for one in word} - named() == set()
