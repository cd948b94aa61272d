"""How a name and a colour would look at the head of the customers' pages and of a mail, before anybody sets them."""

from collections.abc import Sequence
from email.utils import parseaddr

from flask_babel import format_decimal, gettext

from governance.kernel.errors import ConfigurationError
from governance.kernel.records import frozen
from governance.pages.brand import DARK, LIGHT, Colour, Ground, contrast, parse_colour, tokens, written

READABLE, WELL_READABLE = 4.5, 7.0
"""Contrast of text, levels AA and AAA of WCAG 2.2 (1.4.3, 1.4.6)."""
OF_THE_SERVICE = "#155e75"


@frozen
class Mode:
    """The head of a page in light or in dark, as hexadecimal colours.

    Attributes:
        dark: whether it is the dark one, where a logo has a white plate.
        act, on_act: of buttons and links, and of the words on a button.
        moved: whether the colour had to be made darker or lighter to be read.
        link, button: how well links and words on buttons are read, in words.
    """

    title: str
    dark: bool
    sheet: str
    ground: str
    ink: str
    act: str
    on_act: str
    moved: bool
    link: str
    button: str


@frozen
class Preview:
    """What is looked at.

    Attributes:
        sender: who a mail is from; empty where no sender is set.
        asked: how well the colour as it was given is read on white, in words.
        settings: what to set on the host, a line for each.
        wrong: what cannot be read of it; then nothing is shown.
    """

    name: str
    colour: str
    sender: str
    asked: str
    modes: Sequence[Mode]
    settings: str
    wrong: str


def preview(*, name: str, colour: str, mail_from: str | None) -> Preview:
    """Of a name and a colour that somebody thinks of."""
    address = parseaddr(mail_from or "")[1]
    sender = f"{name} <{address}>" if address else ""
    told = {"BRAND_NAME": name, "BRAND_COLOUR": colour, "MAIL_FROM": sender}
    settings = "\n".join(f'GOVERNANCE_{key}="{said}"' for key, said in told.items() if said)
    try:
        asked = parse_colour(colour)
    except ConfigurationError:
        return Preview(name, colour, sender, "", (), "", gettext("A colour is written as #155e75."))
    modes = [
        _mode(gettext("Light"), LIGHT, asked, ink="#17212b"),
        _mode(gettext("Dark"), DARK, asked, ink="#e9eef2"),
    ]
    return Preview(name, colour, sender, _said(contrast(asked, LIGHT.sheet)), modes, settings, "")


def _mode(title: str, ground: Ground, asked: Colour, *, ink: str) -> Mode:
    made = tokens(asked, ground)
    return Mode(
        title=title,
        dark=ground is DARK,
        sheet=written(ground.sheet),
        ground=written(ground.ground),
        ink=ink,
        act=written(made.act),
        on_act=written(made.on_act),
        moved=made.act != asked,
        link=_said(contrast(made.act, ground.sheet)),
        button=_said(contrast(made.on_act, made.act)),
    )


def _said(ratio: float) -> str:
    number = format_decimal(int(ratio * 10) / 10, format="0.0")
    if ratio >= WELL_READABLE:
        return str(gettext("%(ratio)s to 1, very well readable", ratio=number))
    if ratio >= READABLE:
        return str(gettext("%(ratio)s to 1, well readable", ratio=number))
    return str(gettext("%(ratio)s to 1, too little for text", ratio=number))
