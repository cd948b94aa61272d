"""Rules of addresses that learn to write an address when one is first asked for.

Werkzeug compiles two functions for each rule as it is added. Most routes of an interface are only ever matched: with
some four hundred of them that takes a tenth of a second of each start and megabytes of each process.
"""

from collections.abc import Callable
from types import MethodType

from werkzeug.routing import Rule


class LateRule(Rule):
    """A rule as werkzeug has it, but for when its writers are compiled."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002 - werkzeug's
        made: list[Callable[..., tuple[str, str]]] = []
        compile_now = super()._compile_builder

        def build(_rule: Rule, **values: object) -> tuple[str, str]:
            if not made:
                made.append(MethodType(compile_now(append_unknown), self))
            return made[0](**values)

        return build
