"""Writing of laws: what is written reads as the same law."""

from governance.policies.deadline_reader import parse_deadlines
from governance.policies.deadline_writer import write_law
from governance.policies.shipped import deadlines


def test_every_law_that_is_shipped_reads_the_same_once_written():
    for key, times in deadlines().items():
        assert parse_deadlines(write_law(times).encode(), name=key) == {key: times}
