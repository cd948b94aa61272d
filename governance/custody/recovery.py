"""The recovery sheet: the keyring on paper, behind a passphrase; and a copy of it that stays fresh as keys rotate.

The sheet holds the keyring as it was, and a private key (X25519) that is nowhere else. Once the sheet is confirmed,
each change of the keyring is sealed to its public half and lies with the backups (`keyring.sealed`): so a sheet printed
once brings back keys that are younger than itself.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from governance.audit.actions import Action
from governance.audit.appending import append
from governance.custody import printing, sheets
from governance.custody import sealed_copies as copies
from governance.custody.errors import RecoveryError
from governance.custody.places import Places
from governance.kernel.clock import require_aware
from governance.kernel.durable import replace_file
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.vault import keyfile
from governance.vault.epochs import keep_copy
from governance.vault.keyfile import Contents
from governance.vault.keyring import Keyring

STATE_VERSION: Final = 1


@frozen
class Sheet:
    """A recovery sheet.

    Attributes:
        text, page: to be printed; the page is HTML with QR codes.
        check_code: by which the sheet is known; printed on it.
        keys: names of the keys that it holds.
    """

    text: str = field(repr=False)
    page: str = field(repr=False)
    check_code: str
    made_at: datetime
    keys: tuple[str, ...]


@frozen
class SheetStatus:
    """What is known of the sheet of a store.

    Attributes:
        made_at, confirmed_at: of the sheet that was confirmed last; None where none was.
        lacks: keys of the keyring that are not on the sheet.
        copy_is_current: whether the sealed copy, which the sheet opens, holds all keys.
    """

    made_at: datetime | None
    confirmed_at: datetime | None
    lacks: tuple[str, ...]
    copy_is_current: bool

    @property
    def warning(self) -> str | None:
        """What to tell the operator, or None where all is well."""
        if self.confirmed_at is None:
            return "No recovery sheet was confirmed: losing the keyring loses everything."
        if self.lacks and not self.copy_is_current:
            return (
                f"The recovery sheet is outdated, it lacks {', '.join(self.lacks)}, and the sealed copy of the keyring "
                "in the folder of backups is not current either."
            )
        return None


@frozen
class _Opened:
    """What a sheet holds."""

    ring: bytes
    contents: Contents
    secret: X25519PrivateKey
    made_at: datetime
    code: str


def make_sheet(ring_export: bytes, passphrase: str, *, now: datetime, language: str = printing.SOURCE) -> Sheet:
    """Make a sheet of what `Keyring.export` gave, in words of a language, or in English where it is none of ours.

    Raises:
        RecoveryError: the passphrase is too short.
        KeyringError: *ring_export* is no keyring.
    """
    contents = keyfile.decode(ring_export, source="memory")
    made_at = require_aware(now)
    payload = {
        "made_at": made_at.isoformat(),
        "ring": ring_export.decode(),
        "secret": base64.b64encode(X25519PrivateKey.generate().private_bytes_raw()).decode(),
    }
    wrapped = sheets.wrap(zlib.compress(json.dumps(payload).encode(), 9), passphrase)
    lines, names = sheets.to_lines(wrapped), tuple(copies.names(contents))
    heading = printing.Heading.of(
        code=sheets.check_code(wrapped),
        made_at=made_at,
        deployment=str(contents.deployment),
        keys=names,
        language=language,
    )
    return Sheet(printing.as_text(lines, heading), printing.as_page(lines, heading), heading.code, made_at, names)


def page_of(text: str) -> str:
    """The page to print of a sheet that was made just now and stands nowhere but in *text*.

    Raises:
        RecoveryError: this is not the text of a sheet as it was made.
    """
    wrapped = sheets.from_text(text)
    return printing.page_of(text, sheets.to_lines(wrapped), code=sheets.check_code(wrapped))


def make(work: Work, *, ring: Keyring, passphrase: str, language: str = printing.SOURCE) -> Sheet:
    """Make a sheet of the keyring as it is now, and tell of it. It counts once `confirm` has seen it.

    Raises:
        RecoveryError: the passphrase is too short.
    """
    ring.reload()
    sheet = make_sheet(ring.export(), passphrase, now=work.now, language=language)
    append(work, Action.RECOVERY_SHEET_MADE, facts={"keys": [name.replace(" ", "-") for name in sheet.keys]})
    return sheet


def confirm(work: Work, *, places: Places, ring: Keyring, text: str, passphrase: str, check_code: str) -> SheetStatus:
    """Take a sheet for the one that brings the keyring back: it opens, and it is of this keyring.

    From here on the copy of the keyring is sealed to it, and to no older sheet.

    Args:
        work: an operator's.
        places: of the store.
        ring: the keyring as it is.
        text: the sheet, typed or scanned.
        passphrase: what wraps it.
        check_code: as it is printed on the paper.

    Raises:
        RecoveryError: it does not open, is another sheet than the code's, or of another keyring.
    """
    opened = _open(text, passphrase)
    if not sheets.same_code(check_code, opened.code):
        raise RecoveryError(f"This check code is of another sheet; the lines make {opened.code}.")
    ring.reload()
    if opened.contents.deployment != ring.deployment:
        raise RecoveryError("This sheet is of another store.")
    held = copies.names(opened.contents)
    state = {
        "v": STATE_VERSION,
        "made_at": opened.made_at.isoformat(),
        "confirmed_at": work.now.isoformat(),
        "fingerprint": copies.fingerprint(opened.contents).hex(),
        "keys": held,
        "public_key": base64.b64encode(opened.secret.public_key().public_bytes_raw()).decode(),
    }
    append(work, Action.RECOVERY_SHEET_CONFIRMED, facts={"keys": [name.replace(" ", "-") for name in held]})
    replace_file(places.recovery, json.dumps(state, indent=1).encode())
    renew_copy(work, places=places, ring=ring)
    return status(places, ring)


def renew_copy(work: Work, *, places: Places, ring: Keyring) -> None:
    """Seal the keyring, which has changed, to the sheet that was confirmed; nothing where none was.

    Raises:
        RecoveryError: what is known of the sheet is damaged.
    """
    state = _state(places)
    if state is None:
        return
    exported = ring.export()
    sealed = copies.seal(exported, public=base64.b64decode(str(state["public_key"])))
    keep_copy(work.session, sealed, of_ring=copies.fingerprint_of(sealed), now=work.now)
    replace_file(places.keyring_copy, sealed)


def status(places: Places, ring: Keyring) -> SheetStatus:
    """Whether a sheet was confirmed, and what it lacks by now.

    Raises:
        RecoveryError: what is known of the sheet is damaged.
    """
    state = _state(places)
    contents = keyfile.decode(ring.export(), source="memory")
    names = copies.names(contents)
    if state is None:
        return SheetStatus(None, None, tuple(names), copy_is_current=False)
    keys = state["keys"]
    held = keys if isinstance(keys, dict) else {}
    try:
        copied = copies.fingerprint_of(places.keyring_copy.read_bytes())
    except FileNotFoundError:
        copied = b""
    return SheetStatus(
        made_at=datetime.fromisoformat(str(state["made_at"])),
        confirmed_at=datetime.fromisoformat(str(state["confirmed_at"])),
        lacks=tuple(name for name, check in names.items() if held.get(name) != check),
        copy_is_current=copied == copies.fingerprint(contents),
    )


def recover(text: str, passphrase: str, path: Path, *, now: datetime, copy: bytes | None = None) -> Keyring:
    """Put the keyring back at *path*; another ring that stands there is kept aside.

    Args:
        text: the sheet, typed or scanned.
        passphrase: what wraps it.
        path: of the keyring.
        now: names what is kept aside.
        copy: `keyring.sealed`, which holds keys younger than the sheet; None takes those of the sheet.

    Raises:
        RecoveryError: names the line that is damaged; or passphrase, sheet and copy do not fit each other.
    """
    opened = _open(text, passphrase)
    ring = opened.ring if copy is None else copies.open_(copy, secret=opened.secret)
    if keyfile.decode(ring, source="the sealed copy").deployment != opened.contents.deployment:
        raise RecoveryError("The sealed copy of the keyring is of another store than the sheet.")
    return Keyring.restore(path, ring, now=now)


def tell_recovered(work: Work, ring: Keyring) -> None:
    """Tell the log that the keyring was brought back from its sheet."""
    append(work, Action.KEYRING_RECOVERED, facts={"epochs": [epoch.id for epoch in ring.epochs()]})


def _open(text: str, passphrase: str) -> _Opened:
    wrapped = sheets.from_text(text)
    payload = json.loads(zlib.decompress(sheets.unwrap(wrapped, passphrase)))
    ring = payload["ring"].encode()
    return _Opened(
        ring=ring,
        contents=keyfile.decode(ring, source="the sheet"),
        secret=X25519PrivateKey.from_private_bytes(base64.b64decode(payload["secret"])),
        made_at=datetime.fromisoformat(payload["made_at"]),
        code=sheets.check_code(wrapped),
    )


def _state(places: Places) -> Mapping[str, object] | None:
    try:
        state = json.loads(places.recovery.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        state = None
    if not isinstance(state, dict) or state.get("v") != STATE_VERSION:
        raise RecoveryError(f"{places.recovery} is damaged; make and confirm a new sheet: governance keys recovery")
    return state
