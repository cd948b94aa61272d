"""The recovery sheet as people get it, in their language: text, and a page to print that needs nothing but itself."""

import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Final, cast

import yaml

from governance.custody.errors import RecoveryError
from governance.custody.sheets import Line
from governance.kernel.qr import qr_of
from governance.kernel.records import frozen

SOURCE: Final = "en"
COMMAND: Final = "governance keys recovery --restore FILE"
LINES_PER_CODE: Final = 8
"""So few that every camera reads the code off paper."""
_COLUMNS: Final = 100

_PAGE: Final = Template("""\
<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>$title</title>
<style>
@page { size: A4; margin: 14mm; }
body { font: 11pt/1.4 serif; max-width: 180mm; margin: 0 auto; padding: 1em; color: #000; background: #fff; }
h1 { font-size: 17pt; line-height: 1.2; margin: 0 0 .5em; }
h1, dl, pre { break-inside: avoid; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1em 1em; margin: 0 0 .8em; }
dd { margin: 0; overflow-wrap: anywhere; }
dd strong { font-size: 13pt; letter-spacing: .05em; }
p { margin: 0 0 .6em; }
code { font: 10pt monospace; overflow-wrap: anywhere; }
pre {
  font: 10.5pt/1.25 monospace; margin: .6em 0 1em; padding: .6em 0; overflow-x: auto;
  border: solid #000; border-width: 1px 0;
}
.codes { display: flex; flex-wrap: wrap; gap: 3mm 4.5mm; }
figure { width: 42mm; margin: 0; text-align: center; break-inside: avoid; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { font-size: 8.5pt; line-height: 1.2; }
@media print { body { padding: 0; max-width: none; } pre { overflow: visible; } }
</style>
</head>
<body>
<h1>$title</h1>
<dl>$facts</dl>
<p>$why</p>
<p>$how <code>$command</code></p>
<p>$keep</p>
<pre>$lines</pre>
<div class="codes">
$figures
</div>
</body>
</html>
""")


@frozen
class Heading:
    """What stands above the lines.

    Attributes:
        code: check code of the sheet.
        made: when it was made, as people read it.
        deployment: id of the store.
        keys: names of the keys that it holds, as people read them.
        language: of all that is said; English where it is none of ours.
    """

    code: str
    made: str
    deployment: str
    keys: str
    language: str

    @classmethod
    def of(cls, *, code: str, made_at: datetime, deployment: str, keys: Sequence[str], language: str) -> "Heading":
        """Of a sheet that holds keys of these names (`epoch 3`)."""
        chosen = language if language in _words() else SOURCE
        kinds = cast("Mapping[str, str]", _words()[chosen]["kinds"])
        named = (name.rpartition(" ") for name in keys)
        told = ", ".join(f"{kinds[kind]} {number}" for kind, _, number in named)
        return cls(code, f"{made_at:%Y-%m-%d %H:%M} UTC", deployment, told, chosen)

    @classmethod
    def read(cls, text: str, *, code: str) -> "Heading":
        """Of a sheet's own text, in whatever language it was made.

        Raises:
            RecoveryError: its remarks are not those that it was made with.
        """
        remarks = [line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#")]
        said = [one.partition(":")[2].strip() for one in remarks[:4]]
        language = next((one for one, words in _words().items() if words["title"] == "".join(remarks[:1])), None)
        if language is None or len(said) < len(("title", "made", "store", "keys")):
            raise RecoveryError("The remarks above the lines are not those that the sheet was made with.")
        return cls(code, said[1], said[2], said[3], language)

    def facts(self) -> list[tuple[str, str]]:
        """What it says, by what that is called."""
        words = _texts(self.language)
        told = (("made", self.made), ("store", self.deployment), ("keys", self.keys), ("code", self.code))
        return [(words[name], said) for name, said in told]


def as_text(lines: Sequence[Line], heading: Heading) -> str:
    """The sheet as text; what is not a line of it begins with `#`."""
    words, facts = _texts(heading.language), heading.facts()
    wide = max(len(name) for name, _ in facts) + 1
    remarks = [words["title"], *(f"{f'{name}:':<{wide}} {said}" for name, said in facts), ""]
    for told in (words["why"], words["how"], words["keep"]):
        remarks += textwrap.wrap(told, _COLUMNS)
        if told is words["how"]:
            remarks.append(f"    {COMMAND}")
    above = "\n".join(f"# {one}".rstrip() for one in remarks)
    return f"{above}\n\n" + "\n".join(line.spaced() for line in lines) + "\n"


def as_page(lines: Sequence[Line], heading: Heading) -> str:
    """The sheet as one page of HTML with QR codes; no script, nothing from elsewhere."""
    words = _texts(heading.language)
    parts = [lines[at : at + LINES_PER_CODE] for at in range(0, len(lines), LINES_PER_CODE)]
    captions = [words["lines"] % {"first": f"{one[0].number:02}", "last": f"{one[-1].number:02}"} for one in parts]
    figures = [
        f"<figure>{_qr(part)}<figcaption>{escape(said)}<br>{escape(heading.code)}</figcaption></figure>"
        for part, said in zip(parts, captions, strict=True)
    ]
    *facts, (code_name, code) = [(escape(name), escape(said)) for name, said in heading.facts()]
    told = "".join(f"<dt>{name}</dt><dd>{said}</dd>" for name, said in facts)
    return _PAGE.substitute(
        {name: escape(words[name]) for name in ("title", "why", "how", "keep")},
        language=heading.language,
        command=COMMAND,
        facts=f"{told}<dt>{code_name}</dt><dd><strong>{code}</strong></dd>",
        lines="\n".join(line.spaced() for line in lines),
        figures="\n".join(figures),
    )


def page_of(text: str, lines: Sequence[Line], *, code: str) -> str:
    """The page to print of a sheet of which only its text is at hand.

    Raises:
        RecoveryError: its remarks are not those that it was made with.
    """
    return as_page(lines, Heading.read(text, code=code))


def _texts(language: str) -> Mapping[str, str]:
    return cast("Mapping[str, str]", _words()[language])


@cache
def _words() -> Mapping[str, Mapping[str, object]]:
    source = files("governance.custody").joinpath("sheet.yaml").read_text("utf-8")
    words: Mapping[str, Mapping[str, object]] = yaml.safe_load(source)
    return words


def _qr(lines: Sequence[Line]) -> str:
    """Upper-case letters, digits and `/` make the smallest codes (alphanumeric mode)."""
    return qr_of("/".join(line.packed() for line in lines))
