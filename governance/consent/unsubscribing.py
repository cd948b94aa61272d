"""Leaving by the link in a message (RFC 8058): a token that nobody keeps, and what using it comes to.

token = base64url of ``version(1) | key(1) | contact id(16) | digest(17) | channel(1) | purpose | MAC(16)``

The digest is that of the suppression ledger, so that the link still works when the contact is long erased; the key is
derived from a root of the ledger, and none of those is ever destroyed. A token names nobody and opens nothing but this.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

from governance.consent import states
from governance.consent.codes import CONTACTS_OF
from governance.consent.errors import SpentTokenError
from governance.consent.events import ContactSaid, NewEvent
from governance.consent.ledger import suppress
from governance.consent.ledger_lines import NewLine, write_digest
from governance.consent.purposes import book
from governance.consent.recording import record_many
from governance.consent.subjects import Key
from governance.customers.codes import ContactKind
from governance.customers.confirming import as_new, contact_in_clear
from governance.customers.holders import HeldContact, find_holders
from governance.kernel.ids import ContactId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import EventKind, Method, Standing
from governance.policies.documents import Titles
from governance.policies.purposes import KEY, Channel
from governance.vault.derivation import Mac, derive
from governance.vault.errors import KeyringError
from governance.vault.runtime import vault_of

VERSION: Final = 1
MAC_BYTES: Final = 16
LONGEST: Final = 200
_HEAD_BYTES: Final = 1 + 1 + 16 + 17 + 1
_CHANNELS: Final = {
    Channel.EMAIL: 1,
    Channel.SMS: 2,
    Channel.PHONE: 3,
    Channel.POST: 4,
    Channel.MESSENGER: 5,
    Channel.PUSH: 6,
    Channel.AUDIENCE: 7,
}
"""Frozen: links in mails that were sent years ago hold these numbers."""
_BY_NUMBER: Final = {number: channel for channel, number in _CHANNELS.items()}
_STOPPED: Final = frozenset({Standing.REFUSED, Standing.WITHDRAWN, Standing.OBJECTED})


@frozen
class Target:
    """What a link leads to.

    Attributes:
        contact: the contact that the message went to.
        digest: of that contact, as the suppression ledger has it.
        purpose: key of the purpose that the message served.
    """

    contact: ContactId
    digest: bytes
    channel: Channel
    purpose: str


@frozen
class Leaving:
    """A link as its page shows it.

    Attributes:
        titles: what the purpose is called; None where it is no longer one.
        advertising: whether it advertises, so that leaving all advertising is more than leaving this.
    """

    channel: Channel
    titles: Titles | None
    advertising: bool


def unsubscriber(work: Work, *, base_url: str, purpose: str, channel: Channel) -> Callable[[ContactId, bytes], str]:
    """What makes one-click addresses for the messages of one mailing: from contact id and ledger digest.

    Made once for many thousand addresses; it asks the database nothing.
    """
    keys = vault_of(work.session).keys
    layer = keys.ledger_roots()[-1].layer
    mac = _mac(work, layer)
    head, tail = bytes((VERSION, layer)), bytes((_CHANNELS[channel],)) + purpose.encode("ascii")
    begin = f"{base_url}/unsubscribe/"

    def url(contact: ContactId, digest: bytes) -> str:
        said = head + contact.bytes + digest + tail
        return begin + _written(said + mac.of(said)[:MAC_BYTES])

    return url


def read_token(work: Work, *, token: str) -> Target:
    """What a token says; it is of our making, or refused.

    Raises:
        SpentTokenError: where it is none of ours.
    """
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    said, given = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if (
        len(token) > LONGEST
        or _written(raw) != token
        or len(said) <= _HEAD_BYTES
        or said[0] != VERSION
        or not _is_ours(work, said, given)
    ):
        raise SpentTokenError("This is no link to unsubscribe by; take it from the message as a whole.")
    channel, purpose = _BY_NUMBER.get(said[_HEAD_BYTES - 1]), said[_HEAD_BYTES:].decode("ascii", "replace")
    if channel is None or not KEY.fullmatch(purpose):
        raise SpentTokenError("This link is of a later release; use the newest message.")
    return Target(ContactId(UUID(bytes=said[2:18])), said[18 : _HEAD_BYTES - 1], channel, purpose)


def show_leaving(work: Work, *, token: str) -> Leaving:
    """What a link leads to; changes nothing.

    Raises:
        SpentTokenError: as `read_token` does.
    """
    target = read_token(work, token=token)
    purpose = book(work).purposes.get(target.purpose)
    if purpose is None:
        return Leaving(target.channel, None, advertising=True)
    return Leaving(target.channel, purpose.titles, purpose.advertising)


def unsubscribe(work: Work, *, token: str, scope: Scope = Scope.PURPOSE) -> Leaving:
    """End what a link belongs to, from this instant on; or all advertising to the same contact.

    Everybody who holds the contact is meant, and the suppression ledger remembers it for whoever will. Succeeds also
    where it was done before, and where nothing is known of the contact any more; then the ledger alone keeps it.

    Args:
        work: the transaction.
        token: as the address ends.
        scope: this purpose, or all advertising by whatever reaches the contact.

    Raises:
        SpentTokenError: as `read_token` does.
    """
    target = read_token(work, token=token)
    held = contact_in_clear(work, contact=target.contact)
    channels = (target.channel,) if scope is Scope.PURPOSE else _reaching(target, held)
    if held is None:
        purpose = target.purpose if scope is Scope.PURPOSE else None
        unsubscribed = [NewLine(channel, scope, SuppressionReason.UNSUBSCRIBED, purpose) for channel in channels]
        write_digest(work, target.digest, unsubscribed)
        return show_leaving(work, token=token)
    contact = ContactSaid(held.kind, held.value)
    if scope is Scope.PURPOSE:
        _stop(work, held, [(target.purpose, target.channel)], EventKind.WITHDRAWN, Method.ONE_CLICK)
    else:
        advertising = [one for one in book(work).purposes.values() if one.advertising]
        wanted = [(one.key, channel) for one in advertising for channel in channels if channel in one.channels]
        _stop(work, held, wanted, EventKind.OBJECTED, Method.WEB_FORM)
    for channel in channels:
        suppress(
            work,
            contact=contact,
            channel=channel,
            scope=scope,
            reason=SuppressionReason.UNSUBSCRIBED,
            purpose=target.purpose if scope is Scope.PURPOSE else None,
        )
    return show_leaving(work, token=token)


def _stop(
    work: Work, held: HeldContact, wanted: Iterable[tuple[str, Channel]], kind: EventKind, method: Method
) -> None:
    """Record stops for all holders of a contact, except what they all have stopped before."""
    (holders,) = find_holders(work, [as_new(held.kind, held.value)])
    known = states.read(work, [one.id for one in holders])

    def stopped(purpose: str, channel: Channel) -> bool:
        kept = [known.get(Key(one.id, purpose, channel.value)) for one in holders]
        return bool(kept) and all(one is not None and one.state.standing in _STOPPED for one in kept)

    contact = ContactSaid(held.kind, held.value)
    record_many(
        work,
        events=[
            NewEvent(kind=kind, purpose=purpose, channel=channel, method=method, contact=contact)
            for purpose, channel in wanted
            if not stopped(purpose, channel)
        ],
    )


def _reaching(target: Target, held: HeldContact | None) -> tuple[Channel, ...]:
    """Channels that reach the contact, that of the message first."""
    kinds: tuple[ContactKind, ...] = CONTACTS_OF[target.channel] if held is None else (held.kind,)
    if len(kinds) != 1:
        return (target.channel,)
    others = (channel for channel, reached in CONTACTS_OF.items() if kinds[0] in reached)
    return tuple(dict.fromkeys((target.channel, *others)))


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _is_ours(work: Work, said: bytes, given: bytes) -> bool:
    try:
        mac = _mac(work, said[1])
    except KeyringError:  # a key that never was: nobody made this here
        return False
    return hmac.compare_digest(mac.of(said)[:MAC_BYTES], given)


def _mac(work: Work, layer: int) -> Mac:
    keys = vault_of(work.session).keys
    return Mac(derive(keys.ledger_root(layer), b"governance/unsubscribe", keys.deployment.bytes, str(layer).encode()))
