"""A time-stamping authority (RFC 3161) and a receiver of checkpoints, on this host: real HTTP, real signatures."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AT = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    raw = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = bytes([size]) if size < 128 else bytes([0x80 | len(raw)]) + raw
    return bytes([tag]) + length + content


def integer(value: int) -> bytes:
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    out = bytes([40 * first + second])
    for value in rest:
        groups = [value & 0x7F]
        while value := value >> 7:
            groups.append(0x80 | value & 0x7F)
        out += bytes(reversed(groups))
    return der(6, out)


SHA256, RSA = (der(0x30, oid(name), der(5)) for name in ("2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.1"))
TST_INFO, SIGNED_DATA = "1.2.840.113549.1.9.16.1.4", "1.2.840.113549.1.7.2"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"


class Authority:
    """Stamps digests with a certificate of its own."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the tests")])
        self.certificate, self.other = self._certificate(name, 7), self._certificate(name, 8)

    def _certificate(self, name: x509.Name, number: int) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(name).issuer_name(name).public_key(self.key.public_key()).serial_number(number)
            .not_valid_before(AT - timedelta(days=1)).not_valid_after(AT + timedelta(days=1))
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA256())
        )  # fmt: skip

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def answer(self, request: bytes, *, nonce: bytes | None = None) -> bytes:
        """A TimeStampResp for a TimeStampReq; with another nonce than was asked, where one is given."""
        at = request.index(b"\x04\x20") + 2
        digest, rest = request[at : at + 32], request[at + 32 :]
        asked = rest[: 2 + rest[1]]
        instant = der(0x18, AT.strftime("%Y%m%d%H%M%SZ").encode())
        imprint = der(0x30, SHA256, der(4, digest))
        info = der(0x30, integer(1), oid("1.2.3.4"), imprint, integer(1), instant, nonce or asked)
        attributes = der(0x30, oid(CONTENT_TYPE), der(0x31, oid(TST_INFO))) + der(
            0x30, oid(MESSAGE_DIGEST), der(0x31, der(4, sha256(info).digest()))
        )
        signature = self.key.sign(der(0x31, attributes), padding.PKCS1v15(), hashes.SHA256())
        issuer = self.certificate.issuer.public_bytes()
        signer = der(
            0x30, integer(1), der(0x30, issuer, integer(7)), SHA256, der(0xA0, attributes), RSA, der(4, signature)
        )
        chain = [one.public_bytes(Encoding.DER) for one in (self.certificate, self.other)]
        certificates = b"".join(sorted(chain, reverse=True))  # OpenSSL's authorities send them in any order
        content = der(0x30, oid(TST_INFO), der(0xA0, der(4, info)))
        data = der(0x30, integer(3), der(0x31, SHA256), content, der(0xA0, certificates), der(0x31, signer))
        return der(0x30, der(0x30, integer(0)), der(0x30, oid(SIGNED_DATA), der(0xA0, data)))


@dataclass
class Receiver:
    """What was sent, and how it is answered.

    Attributes:
        authority: stamps what is sent; None acknowledges only.
        status: of the answers.
        nonce: given back instead of that which was asked.
    """

    authority: Authority | None = None
    status: int = 200
    nonce: bytes | None = None
    url: str = ""
    got: list[tuple[str, bytes]] = field(default_factory=list)

    def reply(self, body: bytes) -> bytes:
        return b"" if self.authority is None else self.authority.answer(body, nonce=self.nonce)


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((self.headers["Content-Type"], body))
            answer = receiver.reply(body)
            self.send_response(receiver.status)
            if receiver.status == 302:
                self.send_header("Location", receiver.url)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/checkpoints?of=us"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
