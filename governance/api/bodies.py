"""Bodies of requests: read whole or not at all, and told apart by what they say rather than by how it was wrapped."""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from typing import IO, Any

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.utils import cached_property

_BLOCK_BYTES = 1 << 20


class _Chunks:
    """A body in chunks; where they are none, that is the fault of whoever sent them."""

    def __init__(self, body: IO[bytes]) -> None:
        self._body = body

    def read(self, size: int) -> bytes:
        """Up to so many bytes."""
        try:
            return self._body.read(size)
        except ParseException:
            raise BadRequest from None  # what it says quotes the body


class InMemoryRequest(Request):
    """A request whose uploads stay in memory: a temporary file would hold customer data in the clear."""

    @cached_property
    def stream(self) -> Any:  # noqa: ANN401 - werkzeug's own property
        """The body; reading one that breaks off raises an error."""
        if self.content_length is None:
            self.environ["wsgi.input"] = _Chunks(self.environ["wsgi.input"])
        else:
            # gunicorn says that it ends the body, and ends it where the line breaks, too; werkzeug counts.
            self.environ.pop("wsgi.input_terminated", None)
        return super().stream

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 - werkzeug's own protocol
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> BytesIO:
        return BytesIO()


def whole_body(request: Request) -> bytes:
    """The body of *request*.

    Raises:
        RequestEntityTooLarge: it is longer than the limit; where its length was not announced, that shows at the limit.
    """
    body = request.get_data(cache=True)
    limit = request.max_content_length
    if request.content_length is None and limit is not None and len(body) >= limit:
        raise RequestEntityTooLarge
    return body


def gist(request: Request) -> bytes:
    """What *request* sends, the same for every honest repetition of it.

    A form of several parts (RFC 7578) is told by its parts: the boundary between them is new each time it is written.

    Raises:
        RequestEntityTooLarge: as `whole_body` does.
    """
    if request.mimetype != "multipart/form-data":
        return whole_body(request)
    return b"".join(sorted(_parts(request)))


def _parts(request: Request) -> Iterator[bytes]:
    for name, value in request.form.items(multi=True):
        yield _digest(b"field", name.encode("utf-8", "surrogatepass"), value.encode("utf-8", "surrogatepass"))
    for name, file in request.files.items(multi=True):
        filename = (file.filename or "").encode("utf-8", "surrogatepass")
        yield _digest(b"file", name.encode("utf-8", "surrogatepass"), filename, _content(file))


def _content(file: FileStorage) -> bytes:
    stream: IO[bytes] = file.stream
    digest = hashlib.sha256()
    while block := stream.read(_BLOCK_BYTES):
        digest.update(block)
    stream.seek(0)
    return digest.digest()


def _digest(*parts: bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()
