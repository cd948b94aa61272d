"""`keys rotate` from the command line: epochs, and blind indexes."""

from tests.cli.conftest import Command


def test_the_blind_indexes_are_rotated_from_the_command_line(governance: Command) -> None:
    told = governance("keys", "rotate", "--indexes", "--json")

    assert told.code == 0, told.err
    assert told.json == {"version": 2}
    assert "indexes-pending" not in governance("doctor").out


def test_keys_are_rotated_from_the_command_line(governance: Command) -> None:
    assert governance("keys", "rotate", "--json").json["epoch"] == 2
    assert "rotation-pending" not in governance("doctor").out
