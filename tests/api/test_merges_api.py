"""Merging over HTTP: two records become one, both ids answer, and they become two again."""

from flask.testing import FlaskClient

from governance.policies.permissions import Permission
from tests.api.conftest import bearer_for

SCOPES = (
    Permission.CUSTOMERS_CREATE,
    Permission.CUSTOMERS_READ,
    Permission.CUSTOMERS_EDIT,
    Permission.DUPLICATES_READ,
    Permission.DUPLICATES_DECIDE,
)


def test_two_are_merged_looked_at_and_made_two_again(own_web: FlaskClient) -> None:
    headers = bearer_for(own_web.application, *SCOPES)
    into, other = (
        own_web.post(
            "/v1/customers",
            json={"family_name": name, "contacts": [{"kind": "email", "value": f"{number}@example.org"}]},
            headers=headers,
        ).json["id"]
        for number, name in enumerate(("Воробьева", "Воробьёва"))
    )
    made = own_web.post("/v1/merges", json={"into": into, "other": other, "reason": "Одна"}, headers=headers)
    assert (made.status_code, made.json["state"], made.json["by_kind"]) == (201, "unreviewed", "client")

    asked = own_web.get(f"/v1/customers/{other}", headers=headers)
    assert (asked.json["id"], asked.json["merged_into"]) == (into, into)
    assert ([one["id"] for one in asked.json["merged"]], len(asked.json["contacts"])) == ([other], 2)
    edited = own_web.patch(
        f"/v1/customers/{other}", json={"language": "uk"}, headers={**headers, "If-Match": asked.headers["ETag"]}
    )
    assert (edited.status_code, edited.json["id"]) == (200, into)

    merge = f"/v1/merges/{made.json['id']}"
    assert (
        own_web.post("/v1/merges", json={"into": into, "other": other, "reason": "?"}, headers=headers).status_code
        == 409
    )
    assert own_web.post(f"{merge}/reviews", headers=headers).status_code == 403  # a system looks at nothing
    listed = own_web.get("/v1/merges?state=unreviewed", headers=headers).json["items"]
    assert [one["id"] for one in listed] == [made.json["id"]]
    undone = own_web.post(f"{merge}/undo", headers=headers).json
    assert (undone["merge"]["state"], undone["stayed"]) == ("undone", {})
    assert own_web.get(f"/v1/customers/{other}", headers=headers).json["merged_into"] is None
    stale = {**headers, "If-Match": edited.headers["ETag"]}
    assert own_web.patch(f"/v1/customers/{other}", json={"language": "ru"}, headers=stale).status_code == 412
