"""QR codes as pictures (SVG) that stand in a page."""

from governance.kernel.late import load


def qr_of(text: str, *, scale: float = 1, sized: bool = False) -> str:
    """A QR code of *text* as SVG, to be put into a page as it is.

    Args:
        text: what it says; upper-case letters, digits and `/` alone make the smallest codes.
        scale: pixels of a module.
        sized: whether it brings its size along; otherwise it takes the room that the page gives.
    """
    code = load("segno:make_qr")(text, error="m")
    return str(code.svg_inline(scale=scale, border=4, omitsize=not sized))
