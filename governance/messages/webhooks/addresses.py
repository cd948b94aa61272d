"""Where a webhook may point: HTTPS to any host, plain HTTP to this host only, and never to link-local addresses.

Receivers in the company's own network are usual, so private addresses are allowed. Link-local ones are where clouds
keep their credentials; every address that a name stands for is looked at, and one that was looked at is connected to.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen

URL_LENGTH: Final = 2000
Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
Resolver = Callable[[str, int], Sequence[str]]
"""From host and port to IP addresses; raises OSError where there are none."""


class ForbiddenAddressError(Exception):
    """The name of the receiver stands for an address that nothing is sent to."""


@frozen
class Target:
    """A receiver's address in its parts.

    Attributes:
        host: as the certificate must name it.
        path: with the query.
        secure: HTTPS.
    """

    host: str
    port: int
    path: str
    secure: bool

    @property
    def authority(self) -> str:
        """For the `Host` header: with the port where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def parse(url: str) -> Target:
    """Take an address apart.

    Raises:
        InvalidError: it is none that a webhook may have; the text says what it takes, never what was sent.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
        parts = urlsplit("")
    if not host or parts.scheme not in {"http", "https"} or len(url) > URL_LENGTH or not _is_plain(url):
        raise _wrong("Give an address such as https://mailer.example.com/hooks/consent, in ASCII.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _wrong("An address takes no user name, password or fragment; messages are signed.")
    if parts.scheme == "http" and not _is_this_host(host):
        raise _wrong("Plain http is for receivers on this host only (127.0.0.1, localhost); use https.")
    if _is_forbidden_literal(host):
        raise _wrong("Nothing is sent to link-local, multicast and reserved addresses.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    secure = parts.scheme == "https"
    return Target(host, port or (443 if secure else 80), path, secure)


def resolve(target: Target, *, resolver: Resolver | None = None) -> str:
    """The IP address to connect to.

    Raises:
        ForbiddenAddressError: one of those that the name stands for is link-local or no address of a host, or plain
            HTTP would leave this host.
        OSError: the name is not known.
    """
    found = [ipaddress.ip_address(one.partition("%")[0]) for one in (resolver or _look_up)(target.host, target.port)]
    if not found:
        raise OSError("the name stands for no address")
    if any(_is_forbidden(one) or (not target.secure and not _plain(one).is_loopback) for one in found):
        raise ForbiddenAddressError
    return str(found[0])


def _look_up(host: str, port: int) -> Sequence[str]:
    return [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _plain(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_forbidden(address: Address) -> bool:
    one = _plain(address)
    return one.is_link_local or one.is_multicast or one.is_unspecified or (one.is_reserved and not one.is_loopback)


def _is_forbidden_literal(host: str) -> bool:
    try:
        return _is_forbidden(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return False  # a name, which is looked up whenever something is sent


def _is_this_host(host: str) -> bool:
    try:
        return _plain(ipaddress.ip_address(host)).is_loopback
    except ValueError:
        return host == "localhost"


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url


def _wrong(sentence: str) -> InvalidError:
    return InvalidError("This address cannot be used.", errors={"url": [sentence]})
