"""Segments at the desks: written row by row or as text, tried, kept in versions, evaluated, taken out of use."""

import re

import pytest

from governance.audit.actions import Action
from governance.consent import segmenting
from governance.console import segment_rows
from governance.console.segment_rows import Row
from governance.kernel.errors import InvalidError
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.policies.segment_fields import ValueKind
from governance.policies.segments import parse_rule
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form
from tests.factories.trail import entries

COLUMNS = ("field", "op", "value", "within", "currency", "only")
RULES = (
    {"all": [{"field": "age", "op": "between", "value": [30, 39]}, {"field": "sex", "op": "is", "value": "female"}]},
    {"any": [{"not": {"field": "city", "op": "in", "value": ["Псков", "Київ"]}}, {"may": "newsletter", "by": "email"}]},
    {"all": [{"field": "purchases.sum", "op": "over", "value": 50000, "currency": "UAH", "within": "P1Y"}]},
    {"all": [{"field": "purchases.last_at", "op": "older_than", "value": "P18M"},
             {"field": "interactions.count", "op": "is", "value": 0, "within": "P90D", "kind": "call"}]},
    {"all": [{"field": "city", "op": "known", "value": False}, {"not": {"may": "newsletter", "by": "sms"}},
             {"field": "tags", "op": "has_any", "value": ["vip", "gold"]}]},
    {"all": [{"field": "country", "op": "in", "value": ["DE", "UA"]},
             {"field": "language", "op": "is", "value": "uk"}]},
)  # fmt: skip


def rows(*told):
    return {name: [getattr(one, name) for one in told] for name in COLUMNS}


def send(desk, page, action, do="", **said):
    answer = desk.get(page)
    form = Form(answer, action)
    for name in (*COLUMNS, "do"):
        form.inputs.pop(name, None)
    data = form.filled(join="all", **said, **({"do": do} if do else {}))
    return desk.post("/console/segments/trial" if do else action, data=data, headers=ORIGIN)


@pytest.mark.parametrize("language", ["en", "ru", "uk"])
def test_rules_become_rows_and_the_same_rules_again_in_every_language(language, door):
    with door.test_request_context("/console/segments", headers={"Accept-Language": language}):
        for rule in RULES:
            join, shown = segment_rows.rows_of(rule)
            again = segment_rows.rule_of(shown, join, {})
            assert parse_rule(again) == parse_rule(rule), (language, shown)
            assert segment_rows.clause(rule, {}).parts
            values = {one.field: one.value for one in shown}
            if language == "ru" and "country" in values:
                assert (values["country"], values["language"]) == (
                    "Германия, Украина",
                    "украинский",
                )


def test_rows_say_what_is_wrong_with_each(door):
    wrong = (
        Row("age", "within", "30"), Row("age", "is", "thirty"), Row("age", "between", "30"), Row("", "is", "x"),
        Row("purchases.last_at", "within", "soon"), Row("purchases.sum", "over", "5"), Row("may:newsletter", "is", "x"),
        Row("city", "is", ""), Row("extra.vip", "is", "perhaps"),
    )  # fmt: skip
    with door.test_request_context("/console/segments"):
        with pytest.raises(InvalidError) as refused:
            segment_rows.rule_of(wrong, "all", {"extra.vip": ValueKind.FLAG})
        assert set(refused.value.errors) == {f"row.{place}" for place in range(len(wrong))}
        with pytest.raises(InvalidError):
            segment_rows.rule_of([Row()], "all", {})
        spans = {"90 дней": "P90D", "6 месяцев": "P6M", "2 роки": "P2Y", "1 year 6 months": "P1Y6M", "p3m": "P3M"}
        for said, span in spans.items():
            made = segment_rows.rule_of([Row("purchases.last_at", "within", said)], "all", {})
            assert made["all"][0]["value"] == span


def test_a_segment_is_tried_kept_found_again_changed_and_taken_out_of_use(desks, door, customer):
    desk, service = desks("marketer"), service_of(door)
    new, title = "/console/segments/new", f"In {uuid4().hex[:8]}"
    said = {"title.en": title, **rows(Row("source", "is", "till"), Row())}
    tried = send(desk, new, "/console/segments", do="count", **said)
    assert tried.status_code == 200
    assert re.search(r"(&lt;5|\d+) of \d+ people", tried.text)
    assert title in tried.text
    with open_work(service.database, OPERATOR) as work:
        assert entries(work, Action.SEGMENT_TRIED)
    more = send(desk, new, "/console/segments", do="more", **said)
    assert len(re.findall("data-condition", more.text)) == 3
    text = send(desk, new, "/console/segments", do="text", **said)
    assert "field: source" in text.text

    made = send(desk, new, "/console/segments", **said)
    assert made.status_code == 303
    segment = made.location
    assert "Where the data came from: is till" in desk.get(segment).text
    begun = desk.post(f"{segment}/runs", data=Form(desk.get(segment), "/runs").filled(), headers=ORIGIN)
    assert begun.status_code == 303
    with open_work(service.database, OPERATOR) as work:
        found = next(one for one in segmenting.segments(work) if str(one.id) in segment)
        run = segmenting.runs(work, segment=found.id)[0]
    segmenting.see_through(service.database, actor=OPERATOR, run=run.id)
    assert "Whom of them may something be sent to?" in desk.get(segment).text
    with open_work(service.database, OPERATOR) as work:
        newer = segmenting.evaluate(work, segment=found.id)
    segmenting.see_through(service.database, actor=OPERATOR, run=newer.id)
    offered = re.findall(r'<option value="([0-9a-f-]{36})"', desks("officer").get("/console/retention/holds/new").text)
    assert (str(newer.id) in offered, str(run.id) in offered) == (True, False), "the newest result of each is offered"

    edit = f"{segment}/edit"
    changed = {"title.en": title, **rows(Row("source", "is_not", "till"), Row())}
    stale = Form(desk.get(edit), "/versions").filled(join="all", **changed)
    for name in ("do",):
        stale.pop(name, None)
    assert desk.post(f"{segment}/versions", data={**stale, "form": "1"}, headers=ORIGIN).status_code == 303
    again = desk.post(f"{segment}/versions", data={**stale, "form": "2"}, headers=ORIGIN)
    assert again.status_code == 412
    assert "read it again" in again.text
    assert title in again.text
    shown = desk.get(segment).text
    assert "Where the data came from: is not till" in shown
    assert "version 1" in shown
    assert desk.post(f"{segment}/retirement", data=Form(desk.get(segment), "/retirement").filled(), headers=ORIGIN)
    assert "out of use" in desk.get(segment).text


def test_what_cannot_be_taken_keeps_all_that_was_typed(desks):
    desk, new = desks("marketer"), "/console/segments/new"
    said = {"title.en": "Women", **rows(Row("age", "between", "thirty"), Row("purchases.sum", "over", "2000"))}
    refused = send(desk, new, "/console/segments", **said)
    assert refused.status_code == 422
    assert 'value="thirty"' in refused.text
    assert "Write two numbers" in refused.text
    assert "Write the currency" in refused.text
    for name, left in (("within", "90 days"), ("currency", "EUR"), ("only", "visit")):
        typed = rows(Row(op="is", **{name: left}), Row("age", "over", "30"))
        refused = send(desk, new, "/console/segments", **{"title.en": "No field", **typed})
        assert (refused.status_code, f'value="{left}"' in refused.text) == (422, True), name
        assert "Choose what is asked after." in refused.text
    unnamed = send(desk, new, "/console/segments", **rows(Row("age", "is", "30")))
    assert unnamed.status_code == 422
    assert "Give it a name." in unnamed.text

    broken = {"title.en": "Deep", "as": "text", "document": "all: [{field: secret, op: is, value: 1}]"}
    refused = send(desk, new, "/console/segments", **broken)
    assert refused.status_code == 422
    assert "field: secret" in refused.text


def test_a_rule_deeper_than_rows_opens_as_text_and_an_example_as_rows(desks):
    desk = desks("marketer")
    assert "field: tags" in desk.get("/console/segments/new?like=vip").text
    assert 'value="6 months"' in desk.get("/console/segments/new?like=asleep").text
    assert desk.get("/console/segments/new?like=nothing").status_code == 200


def test_a_form_sent_twice_defines_one_segment(desks, door):
    desk, key = desks("marketer"), f"twice_{uuid4().hex[:8]}"
    form = Form(desk.get("/console/segments/new"), "/console/segments")
    said = form.filled(join="all", key=key, **{"title.en": "Twice", **rows(Row("source", "is", "till"))})
    said.pop("do", None)
    first, second = (desk.post("/console/segments", data=said, headers=ORIGIN) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)


def test_what_is_no_rule_is_refused_whatever_is_to_be_done_with_it(desks):
    desk, new = desks("marketer"), "/console/segments/new"
    for document in ("[]", "{}", "all: 3", "all: []", "field: [1]", "not: {not: 3}", "&a [*a]", "all: [", "\x07"):
        for do in ("count", "rows", "text"):
            refused = send(desk, new, "/console/segments", do=do, **{"as": "text", "document": document})
            assert refused.status_code == 422, (do, document)
