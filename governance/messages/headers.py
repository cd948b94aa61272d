"""How headers of mail are written; whoever writes the first loads it, and with it the parser of all headers."""

from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.policy import SMTP, Policy
from typing import Final


class _WholeLine(UnstructuredHeader, BaseHeader):
    """A header that is never folded: within an address in angle brackets a fold would break it."""

    max_count = 1

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS: Final = HeaderRegistry()
_HEADERS.map_to_type("List-Unsubscribe", _WholeLine)
POLICY: Final = SMTP.clone(header_factory=_HEADERS)
"""RFC 5322 as servers take it (RFC 5321)."""
