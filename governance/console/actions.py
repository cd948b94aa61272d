"""What the log calls its acts: in English as `audit.actions` says it, in other languages by the catalogues."""

from collections.abc import Mapping
from typing import Final

from flask_babel import gettext

from governance.audit.actions import Action
from governance.pages.languages import by_language

_BY_CODE: Final = {one.value: one for one in Action}


@by_language
def labels() -> Mapping[Action, str]:
    """What people call each act."""
    return {one: gettext(one.label) for one in Action}


def label_of(code: str) -> str:
    """What people call an act; a code of a later release stays a code."""
    known = _BY_CODE.get(code)
    return code if known is None else str(gettext(known.label))
