"""Writes the table of settings into docs/operate.md from `Settings` itself: `python -m scripts.settings_table`."""

import inspect
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Final

from governance.kernel.settings import PREFIX, Settings

TARGET: Final = Path(__file__).resolve().parents[1] / "docs" / "operate.md"
BEGIN: Final = "<!-- settings: python -m scripts.settings_table -->\n"
END: Final = "<!-- end of settings -->\n"
_LINE: Final = re.compile(r"^    ([a-z_]+(?:, [a-z_]+)*): (.+)$")


def render() -> str:
    """The table, a row for each line of the docstring of `Settings`; every field must stand there once."""
    defaults = {field.name: field.default for field in fields(Settings)}
    rows = ["| variable | if not set | what it is |", "|---|---|---|"]
    for names, meaning in _told():
        if names == ["bind_host", "bind_port"]:
            rows.append(f"| `{PREFIX}BIND` | `{defaults.pop('bind_host')}:{defaults.pop('bind_port')}` | {meaning} |")
            continue
        variables = ", ".join(f"`{PREFIX}{name.upper()}`" for name in names)
        values = ", ".join("-" if defaults[name] is None else f"`{defaults[name]}`" for name in names)
        rows.append(f"| {variables} | {values} | {meaning} |")
        for name in names:
            del defaults[name]
    if defaults:
        raise LookupError(f"The docstring of Settings does not tell of {', '.join(defaults)}.")
    return "\n".join(rows) + "\n"


def _told() -> list[tuple[list[str], str]]:
    found = [_LINE.match(line) for line in inspect.getdoc(Settings).splitlines()]  # type: ignore[union-attr]  # it has one
    return [(match[1].split(", "), match[2].replace("|", "\\|")) for match in found if match]


def place(page: str) -> str:
    """*page* with the table of today between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise LookupError(f"{TARGET.name} has lost the marks of its table of settings.")
    return before + begin + render() + end + after


if __name__ == "__main__":
    TARGET.write_text(place(TARGET.read_text("utf-8")), encoding="utf-8")
    sys.stdout.write(f"Written: {TARGET}\n")
