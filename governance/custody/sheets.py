"""The bytes and lines of a recovery sheet (version 1): what a passphrase wraps, in a form that can be typed in again.

Bytes: ``GRS | version(1) | length(2) | log2 n(1) | r(1) | p(1) | salt(16) | nonce(12) | ciphertext | tag(16)``. The key
is scrypt of the passphrase (RFC 7914), the cipher AES-256-GCM with all that stands before as associated data.

Lines: two digits, eight groups of base32 without letters that look like digits (Crockford's alphabet), and a check of
four characters over number and content, so that a mistyped line is found by its number.
"""

import re
import secrets
import unicodedata
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from governance.custody.errors import RecoveryError
from governance.kernel.records import frozen
from governance.vault.formats import KEY_BYTES, NONCE_BYTES, TAG_BYTES

MAGIC: Final = b"GRS"
VERSION: Final = 1
SALT_BYTES: Final = 16
PASSPHRASE_CHARACTERS: Final = 12
"""The shortest passphrase taken."""

LOG2_N, BLOCK_SIZE, PARALLEL = 17, 8, 1
"""128 MiB and a good part of a second for each guess (OWASP Password Storage, scrypt)."""
LOG2_N_LIMIT, COST_LIMIT = 20, 16

LINE_BYTES: Final = 20
CHECK_CHARACTERS: Final = 4
GROUP: Final = 4
LINE_LIMIT: Final = 99

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES: Final = str.maketrans("OILАВЕКМНОРСТУХІ", "011ABEKMH0PCTYX1")  # Cyrillic ones, too: as keyboards are set
_FIXED: Final = len(MAGIC) + 1 + 2 + 3
_HEADER_BYTES: Final = _FIXED + SALT_BYTES + NONCE_BYTES


@frozen
class Line:
    """A line of a sheet: its number, its content and the check over both."""

    number: int
    content: str
    check: str

    def spaced(self) -> str:
        """For people to read and to type."""
        groups = [self.content[at : at + GROUP] for at in range(0, len(self.content), GROUP)]
        return f"{self.number:02}  {' '.join(groups)}  {self.check}"

    def packed(self) -> str:
        """For a QR code."""
        return f"{self.number:02}{self.content}{self.check}"


def require_passphrase(passphrase: str) -> None:
    """Refuse a passphrase that is too short.

    Raises:
        RecoveryError: it is.
    """
    if len(passphrase.strip()) < PASSPHRASE_CHARACTERS:
        raise RecoveryError(f"The passphrase needs {PASSPHRASE_CHARACTERS} characters at least; four random words do.")


def wrap(payload: bytes, passphrase: str) -> bytes:
    """Wrap *payload*.

    Raises:
        RecoveryError: the passphrase is too short.
    """
    require_passphrase(passphrase)
    length = _HEADER_BYTES + len(payload) + TAG_BYTES
    if length > LINE_LIMIT * LINE_BYTES:
        raise RecoveryError("The keyring holds too many keys for a sheet; finish the rotation first.")
    fixed = MAGIC + bytes((VERSION,)) + length.to_bytes(2, "big") + bytes((LOG2_N, BLOCK_SIZE, PARALLEL))
    header = fixed + secrets.token_bytes(SALT_BYTES + NONCE_BYTES)
    return header + _cipher(header, passphrase).encrypt(header[-NONCE_BYTES:], payload, header)


def unwrap(wrapped: bytes, passphrase: str) -> bytes:
    """What `wrap` wrapped.

    Raises:
        RecoveryError: another passphrase, lines of two sheets, or a version that this release cannot read.
    """
    if wrapped[:3] != MAGIC or len(wrapped) < _HEADER_BYTES + TAG_BYTES:
        raise RecoveryError("These lines are not of a recovery sheet.")
    if wrapped[3] != VERSION:
        raise RecoveryError(f"This sheet is of version {wrapped[3]}, which this release cannot read.")
    header = wrapped[:_HEADER_BYTES]
    try:
        return _cipher(header, passphrase).decrypt(header[-NONCE_BYTES:], wrapped[_HEADER_BYTES:], header)
    except InvalidTag:
        raise RecoveryError(
            f"The passphrase is wrong, or lines of two sheets were mixed (these make the check code "
            f"{check_code(wrapped)}; compare it with the printed one)."
        ) from None


def check_code(wrapped: bytes) -> str:
    """A code by which the whole sheet is known."""
    code = _base32(sha256(b"governance/sheet" + wrapped).digest()[:5])
    return f"{code[:GROUP]}-{code[GROUP:]}"


def same_code(one: str, other: str) -> bool:
    """Whether two check codes are the same but for case, spaces and letters that look like digits."""
    return _plain(one) == _plain(other)


def to_lines(wrapped: bytes) -> list[Line]:
    """The lines of a sheet."""
    parts = [wrapped[at : at + LINE_BYTES] for at in range(0, len(wrapped), LINE_BYTES)]
    contents = enumerate((_base32(part) for part in parts), start=1)
    return [Line(number, content, _check(number, content)) for number, content in contents]


def from_text(text: str) -> bytes:
    """Bytes of a sheet that was typed in or scanned; lines may come in any order, `#` begins a remark.

    Raises:
        RecoveryError: names the line that is damaged or missing.
    """
    found: dict[int, str] = {}
    for raw in re.split(r"[\n/]", text):
        stripped = raw.strip()
        if stripped and not stripped.startswith("#"):
            number, content = _read(stripped)
            if found.setdefault(number, content) != content:
                raise RecoveryError(f"Line {number:02} comes twice, with different content.")
    if 1 not in found:
        raise RecoveryError("Line 01 is missing." if found else "These lines are not of a recovery sheet.")
    first = _bytes(found[1])
    length = int.from_bytes(first[4:6], "big")
    if first[:3] != MAGIC or length <= LINE_BYTES:
        raise RecoveryError("These lines are not of a recovery sheet.")
    wanted = range(1, -(-length // LINE_BYTES) + 1)
    for number in wanted:
        if number not in found:
            raise RecoveryError(f"Line {number:02} of {wanted[-1]} is missing.")
    wrapped = b"".join(_bytes(found[number]) for number in wanted)
    if len(wrapped) != length or len(found) > len(wanted):
        raise RecoveryError("These lines are of more than one sheet.")
    return wrapped


def _read(raw: str) -> tuple[int, str]:
    plain = _plain(raw)
    number, content, check = plain[:2], plain[2:-CHECK_CHARACTERS], plain[-CHECK_CHARACTERS:]
    if not number.isdecimal() or not number.isascii():
        raise RecoveryError(f"A line does not begin with its number of two digits, but with {raw[:2]!r}.")
    if not content or not set(content) <= set(_ALPHABET) or _check(int(number), content) != check:
        raise RecoveryError(f"Line {number} was mistyped: it does not match its check (the last four characters).")
    return int(number), content


def _plain(typed: str) -> str:
    return re.sub(r"[\W_]", "", typed).upper().translate(_LOOKALIKES)


def _check(number: int, content: str) -> str:
    digest = sha256(b"governance/sheet-line" + bytes((number,)) + content.encode("ascii", "replace")).digest()
    return _base32(digest[:5])[:CHECK_CHARACTERS]


def _base32(content: bytes) -> str:
    """Base32 in Crockford's alphabet, the last character filled with zero bits."""
    characters = -(-len(content) * 8 // 5)
    value = int.from_bytes(content, "big") << (characters * 5 - len(content) * 8)
    return "".join(_ALPHABET[value >> 5 * at & 31] for at in reversed(range(characters)))


def _bytes(text: str) -> bytes:
    value = 0
    for character in text:
        value = value << 5 | _ALPHABET.index(character)
    length = len(text) * 5 // 8
    return (value >> (len(text) * 5 - length * 8)).to_bytes(length, "big")


def _cipher(header: bytes, passphrase: str) -> AESGCM:
    log2_n, block_size, parallel = header[_FIXED - 3 : _FIXED]
    if not (1 <= log2_n <= LOG2_N_LIMIT and 1 <= block_size <= COST_LIMIT and 1 <= parallel <= COST_LIMIT):
        raise RecoveryError("These lines are not of a recovery sheet.")
    salt = header[_FIXED : _FIXED + SALT_BYTES]
    kdf = Scrypt(salt=salt, length=KEY_BYTES, n=1 << log2_n, r=block_size, p=parallel)
    return AESGCM(kdf.derive(unicodedata.normalize("NFKC", passphrase.strip()).encode()))
