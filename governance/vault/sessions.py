"""Sessions of a database with a vault; what seals on flush is in `runtime`."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from governance.vault.errors import UnsealedWriteError
from governance.vault.orm import SealedRow


class SealedSession(Session):
    """A session that seals on flush. The legacy bulk methods, which flush nothing, refuse rows with sealed fields."""

    def bulk_save_objects(self, objects: Iterable[object], *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Refuse sealed rows; others as before."""
        listed = list(objects)
        for row in listed:
            refuse_bulk(type(row))
        super().bulk_save_objects(listed, *args, **options)

    def bulk_insert_mappings(self, mapper: Any, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Refuse sealed rows; others as before."""
        refuse_bulk(inspect(mapper).class_)
        super().bulk_insert_mappings(mapper, *args, **options)

    def bulk_update_mappings(self, mapper: Any, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Refuse sealed rows; others as before."""
        refuse_bulk(inspect(mapper).class_)
        super().bulk_update_mappings(mapper, *args, **options)


def refuse_bulk(row: type) -> None:
    """Refuse to write rows of this class past their attributes, where it has sealed fields."""
    if issubclass(row, SealedRow):
        raise UnsealedWriteError(
            f"{row.__name__} has sealed fields, which the bulk methods of the session would pass by. Add rows to the "
            "session, or seal in bulk through the vault."
        )
