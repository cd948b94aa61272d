"""The encoding of a text file, found by itself.

UTF-8 proves itself: text in another encoding practically never is valid UTF-8, so the whole file is tried.
Single-byte Cyrillic does not, and general detectors often confuse cp1251, koi8 and cp866 on short lists of names;
here each candidate reading is scored by letter frequency, by the shape of its words (a capital only at the start)
and by known headings. `charset-normalizer` advises where no Cyrillic reading convinces.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from math import log
from typing import BinaryIO

from governance.intake.errors import UnreadableFileError
from governance.kernel.late import load
from governance.kernel.records import frozen

BLOCK_BYTES = 1 << 20
SAMPLE_BYTES = 1 << 18
"""How much text with letters beyond ASCII is looked at to tell single-byte encodings apart."""
SAMPLE_BYTES_PER_BLOCK = 1 << 16
DAMAGED_SHARE = 0.4
"""Up to this share of letters beyond ASCII may be broken for a file to count as damaged UTF-8 still.

A line pasted in another encoding spoils a short list that far; single-byte Cyrillic read as UTF-8 is broken almost
throughout (cp866 most seldom, nine letters in ten)."""
BROKEN_AT_ONCE = 10_000
"""So many broken letters beyond that share prove that a file is not UTF-8; the rest of it need not be tried."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# koi8-u reads every letter of koi8-r alike and the Ukrainian ones besides.
_CYRILLIC = ("cp1251", "koi8-u", "cp866", "iso8859-5", "mac-cyrillic")
# What lists of European customers come in. A detector that may choose among East Asian encodings finds characters in
# any pair of broken bytes, and calls that text.
_ADVISED = ["cp1250", "cp1252", "cp1253", "cp1254", "cp1257", "cp437", "cp850", "cp852"]
_PER_MILLE = {
    **dict(zip("оеаинтсрвлкмд", (110, 85, 80, 74, 67, 63, 55, 47, 45, 44, 35, 32, 30), strict=True)),
    **dict(zip("пуяыьгзбчйхжш", (28, 26, 20, 19, 17, 17, 17, 16, 14, 12, 10, 9, 7), strict=True)),
    **dict(zip("юцщэфъёіїєґ", (6, 5, 4, 3, 3, 0.4, 2, 20, 5, 4, 0.2), strict=True)),
}
_LOG_FREQUENCY = {letter: log(per_mille / 1000) for letter, per_mille in _PER_MILLE.items()}
_STRANGE = log(0.00002)
_WORD = re.compile(r"[^\W\d_]+")
_SHAPE = re.compile(r"[А-ЯЁІЇЄҐ]?[а-яёіїєґ]+|[А-ЯЁІЇЄҐ]+")
_WESTERN = frozenset("áàâäãåæçéèêëíìîïñóòôöõøœúùûüýÿß«»–—’‘“”„°€£§")
_USUAL = frozenset("№«»–—…’‘“”ʼ€₴₽°\xa0§")
_KNOWN = re.compile(
    r"фио|телефон|почта|город|адрес|дата|пол|комментарий|источник|имя|фамилия|отчество|сумма|прізвище|ім'я|згода"
    r"|місто|пошта|джерело|примітка|клиент|клієнт",
    re.IGNORECASE,
)


@frozen
class Encoding:
    """How to read the bytes of a text file.

    Attributes:
        name: Python codec.
        damaged: some bytes do not fit; they read as U+FFFD and their cells are refused.
    """

    name: str
    damaged: bool = False


def detect(file: BinaryIO) -> Encoding:
    """The encoding of *file*, which is read to its end in constant memory and rewound.

    Raises:
        UnreadableFileError: where the bytes are no text.
    """
    file.seek(0)
    head = file.read(BLOCK_BYTES)
    encoding = _by_bom(head) or _by_zeros(head[:4096]) or _by_content(file, head)
    file.seek(0)
    return encoding


def _by_bom(head: bytes) -> Encoding | None:
    return next((Encoding(name) for bom, name in _BOMS if head.startswith(bom)), None)


def _by_zeros(head: bytes) -> Encoding | None:
    """UTF-16 without a mark: zeros at every other byte. A few zeros in text are damage, many are no text."""
    zeros = head.count(0)
    if zeros * 10 < len(head):
        return None
    odd, even = head[1::2].count(0), head[::2].count(0)
    if odd > 4 * even:
        return Encoding("utf-16-le")
    if even > 4 * odd:
        return Encoding("utf-16-be")
    raise UnreadableFileError("This file is no text and no workbook; save the list as XLSX or CSV and give that.")


def _by_content(file: BinaryIO, head: bytes) -> Encoding:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    sample: list[bytes] = []
    sampled = letters = broken = 0
    for block in _blocks(file, head):
        if block.isascii() and not decoder.getstate()[0]:
            continue
        if broken <= DAMAGED_SHARE * letters + BROKEN_AT_ONCE:
            text = decoder.decode(block)
            letters += len(text) - _ascii_length(text)
            broken += text.count("\ufffd")
        elif sampled >= SAMPLE_BYTES:
            break
        if sampled < SAMPLE_BYTES:
            part = _telling_lines(block)
            sample.append(part)
            sampled += len(part)
    broken += decoder.decode(b"", final=True).count("\ufffd")
    if not broken:
        return Encoding("utf-8")
    telling = b"\n".join(sample)
    if broken <= DAMAGED_SHARE * letters or _mostly_utf8(telling):
        return Encoding("utf-8", damaged=True)
    return _single_byte(telling)


def _mostly_utf8(sample: bytes) -> bool:
    """Whether half of the lines are UTF-8; hardly a line in another encoding is, so whole ones prove what all are."""
    lines = sample.splitlines()
    decoders = [codecs.getincrementaldecoder("utf-8")("replace") for _ in lines]
    # Not final: a long line of the sample may be cut within a character.
    whole = sum("\ufffd" not in decoder.decode(line) for decoder, line in zip(decoders, lines, strict=True))
    return whole * 2 >= len(lines) > 0


def _ascii_length(text: str) -> int:
    return len(text.encode("ascii", "ignore"))


def _blocks(file: BinaryIO, head: bytes) -> Iterator[bytes]:
    yield head
    while block := file.read(BLOCK_BYTES):
        yield block


def _telling_lines(block: bytes) -> bytes:
    kept: list[bytes] = []
    length = 0
    for line in block.splitlines():
        if not line.isascii():
            kept.append(line[:2000])
            length += len(kept[-1])
            if length >= SAMPLE_BYTES_PER_BLOCK:
                break
    return b"\n".join(kept)


def _single_byte(sample: bytes) -> Encoding:
    scored = sorted(((_score(sample, name), name) for name in _CYRILLIC), reverse=True)
    best, name = scored[0]
    if best > 0:
        return Encoding(name)
    if _is_western(sample):
        return Encoding("cp1252")
    advice = load("charset_normalizer:from_bytes")(sample[:SAMPLE_BYTES_PER_BLOCK], cp_isolation=_ADVISED).best()
    if advice is None:
        raise UnreadableFileError(
            "The encoding of this text cannot be told; save it as CSV UTF-8 or XLSX and give that."
        )
    return Encoding(advice.encoding)


def _is_western(sample: bytes) -> bool:
    """Whether *sample* reads as a language of Western Europe; cp1250 shares most of its letters and misleads."""
    beyond = [character for character in sample.decode("cp1252", "replace") if not character.isascii()]
    return sum(character.casefold() in _WESTERN for character in beyond) >= 0.95 * len(beyond)


def _score(sample: bytes, name: str) -> float:
    """How much *sample* read by codec *name* looks like Russian or Ukrainian; above 0 convinces."""
    text = sample.decode(name, "replace")
    strange = sum(
        times
        for character, times in Counter(text).items()
        if not character.isascii() and not character.isalpha() and character not in _USUAL
    )
    words = [word for word in _WORD.findall(text)[:20000] if not word.isascii()]
    if not words:
        return -10.0
    letters = "".join(words).lower()
    counted = Counter(letters).items()
    likely = sum(times * _LOG_FREQUENCY.get(letter, _STRANGE) for letter, times in counted) / len(letters)
    shapely = sum(times for word, times in Counter(words).items() if _SHAPE.fullmatch(word)) / len(words)
    known = min(len(_KNOWN.findall(text)), 5)
    return (likely + 4.6) + 4 * (shapely - 0.6) - 8 * strange / len(letters) + 0.2 * known
