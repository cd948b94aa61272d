"""The quota of reveals over HTTP: the one too many is refused, on record, and told to officers."""

from governance.audit.actions import Action
from governance.kernel.work import OPERATOR, open_work
from tests.api.conftest import service_of
from tests.factories.signing import bearer_of, enrol
from tests.factories.trail import entries


def test_who_is_refused_by_the_quota_goes_on_once_an_officer_grants_more(own_web):
    database = service_of(own_web.application).database
    with open_work(database, OPERATOR) as work:
        anna, olga = enrol(work, "steward"), enrol(work, "officer")
    steward, officer = bearer_of(own_web, anna), bearer_of(own_web, olga)
    rules = own_web.patch("/v1/reading-rules", json={"people_per_day": 1}, headers=officer)
    assert rules.json == {"people_per_day": 1, "watch_unusual": False}
    people = [own_web.post("/v1/customers", json={"family_name": "Рябова"}, headers=steward).json["id"] for _ in "ab"]

    def reveal(person):
        order = {"fields": ["family_name"], "reason": "Звонок"}
        return own_web.post(f"/v1/customers/{person}/reveals", json=order, headers=steward)

    assert [reveal(people[0]).status_code for _ in "ab"] == [200, 200]
    refused = reveal(people[1])
    assert (refused.status_code, refused.json["type"]) == (429, "quota-exceeded")
    assert 0 < int(refused.headers["Retry-After"]) <= 86_400
    with open_work(database, OPERATOR) as work:
        assert len(entries(work, Action.PERSON_REVEALED)) == 2
        [entry] = entries(work, Action.ACCESS_REFUSED)
    assert (entry.actor_id, entry.facts["reason"]) == (anna.id, "quota-exceeded")
    [alert] = own_web.get("/v1/alerts?unseen=true", headers=officer).json["items"]
    assert (alert["kind"], alert["staff"]) == ("quota_exceeded", str(anna.id))
    assert own_web.post(f"/v1/alerts/{alert['id']}/seen", headers=officer).json["seen_by"] == str(olga.id)
    grant = own_web.post(f"/v1/staff/{anna.id}/reading-grants", json={"people": 2}, headers=officer)
    assert (grant.status_code, grant.json["allowed"]) == (201, 2)
    assert reveal(people[1]).status_code == 200
