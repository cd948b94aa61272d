"""The certificate of a run as people get it: PDF in three languages; what can be verified is the JSON."""

from governance.erasure.printing import typeset
from governance.retention.certifying import RunCertificate


def print_certificate(certificate: RunCertificate, *, language: str = "en") -> bytes:
    """The PDF of a certificate; English where the language is none of ours."""
    return typeset("governance.retention", certificate.body, certificate.content, language=language)
