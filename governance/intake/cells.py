"""A cell as it came from a file, and its text without what nobody can see."""

import re
import unicodedata
from datetime import date, datetime, time

from governance.kernel.records import frozen


@frozen
class NotComputed:
    """A cell with a formula that the spreadsheet program could not compute (`#DIV/0!`), or has not computed yet.

    Attributes:
        shown: what the program shows in its place; empty where nothing.
    """

    shown: str


Cell = str | int | float | bool | date | datetime | time | NotComputed | None
"""What a file holds in one place; text from CSV, typed values from workbooks."""

_PLAIN = re.compile(r"[!-~А-яЁёІіЇїЄєҐґ]+(?: [!-~А-яЁёІіЇїЄєҐґ]+)*")
_SPACES = re.compile(r"\s+")
_LINES = re.compile(r"[ \t]*(?:\r\n|\r|\n|\u2028|\u2029|\x0b|\x0c)\s*")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@frozen
class RawRow:
    """Cells of one row.

    Attributes:
        number: row number as a spreadsheet shows it, from 1, blank rows and heading counted.
        cells: from the first column on, of any width.
    """

    number: int
    cells: list[Cell]


@frozen
class TitleRow:
    """A row of one cell that is merged across the sheet: a title above or within a list."""

    number: int
    cells: list[Cell]


@frozen
class BlankRows:
    """Rows in which nothing stands, one after the other; there may be millions of them.

    Attributes:
        number: of the first of them.
        times: how many.
    """

    number: int
    times: int

    @property
    def cells(self) -> list[Cell]:
        """None."""
        return []


def text_of(cell: Cell) -> str:
    """The cell as one line of text: NFC, no control or invisible characters, single ordinary spaces.

    Apostrophes and letters that look alike stay as they were typed.
    """
    if isinstance(cell, str):
        return cell if _PLAIN.fullmatch(cell) else _tidy(cell)
    if cell is None:
        return ""
    if isinstance(cell, NotComputed):
        return cell.shown
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)


def lines_of(cell: Cell) -> str:
    """Like `text_of`, but line breaks stay, as line feeds."""
    if not isinstance(cell, str) or _PLAIN.fullmatch(cell):
        return text_of(cell)
    return "\n".join(filter(None, map(_tidy, _LINES.split(cell))))


def _tidy(text: str) -> str:
    kept = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", text)
        if character.isspace() or unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs", "Cn")
    )
    return _SPACES.sub(" ", kept).strip()


def is_blank(cell: Cell) -> bool:
    """Whether nothing visible stands in the cell."""
    if not isinstance(cell, str):
        return cell is None
    return not cell or not (cell[0].isalnum() or _tidy(cell))


def for_csv(text: str) -> str:
    """*text* so that no spreadsheet takes it for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
