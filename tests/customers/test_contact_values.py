"""Addresses in the usual spelling are read without the library, and never otherwise than by it."""

from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from governance.customers.codes import ContactKind
from governance.customers.contact_values import ContactSaid, read_contact
from governance.customers.texts import Wrong

_TOKENS = ("a", "b1", "x.y", "o'b", "a_b", "-", "--", "+", ".", "@", "org", "test", "local", "xn--p1ai", "é", "A", "9")
_PARTS = st.lists(st.sampled_from(_TOKENS), min_size=1, max_size=5).map("".join)


@given(local=_PARTS, domain=_PARTS, end=st.sampled_from((".org", ".test", ".onion", ".c", ".co", "", ".9z")))
@example("anna.k+news", "example", ".org")
@example("a" * 64, "b" * 63, ".org")
@example("a" * 65, "b", ".org")
@example("a" * 60, ".".join(["b" * 60] * 4), ".org")
def test_an_address_is_read_as_the_library_reads_it(local: str, domain: str, end: str) -> None:
    written = f"{local}@{domain}{end}"
    try:
        wanted = validate_email(written, check_deliverability=False).normalized
    except EmailNotValidError:
        wanted = None
    try:
        found = read_contact(ContactSaid(kind=ContactKind.EMAIL, value=written), home=None).value
    except Wrong:
        found = None
    assert found == wanted
