"""Strict reading of the YAML documents that policies and reference data come in.

Every complaint names the document and the key, so that whoever edits a file sees where it is wrong.
Plain words stay words: `no` is the code of Norway, not false (YAML 1.2, 10.3.2), and a date stays text.
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn, TypeVar

import yaml

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML built without libyaml reads the same, more slowly
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]  # both have the same methods

MOST_NODES: Final = 50_000
DEEPEST: Final = 50
"""Of a document with all its references written out: a few lines of them could stand for more than there is memory."""

_Choice = TypeVar("_Choice", bound=StrEnum)
_KEPT_TAGS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:null")


class DocumentError(ValueError):
    """A document cannot be used; the text names the document, the key and what is wrong there.

    Attributes:
        source: name of the document.
        path: the key; empty for the whole.
        pattern: what is wrong, with places for values (`%(name)s`); catalogues of pages know it by this.
        values: what stands in these places.
        problem: what is wrong, filled in.
    """

    def __init__(self, source: str, path: str, pattern: str, **values: object) -> None:
        self.source = source
        self.path = path
        self.pattern = pattern
        self.values = values
        self.problem = pattern % values if values else pattern
        super().__init__(f"{source}: {path or 'document'}: {self.problem}")


class _KeyError(yaml.MarkedYAMLError):
    """A key that is none, or stands twice."""

    def __init__(self, pattern: str, values: Mapping[str, object], mark: yaml.Mark) -> None:
        super().__init__(problem=pattern, problem_mark=mark)
        self.pattern = pattern
        self.values = values


class _StrictLoader(_SafeLoader):
    """Safe loader that knows true and false only as booleans, no dates, and no key twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own protocol)
        first: [(tag, pattern) for tag, pattern in resolvers if tag in _KEPT_TAGS]
        for first, resolvers in _SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:  # noqa: FBT001, FBT002 (PyYAML's signature)
        """Refuse a key that stands twice: the later one would win silently."""
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = key_node.value
            if not isinstance(key, str):
                raise _KeyError("a key must be a word", {}, key_node.start_mark)
            if key in seen:
                raise _KeyError("the key '%(key)s' stands twice", {"key": key}, key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a document: its value, and the path that complaints name.

    Attributes:
        source: name of the document.
        path: keys from the top, joined by dots.
        value: what stands there.
    """

    source: str
    path: str
    value: object

    def wrong(self, pattern: str, **values: object) -> NoReturn:
        """Refuse the document for what stands here, in a sentence with places for these values.

        Raises:
            DocumentError: always.
        """
        raise DocumentError(self.source, self.path, pattern, **values)

    def fields(self, *, required: Sequence[str] = (), optional: Sequence[str] = ()) -> dict[str, "Node"]:
        """The mapping here, all of whose keys are known.

        Raises:
            DocumentError: where this is no mapping, a required key is missing or an unknown one is given.
        """
        children = self.entries()
        for name in required:
            if name not in children:
                self.wrong("the key '%(key)s' is missing", key=name)
        for name, child in children.items():
            if name not in required and name not in optional:
                known = ", ".join(sorted({*required, *optional}))
                child.wrong("is not a known key here; known are %(known)s", known=known)
        return children

    def entries(self) -> dict[str, "Node"]:
        """The mapping here, whatever its keys.

        Raises:
            DocumentError: where this is no mapping, or a key is no word.
        """
        if not isinstance(self.value, dict):
            self.wrong("must be a mapping of keys to values")
        children: dict[str, Node] = {}
        for name, value in self.value.items():
            if not isinstance(name, str):
                self.wrong("the key %(key)s must be a word; put it in quotes", key=name)
            children[name] = Node(self.source, f"{self.path}.{name}" if self.path else name, value)
        return children

    def items(self) -> list["Node"]:
        """The list here.

        Raises:
            DocumentError: where this is no list.
        """
        if not isinstance(self.value, list):
            self.wrong("must be a list")
        return [Node(self.source, f"{self.path}[{place}]", value) for place, value in enumerate(self.value)]

    def text(self) -> str:
        """The words here, without space around them.

        Raises:
            DocumentError: where this is no text, or an empty one.
        """
        if not isinstance(self.value, str) or not self.value.strip():
            self.wrong("must be words")
        return self.value.strip()

    def texts(self) -> list[str]:
        """The list of words here.

        Raises:
            DocumentError: where this is no list of words, or one stands twice.
        """
        words = [item.text() for item in self.items()]
        for word in words:
            if words.count(word) > 1:
                self.wrong("'%(word)s' stands twice", word=word)
        return words

    def flag(self) -> bool:
        """True or false.

        Raises:
            DocumentError: where this is neither.
        """
        if not isinstance(self.value, bool):
            self.wrong("must be true or false")
        return self.value

    def whole(self, *, at_least: int, at_most: int) -> int:
        """A whole number, both ends included.

        Raises:
            DocumentError: where this is none, or lies outside.
        """
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not at_least <= self.value <= at_most:
            self.wrong("must be a whole number from %(least)s to %(most)s", least=at_least, most=at_most)
        return self.value

    def choice(self, choices: type[_Choice]) -> _Choice:
        """One member of *choices*.

        Raises:
            DocumentError: where this names none of them.
        """
        word = self.text()
        if word not in set(choices):
            known = ", ".join(member.value for member in choices)
            self.wrong("'%(word)s' is none of %(known)s", word=word, known=known)
        return choices(word)

    def choices(self, choices: type[_Choice]) -> list[_Choice]:
        """Several members of *choices*.

        Raises:
            DocumentError: where one is none of them, or stands twice.
        """
        self.texts()
        return [item.choice(choices) for item in self.items()]


@dataclass(frozen=True, slots=True)
class Titles:
    """What something is called, in the languages that are shipped."""

    en: str
    ru: str
    uk: str

    def get(self, language: str) -> str:
        """The title in *language*, in English where there is none."""
        own = {"en": self.en, "ru": self.ru, "uk": self.uk}.get(language)
        return own or _FURTHER.get(language, {}).get(self.en) or self.en


_FURTHER: dict[str, Mapping[str, str]] = {}


def learn_titles(further: Mapping[str, Mapping[str, str]]) -> None:
    """Take up titles in further languages, by language and English title, in place of those taken up before."""
    _FURTHER.clear()
    _FURTHER.update(further)


def parse_further_titles(source: bytes, *, name: str) -> Mapping[str, str]:
    """Read titles in a further language, by English title; those that are not translated yet are left out.

    Raises:
        DocumentError: where the document is malformed.
    """
    found = parse(source, name=name).entries()
    return {english: node.text() for english, node in found.items() if node.value}


def titles(node: Node) -> Titles:
    """Read titles in all shipped languages.

    Raises:
        DocumentError: where one of them is missing.
    """
    by_language = node.fields(required=("en", "ru", "uk"))
    return Titles(**{language: words.text() for language, words in by_language.items()})


def parse(source: bytes, *, name: str) -> Node:
    """Read a document of one mapping.

    Args:
        source: UTF-8 YAML.
        name: what complaints call the document.

    Raises:
        DocumentError: where it is not YAML in UTF-8, a key stands twice, or it is too large.
    """
    try:
        value = yaml.load(source.decode("utf-8"), Loader=_StrictLoader)  # noqa: S506 (derived from the safe loader)
    except UnicodeDecodeError:
        raise DocumentError(name, "", "must be text in UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}" if error.problem_mark else ""
        if isinstance(error, _KeyError):
            raise DocumentError(name, line, error.pattern, **error.values) from None
        raise _not_yaml(name, line) from None
    except yaml.YAMLError:
        raise _not_yaml(name, "") from None
    except ValueError:  # what the interpreter takes for no number, by its length
        raise DocumentError(name, "", "holds a number with too many digits") from None
    if not _is_bounded(value):
        raise DocumentError(name, "", "is too large, or goes too deep")
    return Node(name, "", value)


def _is_bounded(value: object) -> bool:
    """Whether a document ends, and soon, once all its references are followed."""
    left, seen = [(value, 0)], 0
    while left:
        one, depth = left.pop()
        seen += 1
        if seen > MOST_NODES or depth > DEEPEST:
            return False
        if isinstance(one, dict):
            left += [(each, depth + 1) for each in one.values()]
        elif isinstance(one, list):
            left += [(each, depth + 1) for each in one]
    return True


def _not_yaml(name: str, line: str) -> DocumentError:
    return DocumentError(name, line, "is not YAML; look at indents, colons, brackets and quotes")
