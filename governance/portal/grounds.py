"""What makes it lawful to use data, as customers read it: the citations that come with the service, in their language.

Those of the European Union and of the United Kingdom are told in the language of the page; others stay in the language
of their law, and browsers are told which that is. What a controller cites in purposes of its own stands as written.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from flask_babel import gettext

from governance.kernel.records import frozen
from governance.pages.languages import SOURCE, language
from governance.policies import shipped

LANGUAGES: Final[Mapping[str, str]] = {"ru": "ru", "ua": "uk", "br": "pt"}
"""Languages of laws, by jurisdiction, that are cited in another one than English."""


@frozen
class Cited:
    """A ground as a page shows it.

    Attributes:
        language: that its words are in.
    """

    words: str
    language: str


def cited(citations: Iterable[str]) -> Mapping[str, Cited]:
    """Citations in the language of the page, where they have words in it."""
    said, bases = told(), (basis for book in shipped.purposes().purposes.values() for basis, _ in book.bases)
    homes = {one.citation: LANGUAGES.get(one.jurisdiction, SOURCE) for one in bases}
    return {
        one: Cited(said[one], language()) if one in said else Cited(one, homes.get(one, SOURCE))
        for one in dict.fromkeys(citations)
    }


def told() -> Mapping[str, str]:
    """Citations that come with the service in English, in the language of the page."""
    return {
        "Regulation (EU) 2016/679 (GDPR) Art. 6(1)(a), Art. 7": gettext("GDPR Art. 6(1)(a), 7: your consent"),
        "Directive 2002/58/EC Art. 13(1); GDPR Art. 7": gettext(
            "Directive 2002/58/EC Art. 13(1), GDPR Art. 7: your consent to electronic mail"
        ),
        "Directive 2002/58/EC Art. 13(3) and the law of the member state; GDPR Art. 6(1)(a), Art. 7": gettext(
            "Directive 2002/58/EC Art. 13(3) and the law of your country, GDPR Art. 6(1)(a), 7: your consent to calls"
        ),
        "Directive 2002/58/EC Art. 13(2) and the law of the member state": gettext(
            "Directive 2002/58/EC Art. 13(2) and the law of your country: offers to those who have bought"
        ),
        "GDPR Art. 6(1)(b)": gettext("GDPR Art. 6(1)(b): a contract with you"),
        "GDPR Art. 6(1)(c)": gettext("GDPR Art. 6(1)(c): what a law obliges us to"),
        "GDPR Art. 6(1)(f), recital 47; the person may object at any time, Art. 21(2)": gettext(
            "GDPR Art. 6(1)(f), recital 47: our legitimate interest; you may object at any time, Art. 21(2)"
        ),
        "UK GDPR Art. 6(1)(a), Art. 7": gettext("UK GDPR Art. 6(1)(a), 7: your consent"),
        "Privacy and Electronic Communications (EC Directive) Regulations 2003 (SI 2003/2426), reg. 22(2)": gettext(
            "United Kingdom, SI 2003/2426 reg. 22(2): your consent to electronic mail"
        ),
        "SI 2003/2426, reg. 21; UK GDPR Art. 6(1)(a)": gettext(
            "United Kingdom, SI 2003/2426 reg. 21, UK GDPR Art. 6(1)(a): your consent to calls"
        ),
        "SI 2003/2426, reg. 22(3)": gettext("United Kingdom, SI 2003/2426 reg. 22(3): offers to those who have bought"),
        "UK GDPR Art. 6(1)(b)": gettext("UK GDPR Art. 6(1)(b): a contract with you"),
        "UK GDPR Art. 6(1)(c)": gettext("UK GDPR Art. 6(1)(c): what a law obliges us to"),
        "UK GDPR Art. 6(1)(f); the person may object at any time, Art. 21(2)": gettext(
            "UK GDPR Art. 6(1)(f): our legitimate interest; you may object at any time, Art. 21(2)"
        ),
    }
