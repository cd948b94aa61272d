"""Digests of the suppression ledger, which outlives what it speaks of: no plain value is left to make them anew from.

digest = ``layers(1) | d_n`` with ``d_1 = HMAC-SHA-256(k_1, normalised value)[:16]`` and
``d_n = HMAC-SHA-256(k_n, d_(n-1))[:16]``. So a rotation wraps what is there in a further layer. k_1 is derived for the
kind of value by name, the further ones are the same for all, and none is ever destroyed.
"""

from collections.abc import Sequence

from governance.vault.derivation import Mac, derive
from governance.vault.keyring import KeyProvider

MAC_BYTES = 16
HIGHEST_LAYER = 31


class LedgerDigests:
    """Makes digests of the ledger, and wraps them."""

    def __init__(self, keys: KeyProvider) -> None:
        self._keys = keys
        self._derived: dict[tuple[str, int], Mac] = {}

    @property
    def layers(self) -> int:
        """Layers that new digests get."""
        return self._keys.ledger_roots()[-1].layer

    def of(self, name: str, values: Sequence[bytes], *, layers: Sequence[int]) -> list[bytes]:
        """Digests of *values* under the index *name*: all of them with the first of *layers*, then with the next.

        Args:
            name: frozen name of the kind of value, such as `suppression/email`.
            values: normalised.
            layers: numbers of layers, ascending.

        Raises:
            KeyringError: where the keyring lacks the key of a layer.
        """
        key = self._key(name, 1)
        if layers == [1]:
            return key.each(values, prefix=b"\x01", length=MAC_BYTES)
        macs = [key.of(value)[:MAC_BYTES] for value in values]
        made: list[bytes] = []
        for layer in range(1, max(layers, default=0) + 1):
            if layer > 1:
                key = self._key("", layer)
                macs = [key.of(mac)[:MAC_BYTES] for mac in macs]
            if layer in layers:
                prefix = bytes((layer,))
                made += [prefix + mac for mac in macs]
        return made

    def wrap(self, digest: bytes, *, layers: int) -> bytes:
        """*digest* in so many layers as are wanted, at least those that it has."""
        mac = digest[1:]
        for layer in range(digest[0] + 1, layers + 1):
            mac = self._key("", layer).of(mac)[:MAC_BYTES]
        return bytes((max(layers, digest[0]),)) + mac

    def _key(self, name: str, layer: int) -> Mac:
        found = self._derived.get((name, layer))
        if found is None:
            root, deployment = self._keys.ledger_root(layer), self._keys.deployment.bytes
            key = derive(root, b"governance/ledger", deployment, name.encode(), str(layer).encode())
            found = self._derived[(name, layer)] = Mac(key)
        return found
