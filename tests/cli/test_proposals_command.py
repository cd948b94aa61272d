"""Four eyes at the command line."""

from uuid import uuid4

from tests.cli.conftest import Command


def add(governance: Command, name: str, roles: str) -> dict[str, object]:
    given = ("--name", name, "--email", f"{name}@example.org", "--roles", roles, "--json")
    made: dict[str, object] = governance("staff", "create", *given).json
    return made


def test_roles_are_given_at_once_until_two_may_decide_and_wait_from_then_on(governance: Command) -> None:
    assert add(governance, "boris", "admin")["roles"] == ["admin"]

    oleg = add(governance, "oleg", "sales,support")

    assert oleg["roles"] == []
    assert len(oleg["proposals"]) == 2  # type: ignore[arg-type]  # a list
    waits = governance("staff", "grant", str(oleg["id"]), "auditor", "--reason", "Проверка")
    assert "second person" in waits.err
    listed = governance("proposals", "list", "--json").json
    assert [(one["state"], one["payload"]["role"]) for one in listed][:3] == [
        ("open", "auditor"), ("open", "support"), ("open", "sales"),
    ]  # fmt: skip
    assert [one["alone"] for one in listed] == [False, False, False, True]

    shown = governance("proposals", "show", listed[0]["id"])
    assert "Проверка" in shown.out
    own = governance("proposals", "approve", listed[0]["id"], "--digest", listed[0]["digest"])
    assert (own.code, "another person" in own.err) == (1, True)
    assert governance("proposals", "refuse", listed[0]["id"], "--reason", "Ошибка").code == 0
    assert governance("proposals", "list", "--state", "refused", "--json").json[0]["id"] == listed[0]["id"]
    assert governance("proposals", "show", str(uuid4())).code == 1
    assert "grant role" not in governance("doctor").out
    assert "release hold" in governance("doctor").out
