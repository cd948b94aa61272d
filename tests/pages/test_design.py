"""What docs/design.md says of contrast is what the stylesheet has, and is enough (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import governance.pages

STYLE = (Path(governance.pages.__file__).parent / "static" / "governance.css").read_text("utf-8")
GUIDE = (Path(__file__).parents[2] / "docs" / "design.md").read_text("utf-8")
ROW = re.compile(r"^\| `([a-z-]+)` on `([a-z-]+)` \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)
EDGES = {"line"}


def tokens(block):
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrasts_are_as_the_guide_says_and_enough():
    first, second = STYLE.split("@media screen and (prefers-color-scheme: dark)")[:2]
    light = tokens(first)
    dark = {**light, **tokens(second.split("*::before")[0])}
    rows = ROW.findall(GUIDE)

    assert len(rows) >= 18
    for over, under, *told in rows:
        for palette, said in zip((light, dark), told, strict=True):
            found = contrast(palette[over], palette[under])
            assert f"{found:.1f}" == said, (over, under)
            assert found >= (3 if over in EDGES else 4.5), (over, under)


def test_the_stylesheet_loads_nothing():
    assert not re.search(r"@import|url\(|http", STYLE)
