"""What people write around a telephone number in the same field: "тел.", "(моб.)", "mobile"."""

import re

_TAIL = re.compile(
    r"\(?\s*\b(?:моб(?:ильный|ільний)?|сот(?:овый)?|дом(?:ашний|ашній)?|раб(?:очий)?|роб(?:очий)?|гор(?:одской)?|осн"
    r"|доп|факс|fax|mob(?:ile)?|cell|home|work|office|viber|whatsapp|telegram|вайбер|ватсап|телеграм)\b\.?\s*\)?",
    re.IGNORECASE,
)
_LEAD = re.compile(r"^\s*(?:телефон|тел|phone|tel|т|m|p|ph|н)\b\s*[.:№]*\s*", re.IGNORECASE)


def without_notes(text: str) -> str:
    """A number as it was written, less the words around it."""
    return _LEAD.sub("", _TAIL.sub(" ", text)).strip(" .:-()")
