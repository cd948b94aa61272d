"""Checkpoints in the console: listed, held against each other; and the log as the file that an auditor verifies."""

import base64
import io
import json
import re
import tarfile
from html import unescape

import pytest

from governance.audit import merkle
from governance.audit.actions import Action
from governance.audit.anchors import FileAnchor
from governance.audit.appending import append
from governance.audit.checkpoints import Signer
from governance.audit.notes import Checkpoint, Note
from governance.audit.outside import load_signing_key, replace_signing_key
from governance.audit.sequencer import drain
from governance.audit.trail import Filter, search
from governance.audit.verify import verify_export
from governance.custody.signing import has_signing_key, outside_of
from governance.kernel.work import OPERATOR, open_work
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form

CHECKPOINTS = "/console/audit/checkpoints"


@pytest.fixture
def signed(door, desks):
    """Two checkpoints at least; answers the earlier and the newest one."""
    service = service_of(door)
    desks("auditor")
    outside, notes = outside_of(service.settings.data_dir), []
    if not has_signing_key(service.settings.secrets_dir):
        replace_signing_key(service.settings.secrets_dir)
    for _ in range(2):
        with open_work(service.database, OPERATOR) as work:
            append(work, Action.AUDIT_SEARCHED, facts={"by": [], "found": 0})
        drain(service.database, outside=outside)
        Signer(
            service.database, load_signing_key(service.settings.secrets_dir), outside, [FileAnchor(outside.anchor_path)]
        ).sign()
        notes.append(outside.last())
    return notes


def parsed(note):
    return Checkpoint.parse_text(Note.parse(note).text)


def test_checkpoints_are_listed_with_size_root_and_where_they_were_told(desks, signed):
    page = desks("auditor").get(CHECKPOINTS)

    assert all(parsed(one).root.hex() in page.text for one in signed)
    assert "file of the service" in page.text
    earlier, newest = (parsed(one).size for one in signed)
    assert f'href="{CHECKPOINTS}/{earlier}"' in page.text
    assert f'href="{CHECKPOINTS}/{newest}"' not in page.text, "with itself nothing is compared"
    assert desks("support").get(CHECKPOINTS).status_code == 403
    assert desks("auditor").get(CHECKPOINTS, query_string={"before": "none"}).status_code == 200


def test_a_path_for_the_browser_leads_from_an_earlier_checkpoint_to_the_newest(desks, signed):
    earlier, newest = map(parsed, signed)
    page = desks("auditor").get(f"{CHECKPOINTS}/{earlier.size}")
    proof = json.loads(unescape(re.search(r'data-proof="([^"]*)"', page.text)[1]))

    merkle.verify_consistency(
        first=earlier.size,
        second=newest.size,
        first_root=earlier.root,
        second_root=newest.root,
        path=[base64.b64decode(one) for one in proof["path"]],
    )
    assert proof["first"] == signed[0].decode()
    assert desks("auditor").get(f"{CHECKPOINTS}/999999999").status_code == 404


def test_a_kept_checkpoint_is_held_against_the_log_and_nonsense_is_named(desks, signed):
    desk = desks("auditor")
    form = Form(desk.get(CHECKPOINTS), "/export")
    good = desk.post(CHECKPOINTS, data=form.filled(checkpoint=signed[0].decode(), _form="kept"), headers=ORIGIN)
    bad = desk.post(CHECKPOINTS, data=form.filled(checkpoint="not one", _form="kept", form="1" * 8), headers=ORIGIN)

    assert "data-proof=" in good.text
    assert bad.status_code == 422
    assert "not one</textarea>" in bad.text


def test_the_file_is_an_export_that_verifies_and_the_handing_out_is_told(desks, door, signed, tmp_path):
    desk, service = desks("auditor"), service_of(door)
    form = Form(desk.get(CHECKPOINTS), "/export")
    answer = desk.post("/console/audit/export", data=form.filled(), headers=ORIGIN)
    with tarfile.open(fileobj=io.BytesIO(answer.data)) as packed:
        names = packed.getnames()
        packed.extractall(tmp_path, filter="data")

    report = verify_export(tmp_path, kept=signed[-1], vkey=(tmp_path / "vkey").read_text("utf-8"))
    assert report.whole, report.findings
    assert report.size == parsed(signed[-1]).size
    assert names[-1] == "checkpoint"
    assert not list((service.settings.data_dir / "handing").iterdir())
    with open_work(service.database, OPERATOR) as work:
        assert search(work, by=Filter(action=Action.AUDIT_EXPORTED.value)).entries
    assert desks("steward").post("/console/audit/export", data={}).status_code == 403
