"""How an operator dresses the customers' pages: a name, a logo, one colour. Contrast is kept whatever the colour.

From the one colour the tokens of the design system are made for light and for dark, darker or lighter than it until
each pair that people read has the contrast of WCAG 2.2 (1.4.3).
"""

import re
from dataclasses import field
from pathlib import Path
from typing import Final, NamedTuple

from governance.kernel.errors import ConfigurationError
from governance.kernel.records import frozen

ENOUGH: Final = 4.6
"""Of text on its ground; a little more than the 4.5 asked for, since colours are rounded."""
LARGEST_LOGO: Final = 100_000
"""Bytes: a page weighs 150 KB at most."""
LOGOS: Final = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
_BEGINS: Final = {
    "image/svg+xml": re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:svg|\?xml|!--|!DOCTYPE svg)", re.IGNORECASE),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
"""How a file of each sort begins, whatever its name ends with."""
_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")
_STEP: Final = 0.04
_BLACK: Final = (0.0, 0.0, 0.0)
_WHITE: Final = (255.0, 255.0, 255.0)

Colour = tuple[float, float, float]


class Ground(NamedTuple):
    """What stands behind text in one mode, as the stylesheet has it, and where colours go to stand out from it."""

    sheet: Colour
    ground: Colour
    away: Colour
    soft: float


LIGHT: Final = Ground((255, 255, 255), (244, 246, 247), _BLACK, 0.12)
DARK: Final = Ground((26, 34, 41), (17, 23, 28), _WHITE, 0.2)


class Tokens(NamedTuple):
    """The tokens of one mode that a colour makes."""

    act: Colour
    act_over: Colour
    on_act: Colour
    act_soft: Colour


@frozen
class Logo:
    """A picture as it is served."""

    content: bytes = field(repr=False)
    media_type: str


@frozen
class Brand:
    """What customers see of the operator.

    Attributes:
        name: what they know the company by; None for its legal name.
        style: a stylesheet to go after the common one; empty for the colours of the design system.
    """

    name: str | None = None
    logo: Logo | None = None
    style: str = ""


def brand(*, name: str | None, logo: Path | None, colour: str | None) -> Brand:
    """The brand as the settings have it.

    Raises:
        ConfigurationError: the logo or the colour cannot be used; the detail says what can.
    """
    return Brand(name, None if logo is None else _read(logo), "" if colour is None else stylesheet(colour))


def stylesheet(colour: str) -> str:
    """The tokens of both modes as CSS.

    Raises:
        ConfigurationError: it is no colour.
    """
    asked = parse_colour(colour)
    light, dark = _written(tokens(asked, LIGHT)), _written(tokens(asked, DARK))
    return f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


def parse_colour(said: str) -> Colour:
    """A colour as it is written in CSS with six digits.

    Raises:
        ConfigurationError: it is no colour.
    """
    if not _HEX.fullmatch(said):
        raise ConfigurationError("GOVERNANCE_BRAND_COLOUR takes a colour such as #155e75.")
    return float(int(said[1:3], 16)), float(int(said[3:5], 16)), float(int(said[5:7], 16))


def written(colour: Colour) -> str:
    """A colour in CSS."""
    return f"#{''.join(f'{int(part):02x}' for part in colour)}"


def tokens(colour: Colour, ground: Ground) -> Tokens:
    """The tokens of one mode: as near to the colour as contrast allows."""
    share = 0.0
    while True:
        act = _rounded(mixed(colour, ground.away, share))
        soft = _rounded(mixed(ground.sheet, act, ground.soft))
        if min(contrast(act, one) for one in (ground.sheet, ground.ground, soft)) >= ENOUGH or share >= 1:
            break
        share = min(1.0, share + _STEP)
    on_act = max((_WHITE, _BLACK), key=lambda one: contrast(one, act))
    return Tokens(act, _rounded(mixed(act, ground.away, 0.3)), on_act, soft)


def contrast(one: Colour, other: Colour) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """*one* with a share of *other* in it."""
    red, green, blue = (mine + (theirs - mine) * share for mine, theirs in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in (part / 255 for part in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rounded(colour: Colour) -> Colour:
    red, green, blue = (float(round(part)) for part in colour)
    return red, green, blue


def _written(made: Tokens) -> str:
    named = zip(("act", "act-over", "on-act", "act-soft"), made, strict=True)
    return " ".join(f"--{name}: {written(colour)};" for name, colour in named)


def _read(path: Path) -> Logo:
    media_type = LOGOS.get(path.suffix.lower())
    if media_type is None:
        raise ConfigurationError(f"GOVERNANCE_BRAND_LOGO takes a file that ends with {', '.join(LOGOS)}.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"The file of GOVERNANCE_BRAND_LOGO cannot be read: {error.strerror}.") from None
    if len(content) > LARGEST_LOGO:
        raise ConfigurationError(f"The file of GOVERNANCE_BRAND_LOGO has more than {LARGEST_LOGO:,} bytes.")
    if not _BEGINS[media_type].match(content):
        raise ConfigurationError(
            f"The file of GOVERNANCE_BRAND_LOGO is not the picture that its name says ({path.suffix}); save it anew."
        )
    return Logo(content, media_type)
