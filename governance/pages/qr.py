"""QR codes as pictures that stand in a page."""

import segno


def qr_of(address: str) -> str:
    """A QR code of an address as SVG, to be put into a page as it is."""
    return segno.make_qr(address, error="m").svg_inline(omitsize=True, border=4)
