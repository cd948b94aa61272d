"""Versions of what is edited: given out as ETag, asked back as If-Match (RFC 9110, 8.8.3 and 13.1.1)."""

import re
from typing import Final

from flask import request

from governance.api.problems import PreconditionRequiredError
from governance.kernel.errors import PreconditionError

_TAG: Final = re.compile(r'"v(\d{1,9})"')


def etag(version: int) -> dict[str, str]:
    """The header that tells the version of what is answered."""
    return {"ETag": f'"v{version}"'}


def expected_version() -> int:
    """The version that the caller read and means to edit.

    Raises:
        PreconditionRequiredError: it did not say.
        PreconditionError: it named what never was a version of anything here.
    """
    version = stated_version()
    if version is None:
        raise PreconditionRequiredError("Send If-Match with the ETag of the record that you read.")
    return version


def stated_version() -> int | None:
    """The version that the caller says to have read; None where it does not say.

    Raises:
        PreconditionError: it named what never was a version of anything here.
    """
    given = request.headers.get("If-Match", "").strip()
    if not given:
        return None
    tag = _TAG.fullmatch(given)
    if tag is None:
        raise PreconditionError('If-Match takes one ETag as it was given out, such as "v3".')
    return int(tag[1])
