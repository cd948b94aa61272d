"""The recovery sheet as people get it: text, and a page to print that needs nothing but itself."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from string import Template
from typing import Final

from governance.custody.sheets import Line
from governance.kernel.qr import qr_of
from governance.kernel.records import frozen

LINES_PER_CODE: Final = 8
"""So few that every camera reads the code off paper."""

_TEXT: Final = Template("""\
# Recovery sheet of the keyring
# Made:       $made
# Store:      $deployment
# Keys:       $keys
# Check code: $code
#
# Without the keyring nothing in the store or its backups can be read. These lines and the passphrase bring it back:
#     governance keys recovery --restore FILE     (FILE holds these lines, typed or scanned)
# Keep the sheet and the passphrase in two places, away from the machine. Who has both, and a backup, can read it all.

$lines
""")

_PAGE: Final = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Recovery sheet</title>
<style>
body { font: 11pt/1.4 serif; max-width: 180mm; margin: 10mm auto; color: #000; background: #fff; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1em; }
dd { margin: 0; }
pre { font: 10.5pt/1.5 monospace; }
figure { display: inline-block; margin: 0 6mm 4mm 0; text-align: center; break-inside: avoid; }
figcaption { font-size: 9pt; }
</style>
</head>
<body>
<h1>Recovery sheet of the keyring</h1>
<dl><dt>Made</dt><dd>$made</dd><dt>Store</dt><dd>$deployment</dd><dt>Keys</dt><dd>$keys</dd>
<dt>Check code</dt><dd><strong>$code</strong></dd></dl>
<p>Without the keyring nothing in the store or its backups can be read. This sheet and the passphrase bring it back.
Type the lines into a file, or scan the codes into it, in any order, and run
<code>governance keys recovery --restore FILE</code></p>
<p>Keep the sheet and the passphrase in two places, away from the machine. Who has both, and a backup, can read it
all.</p>
<pre>$lines</pre>
$figures
</body>
</html>
""")


@frozen
class Heading:
    """What stands above the lines.

    Attributes:
        code: check code of the sheet.
        made_at: when it was made.
        deployment: id of the store.
        keys: names of the keys that it holds.
    """

    code: str
    made_at: datetime
    deployment: str
    keys: Sequence[str]

    def told(self) -> dict[str, str]:
        """All of it as text."""
        made = f"{self.made_at:%Y-%m-%d %H:%M} UTC"
        return {"code": self.code, "made": made, "deployment": self.deployment, "keys": ", ".join(self.keys)}


def as_text(lines: Sequence[Line], heading: Heading) -> str:
    """The sheet as text; what is not a line of it begins with `#`."""
    return _TEXT.substitute(heading.told(), lines="\n".join(line.spaced() for line in lines))


def as_page(lines: Sequence[Line], heading: Heading) -> str:
    """The sheet as one page of HTML with QR codes; no script, nothing from elsewhere."""
    parts = [lines[at : at + LINES_PER_CODE] for at in range(0, len(lines), LINES_PER_CODE)]
    figures = [
        f"<figure>{_qr(part)}<figcaption>Lines {part[0].number:02} to {part[-1].number:02}</figcaption></figure>"
        for part in parts
    ]
    told = {name: escape(value) for name, value in heading.told().items()}
    text = "\n".join(line.spaced() for line in lines)
    return _PAGE.substitute(told, lines=text, figures="\n".join(figures))


def _qr(lines: Sequence[Line]) -> str:
    """Upper-case letters, digits and `/` make the smallest codes (alphanumeric mode)."""
    return qr_of("/".join(line.packed() for line in lines), scale=3, sized=True)
