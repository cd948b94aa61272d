"""Time stamps of others (RFC 3161): that a checkpoint was there at an instant, signed by a time-stamping authority."""

from __future__ import annotations

from datetime import datetime

from cryptography.x509 import Certificate
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from governance.audit.errors import AnchorError
from governance.audit.posting import post

REQUEST_TYPE = "application/timestamp-query"
CERTIFICATES = 0xA0
"""Tag of the certificates in SignedData."""


def stamp(note: bytes, *, url: str, trusted: list[Certificate]) -> bytes:
    """Have *note* stamped; the authority gets its SHA-256 only. Answers its response (DER), which was verified.

    Raises:
        AnchorError: where the authority does not answer, or with something that does not stand.
    """
    request = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = post(url, request.as_bytes(), content_type=REQUEST_TYPE)
    _verify(_decode(answer), note, VerifierBuilder(roots=list(trusted), nonce=request.nonce))
    return answer


def verify_stamp(answer: bytes, note: bytes, *, trusted: list[Certificate]) -> datetime:
    """Verify what an authority answered about *note*; answers the instant that it states, UTC.

    Raises:
        AnchorError: where it is of another note, or not signed by a time-stamping certificate of *trusted*.
    """
    response = _decode(answer)
    _verify(response, note, VerifierBuilder(roots=list(trusted)))
    return response.tst_info.gen_time


def _decode(answer: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(_with_certificates_in_order(answer))
    except ValueError:
        raise AnchorError("What the time-stamping authority answered is no time stamp.") from None


def _with_certificates_in_order(answer: bytes) -> bytes:
    """The same answer with its certificates ordered as DER has sets.

    No signature covers their order, CMS (RFC 5652) does not ask for it, and OpenSSL's authorities do not keep it; but
    the decoder insists. What is not laid out as expected is left to the decoder.
    """
    try:
        token = _after(answer, _inside(answer, 0))  # past the status
        data = _inside(answer, _inside(answer, _after(answer, _inside(answer, token))))
        for _ in range(3):  # version, digest algorithms, what is stamped
            data = _after(answer, data)
        if answer[data] != CERTIFICATES:
            return answer
        first, end = _inside(answer, data), _after(answer, data)
        found, at = [], first
        while at < end:
            found.append(answer[at : _after(answer, at)])
            at = _after(answer, at)
    except IndexError:
        return answer
    return answer[:first] + b"".join(sorted(found)) + answer[end:]


def _inside(der: bytes, at: int) -> int:
    """Where the content of the element at *at* begins."""
    return at + 2 + (der[at + 1] & 0x7F if der[at + 1] & 0x80 else 0)


def _after(der: bytes, at: int) -> int:
    """Where the element at *at* ends."""
    begin = _inside(der, at)
    return begin + (int.from_bytes(der[at + 2 : begin], "big") if der[at + 1] & 0x80 else der[at + 1])


def _verify(response: TimeStampResponse, note: bytes, builder: VerifierBuilder) -> None:
    try:
        builder.build().verify_message(response, note)
    except (VerificationError, ValueError) as error:
        raise AnchorError(f"The time stamp does not stand: {error}.") from None
