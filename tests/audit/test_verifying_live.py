"""Verifying the log where it stands, while it goes on."""

from governance.audit import operations as audit
from governance.kernel.clock import FixedClock
from governance.kernel.work import SYSTEM, open_work
from tests.audit.conftest import Log


def test_a_log_that_is_written_and_signed_while_it_is_verified_is_whole(log: Log) -> None:
    log.grow(300)
    grown: list[int] = []

    def go_on(done: int, _total: int) -> None:
        grown.append(done)
        log.grow(5)

    with open_work(log.database, SYSTEM, clock=FixedClock(log.now)) as work:
        public_key = log.key.public_key().public_bytes_raw()
        report = audit.verify_live(work, public_key=public_key, outside=log.outside, progress=go_on)

    assert grown
    assert report.whole, report.differences
    assert log.verify().whole


def test_a_checkpoint_of_more_than_there_is_is_told_though_the_log_goes_on(log: Log) -> None:
    log.grow(300)
    log.as_superuser(
        "ALTER TABLE audit_leaf DISABLE TRIGGER ALL",
        "ALTER TABLE audit_head DISABLE TRIGGER ALL",
        "DELETE FROM audit_leaf WHERE seq >= 250",
        "UPDATE audit_head SET size = 250",
    )

    report = log.verify()

    assert any("states 300 entries, but tree 1 has 250" in one.what for one in report.differences)
