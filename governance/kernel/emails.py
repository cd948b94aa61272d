"""E-mail addresses checked by their form (RFC 5321, 6531), by a package that is loaded when one is first checked."""

from governance.kernel.late import load


def normalized(address: str) -> str:
    """*address* as it is kept: local part as it was written, domain in lower case and in letters.

    Nothing is asked of the network.

    Raises:
        ValueError: it is no address, or one that no mail goes to.
    """
    told: str = load("email_validator:validate_email")(address, check_deliverability=False).normalized
    return told


def special_domains() -> list[str]:
    """Domains that no mail goes to (RFC 6761 and others)."""
    domains: list[str] = load("email_validator:SPECIAL_USE_DOMAIN_NAMES")
    return domains
