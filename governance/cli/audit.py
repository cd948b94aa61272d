"""`audit`: read the log, verify it, hand it to an auditor."""

import contextlib
import shlex
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click

from governance.audit import operations as log
from governance.audit.errors import AuditBrokenError, AuditRollbackError
from governance.audit.findings import Verification
from governance.audit.stamping import verify_stamp
from governance.audit.stamps import read_trusted
from governance.audit.trail import Filter
from governance.audit.verify import describe, verify_export
from governance.cli.context import answer_json, answer_table, as_json, make_sure, opened, operator_work, progress, say
from governance.cli.exposure import exposure
from governance.custody.opening import Store
from governance.custody.signing import (
    bring_up_to_date,
    has_signing_key,
    outside_of,
    public_key_of,
    signer_of,
    succeed,
)
from governance.custody.unreadable import still_unreadable
from governance.erasure.verifying import verify_certificate
from governance.kernel.clock import UTC
from governance.kernel.ids import EntryId, SubjectRef
from governance.kernel.work import OPERATOR, open_work

NOT_WHOLE = 1

_file = click.Path(path_type=Path, exists=True, dir_okay=False)
_instant = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])


@click.group()
def audit() -> None:
    """The audit log: read it, verify it, hand it to an auditor."""


@audit.command()
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A checkpoint that was kept elsewhere, for an export.",
)
@click.option(
    "--vkey", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The verifier key, likewise."
)
@as_json
def verify(*, directory: Path | None, checkpoint: Path | None, vkey: Path | None, as_json: bool) -> int:
    """Verify the log of this store or, where DIRECTORY is given, an export; no database is asked then."""
    if directory is None:
        if checkpoint is not None or vkey is not None:
            raise click.UsageError("--checkpoint and --vkey go with the DIRECTORY of an export.")
        with opened() as store:
            return _verify_live(store, as_json=as_json)
    if checkpoint is None:
        raise click.UsageError(
            "An export proves something only against a checkpoint that was kept elsewhere: give --checkpoint FILE."
        )
    with progress("Verifying") as bar:
        report = verify_export(
            directory,
            kept=checkpoint.read_bytes(),
            vkey=None if vkey is None else vkey.read_text("utf-8"),
            progress=bar,
        )
    if as_json:
        answer_json({"whole": report.whole, "origin": report.origin, "size": report.size, "root": report.root.hex(),
                     "findings": report.findings, "notices": report.notices})  # fmt: skip
    else:
        click.echo(describe(report), nl=False)
    return 0 if report.whole else NOT_WHOLE


def _verify_live(store: Store, *, as_json: bool) -> int:
    outside = outside_of(store.settings.data_dir)
    # Whatever hinders this raises an alarm, or leaves entries under no checkpoint; both are told below.
    with contextlib.suppress(AuditBrokenError, AuditRollbackError, OSError):
        bring_up_to_date(store)
    with progress("Verifying") as bar, open_work(store.database, OPERATOR) as work:
        found = log.verify_live(work, public_key=_public_key(store), outside=outside, progress=bar)
        unreadable = [str(place) for place in still_unreadable(work)]
    alarms = outside.alarms()
    whole = found.whole and not alarms
    if as_json:
        answer_json({"whole": whole, "alarms": alarms, "report": found, "unreadable": unreadable})
    else:
        _tell(found)
        for alarm in alarms:
            click.echo(f"Alarm since {alarm.since}: {alarm.detail}")
        if unreadable:
            click.echo(f"Beside the log, {len(unreadable)} sealed values do not open; governance doctor names them.")
        click.echo("WHOLE" if whole else "NOT WHOLE")
    return 0 if whole else NOT_WHOLE


def _tell(found: Verification) -> None:
    click.echo(f"{found.entries} entries and {found.checkpoints} checkpoints verified, {found.pending} entries waiting")
    for note in found.notes:
        click.echo(f"Note: {note}")
    if found.unsigned:
        click.echo(
            f"{found.unsigned} entries are under no checkpoint: only the database protects them, and this says nothing "
            "about whether entries are missing among them."
        )
    for one in found.differences:
        place = "" if one.seq is None else f"entry {one.seq}: "
        click.echo(f"{place}{one.what}. {one.meaning}")


def _public_key(store: Store) -> bytes | None:
    secrets_dir = store.settings.secrets_dir
    return public_key_of(secrets_dir) if has_signing_key(secrets_dir) else None


@audit.command("verify-stamp")
@click.argument("stamp", type=_file)
@click.option("--checkpoint", type=_file, required=True, help="The checkpoint that it is of, byte for byte.")
@click.option("--tsa-ca", type=_file, required=True, help="Certificates of the authority (PEM), up to its root.")
def verify_a_stamp(*, stamp: Path, checkpoint: Path, tsa_ca: Path) -> None:
    """Verify a time stamp (RFC 3161) of a checkpoint, with no database."""
    at = verify_stamp(stamp.read_bytes(), checkpoint.read_bytes(), trusted=read_trusted(tsa_ca))
    click.echo(f"The checkpoint was there on {at:%Y-%m-%d %H:%M:%S} UTC.")


@audit.command("verify-certificate")
@click.argument("certificate", type=_file)
@click.option("--checkpoint", type=_file, required=True, help="A checkpoint that was kept elsewhere.")
@click.option("--vkey", type=_file, help="The verifier key, to verify the signature of the checkpoint as well.")
@as_json
def verify_a_certificate(*, certificate: Path, checkpoint: Path, vkey: Path | None, as_json: bool) -> int:
    """Verify the CERTIFICATE of an erasure, with no database."""
    found = verify_certificate(
        certificate.read_bytes(),
        checkpoint=checkpoint.read_bytes(),
        vkey=None if vkey is None else vkey.read_text("utf-8"),
    )
    if as_json:
        answer_json({"holds": found.holds, "findings": found.findings, "certificate": found.body})
    else:
        for one in found.findings:
            click.echo(one)
        click.echo("HOLDS" if found.holds else "DOES NOT HOLD")
    return 0 if found.holds else NOT_WHOLE


@audit.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--tree", "tree_id", type=click.IntRange(1), help="Number of an earlier tree (the first is 1).")
def export(*, directory: Path, tree_id: int | None) -> None:
    """Write the log to DIRECTORY in the layout of transparency logs (C2SP tlog-tiles), for an auditor.

    Without --tree it is the tree that grows; those that were left when a new one was opened are exported by number.
    """
    with opened() as store, progress("Exporting") as bar:
        if tree_id is None:
            bring_up_to_date(store)
        with open_work(store.database, OPERATOR) as work:
            done = log.export(
                work,
                directory=directory,
                outside=outside_of(store.settings.data_dir),
                public_key=_public_key(store),
                tree_id=tree_id,
                progress=bar,
            )
    say(f"Exported {done.size} entries. To verify with checkpoint and vkey that were kept elsewhere:")
    click.echo(f"python -m governance.audit.verify {shlex.quote(str(directory))} --checkpoint CHECKPOINT --vkey VKEY")


@audit.command()
@click.option("--action", help="Code of the act: customers:person:revealed.")
@click.option("--class", "action_class", type=click.Choice(["read", "decision", "key", "system"]))
@click.option("--actor", type=click.UUID, help="Id of the staff member or client.")
@click.option("--subject", type=click.UUID, help="Random reference of the person concerned.")
@click.option("--object", "object_id", type=click.UUID, help="Id of what was acted on.")
@click.option("--outcome", type=click.Choice(["done", "refused", "failed"]))
@click.option("--since", type=_instant, help="From this instant on, UTC.")
@click.option("--until", type=_instant, help="Before this instant, UTC.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--cursor", help="Where the next page begins.")
@as_json
def search(
    *,
    action: str | None,
    action_class: str | None,
    actor: UUID | None,
    subject: UUID | None,
    object_id: UUID | None,
    outcome: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    cursor: str | None,
    as_json: bool,
) -> None:
    """Show entries, newest first. The search itself is on record."""
    by = Filter(
        actor=actor,
        action=action,
        action_class=action_class,
        subject=None if subject is None else SubjectRef(subject),
        object_id=object_id,
        outcome=outcome,
        since=None if since is None else since.replace(tzinfo=UTC),
        until=None if until is None else until.replace(tzinfo=UTC),
    )
    with operator_work() as work:
        page = log.search(work, by=by, cursor=cursor, limit=limit)
    if as_json:
        answer_json({"entries": [one.entry for one in page.entries], "next_cursor": page.cursor})
        return
    rows = [
        (one.entry.at, one.entry.action, one.entry.outcome, one.entry.actor_kind, one.entry.actor_id or
         one.entry.actor_name, one.entry.subject, one.entry.eid)
        for one in page.entries
    ]  # fmt: skip
    answer_table(["at", "action", "outcome", "by", "who", "subject", "entry"], rows)
    if page.cursor is not None:
        say(f"More: --cursor {page.cursor}")


@audit.command()
@click.argument("entry", type=click.UUID)
@as_json
def proof(*, entry: UUID, as_json: bool) -> None:
    """Prove that ENTRY is under the newest checkpoint (RFC 6962)."""
    with opened() as store:
        bring_up_to_date(store)
        with open_work(store.database, OPERATOR) as work:
            found = log.inclusion_proof(work, eid=EntryId(entry))
    if as_json:
        answer_json(
            {
                "leaf": None if found.leaf is None else found.leaf.decode(),
                "leaf_hash": found.leaf_hash.hex(),
                "index": found.index,
                "size": found.size,
                "path": [one.hex() for one in found.path],
                "root": found.root.hex(),
                "checkpoint": found.checkpoint.decode(),
            }
        )
        return
    click.echo(f"Entry {found.index} of {found.size}, leaf hash {found.leaf_hash.hex()}")
    for one in found.path:
        click.echo(f"  {one.hex()}")
    click.echo(f"make the root {found.root.hex()}, which this checkpoint states:")
    click.echo(found.checkpoint.decode(), nl=False)


@audit.command("open-tree")
@click.option("--new-key", is_flag=True, help="Make a new signing key for it; the old one is lost, or is destroyed.")
@click.option("--yes", is_flag=True, help="Open it without asking.")
def open_tree(*, new_key: bool, yes: bool) -> None:
    """Open a new tree, where the old one cannot go on.

    That is so where the database is an older copy than the last checkpoint, and where the signing key is lost or is to
    be replaced.
    """
    if not yes:
        asked = "Auditors must be told of a new tree and its new key" if new_key else "Auditors must be told of it"
        make_sure(f"{asked}. Open a new tree?")
    with opened() as store:
        if new_key:
            origin = succeed(store, OPERATOR)
        elif has_signing_key(store.settings.secrets_dir):
            origin = signer_of(store).open_tree(OPERATOR)
        else:
            raise AuditBrokenError(
                "The signing key is not on this host; open the tree where it is, or if it is lost, with --new-key."
            )
        vkey = outside_of(store.settings.data_dir).vkey()
        with contextlib.suppress(AuditBrokenError):  # the alarm of it stands
            bring_up_to_date(store)
    click.echo(origin)
    say(f"Tell auditors this origin and its verifier key, {vkey}; let them keep what they have of the old tree.")


@audit.command()
@click.option("--yes", is_flag=True, help="Move them without asking.")
@as_json
def quarantine(*, yes: bool, as_json: bool) -> None:
    """Move aside rows of the log that somebody wrote by hand and that keep genuine entries from their places.

    They stay in a table of their own, and an entry tells of them. Genuine entries lose nothing.
    """
    if not yes:
        make_sure("Do you know who wrote them, and have you kept a copy of the database?")
    with opened() as store:
        with open_work(store.database, OPERATOR) as work:
            moved = log.quarantine(work, outside=outside_of(store.settings.data_dir))
        bring_up_to_date(store)
    if as_json:
        answer_json(moved)
        return
    click.echo(
        f"Moved aside: {moved.leaves} leaves, {moved.pending} pending rows. {moved.entries} genuine entries were named "
        f"in them; none of these is lost. Entry {moved.told_in} tells of it."
    )


audit.add_command(exposure)
