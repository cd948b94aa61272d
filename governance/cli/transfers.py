"""`consent transfer`: who may be handed to a third party."""

import csv
from collections import Counter
from pathlib import Path

import click

from governance.cli.context import answer_json, as_json, opened, operator_work, progress, say
from governance.consent import operations as consent
from governance.kernel.ids import SubjectId
from governance.policies.consent_facts import Reason
from governance.policies.purposes import Channel


@click.command()
@click.option("--purpose", default="third_parties", show_default=True, help="A purpose that hands data to others.")
@click.option(
    "--channel",
    "channels",
    type=click.Choice([one.value for one in Channel]),
    multiple=True,
    required=True,
    help="Contacts to be handed over, by the channel that they are for; may be given several times.",
)
@click.option("--recipient", required=True, help="Your code of the recipient, for the log; not the name of a person.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write those who may be handed over to this CSV file: customer id, channels.",
)
@as_json
def transfer(*, purpose: str, channels: tuple[str, ...], recipient: str, out: Path | None, as_json: bool) -> None:
    """Decide for the whole base who may be sold or handed to a third party. Whoever is not listed may not be."""
    considered, refused, decisions = 0, Counter[Reason](), list[str]()
    allowed: list[tuple[SubjectId, str]] = []
    after: SubjectId | None = None
    with opened() as store, progress("Deciding") as tell:
        while True:
            with operator_work(store) as work:
                part = consent.decide_transfer(
                    work,
                    purpose=purpose,
                    channels=[Channel(one) for one in channels],
                    recipient=recipient,
                    after=after,
                )
            considered, after = considered + part.considered, part.next_after
            refused.update(part.refused)
            decisions.append(str(part.decision))
            allowed += [(one.customer, " ".join(one.channels)) for one in part.allowed]
            tell(considered, None)
            if after is None:
                break
    if out is not None:
        _write(out, allowed)
    if as_json:
        counts = {reason.value: count for reason, count in sorted(refused.items())}
        told = {"considered": considered, "allowed": len(allowed), "refused": counts, "decisions": decisions}
        answer_json(told)
        return
    say(f"{len(allowed)} of {considered} customers may be handed over; all others may not.")
    for reason, count in refused.most_common():
        say(f"  {reason.value}: {count}")
    say(f"Decided in {', '.join(decisions)}; see: governance audit search --action consent:transfer:decided")


def _write(out: Path, allowed: list[tuple[SubjectId, str]]) -> None:
    with out.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("customer", "channels"))
        rows.writerows(allowed)
