"""Python's collector of cycles, held off while many thousand objects are made that hold none."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_lock: Final = threading.Lock()
_holding = 0


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect no cycles meanwhile: each collection would look through all that was made so far, and find nothing.

    May be held by several threads at once; whoever ends last lets the collector go on, if it was going.
    """
    global _holding
    with _lock:
        held_off = _holding > 0 or gc.isenabled()
        if held_off:
            _holding += 1
            gc.disable()
    try:
        yield
    finally:
        if held_off:
            with _lock:
                _holding -= 1
                if _holding == 0:
                    gc.enable()
