"""The collector of cycles is held off by whoever needs it, and goes on when the last of them is done."""

import gc

from governance.kernel.collecting import uncollected


def test_the_collector_goes_on_after_the_last_one_who_held_it_off() -> None:
    with uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
