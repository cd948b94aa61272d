"""Data keys as a part of other packages' statements, so that what is sealed comes together with what opens it."""

from sqlalchemy import LargeBinary, String, Subquery, func, literal_column, select

from governance.policies.classification import Compartment
from governance.vault.tables import DataKeyRow

KEY_COLUMNS = ("sixteen", "generation", "epoch", "wrapped")
"""Names of the columns that `Owners.take_over` takes, in order."""


def keys_of(compartment: Compartment) -> Subquery:
    """Keys of one compartment that were not shredded: `owner_id`, and `KEY_COLUMNS`."""
    # Written out: whoever composes it hands over parameters of its own only.
    name = literal_column(f"'{compartment.value}'", String())
    return (
        select(
            DataKeyRow.owner_id,
            func.uuid_send(DataKeyRow.owner_id, type_=LargeBinary()).label("sixteen"),
            DataKeyRow.generation,
            DataKeyRow.epoch,
            DataKeyRow.wrapped,
        )
        .where(DataKeyRow.compartment == name, DataKeyRow.wrapped.is_not(None))
        .subquery("key")
    )
