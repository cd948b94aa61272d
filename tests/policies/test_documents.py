"""A wrong document says where it is wrong."""

import pytest

from governance.policies.documents import DocumentError, parse
from governance.policies.masking import Mask

LAUGHS = b"a0: &a0 [x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 9)
)


def test_words_that_yaml_would_turn_into_something_else_stay_words():
    node = parse(b"country: NO\nanswer: no\nfrom: 2026-01-31\nflag: true\n", name="x.yaml")
    assert node.value == {"country": "NO", "answer": "no", "from": "2026-01-31", "flag": True}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"a: 1\na: 2\n", "x.yaml: line 2: the key 'a' stands twice"),
        (b"a: {b: 1, b: 2}\n", "x.yaml: line 1: the key 'b' stands twice"),
        (b"a: [\n", "x.yaml: line 2: "),
        (b"\xff\xfe", "x.yaml: document: must be text in UTF-8"),
        (b"a: !!python/object:os.system x\n", "x.yaml: line 1: "),
        (b"? [a]\n: 1\n", "x.yaml: line 1: a key must be a word"),
        (b"a: " + b"5" * 5000, "x.yaml: document: holds a number with too many digits"),
        (b"a: " + b"[" * 60 + b"]" * 60, "x.yaml: document: is too large, or goes too deep"),
        (b"a: &a [*a]", "x.yaml: document: is too large, or goes too deep"),
        (LAUGHS, "x.yaml: document: is too large, or goes too deep"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(source, said):
    with pytest.raises(DocumentError) as caught:
        parse(source, name="x.yaml")
    assert str(caught.value).startswith(said)


GOOD = b"a: word\nb: [u, u]\nc: {d: ' '}\n"


@pytest.mark.parametrize(
    ("source", "ask", "said"),
    [
        (GOOD, lambda node: node.fields(required=("a", "z")), "document: the key 'z' is missing"),
        (GOOD, lambda node: node.fields(required=("a",)), "b: is not a known key here; known are a"),
        (GOOD, lambda node: node.entries()["a"].entries(), "a: must be a mapping of keys to values"),
        (GOOD, lambda node: node.entries()["a"].items(), "a: must be a list"),
        (GOOD, lambda node: node.entries()["a"].flag(), "a: must be true or false"),
        (GOOD, lambda node: node.entries()["c"].entries()["d"].text(), "c.d: must be words"),
        (GOOD, lambda node: node.entries()["a"].whole(at_least=1, at_most=9), "a: must be a whole number from 1 to 9"),
        (b"a: 10", lambda node: node.entries()["a"].whole(at_least=1, at_most=9), "a: must be a whole number from 1"),
        (b"a: true", lambda node: node.entries()["a"].whole(at_least=0, at_most=9), "a: must be a whole number from 0"),
        (GOOD, lambda node: node.entries()["b"].texts(), "b: 'u' stands twice"),
        (GOOD, lambda node: node.entries()["a"].choice(Mask), "a: 'word' is none of initial, email, phone"),
        (b"c: {1: x}", lambda node: node.entries()["c"].entries(), "c: the key 1 must be a word; put it in quotes"),
    ],
)
def test_a_complaint_names_the_document_and_the_key(source, ask, said):
    node = parse(source, name="x.yaml")
    with pytest.raises(DocumentError) as caught:
        ask(node)
    assert str(caught.value).startswith(f"x.yaml: {said}")
