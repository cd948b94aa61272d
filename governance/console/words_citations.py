"""What stands between the laws of a citation, in words; names and numbers of laws stay as their law has them."""

import re
from collections.abc import Mapping

from flask_babel import gettext

from governance.pages.languages import SOURCE, by_language, language


def cited(citation: str | None) -> str:
    """A citation in the visitor's language, as far as it has words that we know."""
    if not citation or language() == SOURCE:
        return citation or ""
    words = said()
    return re.sub("|".join(re.escape(one) for one in words), lambda found: words[found[0]], citation)


@by_language
def said() -> Mapping[str, str]:
    """Words of the citations that come with the service; the longer ones first."""
    return {
        "Controller's decision under": gettext("Controller's decision under"),
        "13 months as CNIL guidelines of 17 September 2020 have it for trackers": gettext(
            "13 months as CNIL guidelines of 17 September 2020 have it for trackers"
        ),
        "Proposal where no country is known; look at the law of yours": gettext(
            "Proposal where no country is known; look at the law of yours"
        ),
        "guidance on the right of access, calendar month": gettext("guidance on the right of access, calendar month"),
        "within the European Economic Area, or within one country": gettext(
            "within the European Economic Area, or within one country"
        ),
        "the person may object at any time": gettext("the person may object at any time"),
        "from the grant and after each use": gettext("from the grant and after each use"),
        "and the law of the member state": gettext("and the law of the member state"),
        "Commission Implementing Decision": gettext("Commission Implementing Decision"),
        "second sentence": gettext("second sentence"),
        "by analogy": gettext("by analogy"),
        "recital 47": gettext("recital 47"),
        "Directive": gettext("Directive"),
        "Reg.": gettext("Reg."),
    }
