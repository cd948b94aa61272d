"""What a run destroyed is certified, and holds against a checkpoint that was kept elsewhere."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.audit import sequencer
from governance.audit.anchors import FileAnchor
from governance.audit.checkpoints import Outside, Signer
from governance.customers import operations as customers
from governance.erasure import operations as erasure
from governance.erasure.errors import NotCertifiedError
from governance.erasure.verifying import canonical, verify_certificate
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError
from governance.retention import operations as retention
from governance.retention.printing import print_certificate
from tests.factories.customers import purchase
from tests.factories.keeping import ACTIVITY, Keeping

OLD = datetime(2023, 1, 10, tzinfo=UTC)


def test_a_run_is_certified_offline_and_no_changed_number_holds(fresh_database: Database, tmp_path: Path) -> None:
    outside = Outside(tmp_path / "audit")
    signer = Signer(fresh_database, Ed25519PrivateKey.generate(), outside, [FileAnchor(outside.anchor_path)])
    store = Keeping(fresh_database)
    anna, boris = store.people(2)
    store.visits(anna, OLD, OLD)
    store.visits(boris, datetime(2026, 10, 1, tzinfo=UTC))
    store.seen({anna: OLD})
    store.force("inactive_customers")
    store.force_document(ACTIVITY)
    begun = store.do(lambda work: retention.begin(work, at_once=True))
    with pytest.raises(ConflictError):
        store.do(lambda work: retention.certificate(work, run=begun.id))
    done = store.see(begun)
    with pytest.raises(NotCertifiedError):
        store.do(lambda work: retention.certificate(work, run=done.id))
    sequencer.drain(fresh_database)
    signer.sign(clock=store.clock)

    made = store.do(lambda work: retention.certificate(work, run=done.id))

    kept = json.loads(made.content)["checkpoint"].encode()
    assert verify_certificate(made.content, checkpoint=kept).findings == ()
    told = json.loads(made.content)["certificate"]
    assert [(one["policy"], one["people"], one["rows"]) for one in told["policies"]] == [
        ("behaviour", 1, 2),
        ("inactive_customers", 1, 1),
    ]
    [theirs] = store.do(lambda work: erasure.of_origin(work, origin=done.id))
    assert [one["erasure"] for one in told["erasures"]] == [str(theirs.id)]
    for language in ("en", "ru", "uk"):
        assert print_certificate(made, language=language).startswith(b"%PDF"), language
    whole = json.loads(made.content)
    for place, value in (("rows", 7), ("digest", "0" * 64), ("policy", "other")):
        forged = json.loads(made.content)
        forged["certificate"]["destroyed"][0][place] = value
        assert not verify_certificate(canonical(forged), checkpoint=kept).holds, place
    for changed in ({**whole, "receipts": whole["receipts"][:-1]}, {**whole, "receipts": whole["receipts"][::-1]}):
        assert not verify_certificate(canonical(changed), checkpoint=kept).holds


def test_a_run_that_was_stopped_is_certified_as_well(fresh_database: Database) -> None:
    store = Keeping(fresh_database)
    [anna] = store.people(1)
    store.do(lambda work: _buys(work, anna))
    store.force("purchases_tax")
    begun = store.do(lambda work: retention.begin(work, at_once=True))
    store.do(lambda work: retention.stop(work, run=begun.id))

    assert store.count("retention_certificate") == 1
    assert store.see(begun).parts[0].rows == 0


def _buys(work, who):  # type: ignore[no-untyped-def]
    customers.record_purchase(work, subject=who, purchase=purchase(paid_at=OLD.date()))
