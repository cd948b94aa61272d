"""The mapped attribute that seals: set keeps a value pending, flush seals it, first read opens it.

    class ContactRow(SealedRow, Base):
        __tablename__ = "contact"
        value = SealedField(TEXT, Compartment.CONTACT, index=BlindIndex("contact.value"))

makes the columns `value_sealed`, `value_index` and `value_index_next`. On the class, `ContactRow.value == "x"` asks the
blind index, and everything that a blind index cannot answer is refused. All writes, bulk and core statements included,
pass through `columns.SealedBytes`, which lets nothing by that does not look sealed; a CHECK stands behind it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Generic, NoReturn, TypeVar, overload
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, any_, bindparam
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column, object_session, validates
from sqlalchemy.orm.attributes import get_history, instance_state, set_attribute
from sqlalchemy.orm.base import PassiveFlag

from governance.kernel.ids import uuid7
from governance.policies.classification import Compartment
from governance.vault.blind import BlindIndex
from governance.vault.ciphers import CipherCache, OpenedKey
from governance.vault.columns import Digest, DigestArray, Pending, SealedBytes
from governance.vault.compartments import SealedColumn
from governance.vault.errors import SealError, ShreddedError, UnsealedWriteError
from governance.vault.formats import HEADER_BYTES, ROW_PREFIX, generation_of, open_sealed
from governance.vault.kinds import Kind

Value = TypeVar("Value")

PENDING = "_vault_pending"
_SEAT = "_vault_seat"


class _Seat:
    """What the sealed fields of one loaded row need to be opened: where it stands, and the key used last."""

    __slots__ = ("cache", "compartment", "generation", "key", "owner", "row", "vault")

    def __init__(self, row: Any, session: Session) -> None:  # noqa: ANN401 (a SealedRow, which is defined below)
        self.vault = session.info["vault"]
        self.cache: CipherCache = self.vault.cache
        self.owner: bytes = row.owner_id.bytes
        self.row = ROW_PREFIX + row.id.bytes + ROW_PREFIX + self.owner
        self.compartment = ""
        self.generation = b""
        self.key: OpenedKey | None = None

    def find(self, row: object, compartment: str, sealed: bytes) -> OpenedKey:
        """Key of *sealed*, by the generation in its header."""
        session = _session_of(row)
        name = (self.owner, compartment, generation_of(sealed))
        key: OpenedKey = self.cache.get(name) or self.vault.key_for(session, name, near=row)
        self.compartment, self.generation, self.key = compartment, sealed[2:HEADER_BYTES], key
        return key


def _session_of(row: object) -> Session:
    session = object_session(row)
    if session is None:
        raise ShreddedError("A sealed value was first read after its session ended; read it while it is open.")
    return session


def _take_seat(row: "SealedRow", state: dict[str, Any]) -> _Seat:
    seat: _Seat = state.get(_SEAT) or state.setdefault(_SEAT, _Seat(row, _session_of(row)))
    return seat


class SealedRow:
    """Mixin of rows with sealed fields: an id, and the key owner under whose keys they are sealed."""

    sealed_fields: ClassVar[Mapping[str, "SealedField[Any]"]] = {}
    """All sealed fields by attribute name."""
    sealed_table: ClassVar[str]
    """Frozen logical table name; `__tablename__` unless the class says otherwise (after a rename it must)."""

    id: Mapped[UUID] = mapped_column(primary_key=True)

    @declared_attr
    def owner_id(cls) -> Mapped[UUID]:  # noqa: N805 (declared_attr is called on the class)
        """Key owner; never changes, not even when the row moves to another person."""
        return mapped_column(ForeignKey("key_owner.id"), index=True)

    @validates("id", "owner_id")
    def _stay(self, name: str, value: UUID) -> UUID:
        held = self.__dict__.get(name)
        if held is None and instance_state(self).key is not None:  # stored before, and expired now
            held = getattr(self, name)
        if held is not None and value != held:
            raise UnsealedWriteError(f"The {name} of a row with sealed values never changes; they are bound to it.")
        return value

    def __init_subclass__(cls, **options: Any) -> None:  # noqa: ANN401 (declarative's own)
        if "sealed_table" not in cls.__dict__:
            cls.sealed_table = str(cls.__dict__.get("__tablename__", ""))
        fields = {name: held for name, held in cls.__dict__.items() if isinstance(held, SealedField)}
        cls.sealed_fields = {**cls.sealed_fields, **fields}
        for field in fields.values():
            for name, column in field.columns(cls.sealed_table).items():
                setattr(cls, name, column)
        super().__init_subclass__(**options)

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 (declarative's own)
        values.setdefault("id", uuid7())
        for name in values:
            if not hasattr(type(self), name):
                raise TypeError(f"{name} is no attribute of {type(self).__name__}")
        for name, value in values.items():
            setattr(self, name, value)

    def pending_fields(self) -> list[tuple[str, "SealedField[Any]"]]:
        """Fields of this stored row that are to be sealed before it is written."""
        return [(name, field) for name, field in self.sealed_fields.items() if field.is_pending(self)]


class SealedField(Generic[Value]):
    """A typed attribute whose value is sealed at rest.

    Args:
        kind: type of value (`kinds.TEXT`, `DATE`, `DECIMAL`, `JSON`, `BYTES`).
        compartment: whose key seals it; never changes.
        index: makes the value findable by equality. Never for a lone low-entropy field: its digests could be counted.
        index_by: name of a readable attribute (a kind) that chooses among *indexes*.
        indexes: by value of that attribute.
        column: frozen logical column name where it differs from the attribute's.
    """

    def __init__(
        self,
        kind: Kind[Value],
        compartment: Compartment,
        *,
        index: BlindIndex | None = None,
        index_by: str | None = None,
        indexes: Mapping[str, BlindIndex] | None = None,
        column: str | None = None,
    ) -> None:
        self.kind = kind
        self.compartment = compartment
        self.index = index
        self.index_by = index_by
        self.indexes = dict(indexes or {})
        self._frozen_column = column
        self._slot = compartment.value
        self._place_of: tuple[Any, bytes] = (None, b"")

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.sealed_name = f"{name}_sealed"
        self.index_name = f"{name}_index"
        self.next_name = f"{name}_index_next"
        self._opened_name = f"_vault_opened_{name}"

    @property
    def indexed(self) -> bool:
        """Whether the value can be found by equality."""
        return self.index is not None or bool(self.indexes)

    def columns(self, table: str) -> dict[str, Any]:
        """Mapped columns of this field; also fixes its logical place."""
        self.place = SealedColumn(table, self._frozen_column or self.name, self.compartment)
        made: dict[str, Any] = {self.sealed_name: mapped_column(SealedBytes(), nullable=True)}
        if self.indexed:
            made[self.index_name] = mapped_column(Digest(), nullable=True, index=True)
            made[self.next_name] = mapped_column(Digest(), nullable=True)
        return made

    @overload
    def __get__(self, instance: None, owner: type) -> "SealedComparator[Value]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value | None: ...
    def __get__(self, instance: object | None, owner: type) -> "SealedComparator[Value] | Value | None":
        if instance is None:
            return SealedComparator(owner, self)
        state = instance.__dict__
        sealed = state.get(self.sealed_name, state)
        if sealed is state:  # expired or deferred: let the mapper load it
            sealed = getattr(instance, self.sealed_name)
        if sealed is None:
            return None
        kept: tuple[bytes, Value] | None = state.get(self._opened_name)
        if kept is not None and kept[0] is sealed:
            return kept[1]
        return self._open(instance, state, sealed)  # type: ignore[arg-type]  # the descriptor of a SealedRow

    def __set__(self, instance: object, value: Value | None) -> None:
        state = instance.__dict__
        if value is None:
            set_attribute(instance, self.sealed_name, None)
            state.pop(self._opened_name, None)
            state.get(PENDING, {}).pop(self.name, None)
            if self.indexed:
                set_attribute(instance, self.index_name, None)
                set_attribute(instance, self.next_name, None)
            return
        if not isinstance(value, self.kind.accepts):
            raise TypeError(f"{self.name} takes {' or '.join(one.__name__ for one in self.kind.accepts)}")
        placeholder = Pending(b"pending")
        state.setdefault(PENDING, {})[self.name] = self.kind.encode(value)
        set_attribute(instance, self.sealed_name, placeholder)
        state[self._opened_name] = (placeholder, value)

    def _open(self, instance: "SealedRow", state: dict[str, Any], sealed: bytes) -> Value:
        seat: _Seat | None = state.get(_SEAT)
        key = None if seat is None else seat.key
        try:
            if (
                seat is None
                or key is None
                or seat.compartment != self._slot
                or seat.generation != sealed[2:HEADER_BYTES]
                or key[2] != seat.cache.mark
                or key[1] < seat.cache.monotonic()
            ):
                seat = seat or _take_seat(instance, state)
                key = seat.find(instance, self._slot, sealed)
            if self._place_of[0] is not seat.vault:
                self._place_of = (seat.vault, seat.vault.place(self.place))
            value = self.kind.decode(open_sealed(key[0], self._place_of[1], seat.row, sealed))
        except SealError:
            raise _take_seat(instance, state).vault.unreadable_at(self.place, instance.id) from None
        state[self._opened_name] = (sealed, value)
        return value

    def index_of(self, instance: object) -> BlindIndex | None:
        """The index that this row's value goes into, if any."""
        if self.index_by is None:
            return self.index
        kind = getattr(instance, self.index_by)
        if kind is None:
            raise UnsealedWriteError(
                f"{self.name} is indexed by {self.index_by}, which must be set before it is stored."
            )
        return self.indexes.get(str(kind))

    def settle(self, instance: object, sealed: bytes) -> None:
        """Put the sealed value in place of the pending one, which stays readable without opening."""
        state = instance.__dict__
        set_attribute(instance, self.sealed_name, sealed)
        kept = state.get(self._opened_name)
        if kept is not None:
            state[self._opened_name] = (sealed, kept[1])

    def is_pending(self, instance: object) -> bool:
        """Whether a value was assigned since the last flush, or the index that it belongs into has changed."""
        sealed = instance.__dict__.get(self.sealed_name)
        # An assignment that was undone (rollback, expiry, refresh) leaves no placeholder in the column.
        return isinstance(sealed, Pending) or (sealed is not None and self._changed_index(instance))

    def _changed_index(self, instance: object) -> bool:
        if self.index_by is None:
            return False
        return get_history(instance, self.index_by, PassiveFlag.PASSIVE_NO_INITIALIZE).has_changes()

    def pending_plaintext(self, instance: object) -> bytes:
        """Encoded value of a field that `is_pending`."""
        known = self.known_plaintext(instance)
        return self.kind.encode(self.__get__(instance, type(instance))) if known is None else known  # type: ignore[arg-type]  # not None where pending

    def known_plaintext(self, instance: object) -> bytes | None:
        """Encoded value where it is pending, or still known from being set or opened."""
        state = instance.__dict__
        pending: bytes | None = state.get(PENDING, {}).get(self.name)
        if pending is not None and isinstance(state.get(self.sealed_name), Pending):
            return pending
        kept = state.get(self._opened_name)
        if kept is not None and kept[0] is state.get(self.sealed_name):
            return self.kind.encode(kept[1])
        return None

    def index_text(self, plaintext: bytes) -> str:
        """Text that the index of an encoded value is made of."""
        return self.kind.text(self.kind.decode(plaintext))


class SealedComparator(Generic[Value]):
    """What a sealed field is in a query: equality by blind index, and nothing else."""

    __hash__ = None  # type: ignore[assignment]  # equality makes a clause, as SQLAlchemy's own comparators do

    def __init__(self, row: type, field: SealedField[Value], index: BlindIndex | None = None) -> None:
        self._row, self._field = row, field
        self._index = index or field.index

    def of(self, kind: str) -> "SealedComparator[Value]":
        """The index of one kind of value, where the field has several."""
        return SealedComparator(self._row, self._field, self._field.indexes[kind])

    def __eq__(self, other: object) -> ColumnElement[bool]:  # type: ignore[override]  # as SQLAlchemy's comparators
        if other is None:
            return self.is_(None)
        return self.in_([other])

    def __ne__(self, other: object) -> ColumnElement[bool]:  # type: ignore[override]  # as SQLAlchemy's comparators
        if other is not None:
            self._refuse()
        return self.is_not(None)

    def in_(self, values: Iterable[object]) -> ColumnElement[bool]:
        """Rows whose value equals one of *values*, by all index versions in use."""
        if self._index is None:
            raise TypeError(f"{self._field.name} is sealed and has no blind index; it cannot be searched.")
        kind, asked = self._field.kind, list(values)
        if isinstance(values, str | bytes) or not all(isinstance(value, kind.accepts) for value in asked):
            raise TypeError(f"{self._field.name} is asked for {' or '.join(one.__name__ for one in kind.accepts)}.")
        texts = [kind.text(value) for value in asked]  # type: ignore[arg-type]  # just checked
        digests = bindparam(None, texts, type_=DigestArray(self._index), unique=True)
        column: ColumnElement[bytes] = getattr(self._row, self._field.index_name)
        return column == any_(digests)

    def is_(self, other: None) -> ColumnElement[bool]:
        """Whether there is no value."""
        column: ColumnElement[bytes] = getattr(self._row, self._field.sealed_name)
        return column.is_(other)

    def is_not(self, other: None) -> ColumnElement[bool]:
        """Whether there is a value."""
        column: ColumnElement[bytes] = getattr(self._row, self._field.sealed_name)
        return column.is_not(other)

    def _refuse(self, *_args: object, **_options: object) -> NoReturn:
        raise TypeError(f"{self._field.name} is sealed: only ==, in_ and comparison with None can be asked of it.")

    like = ilike = startswith = endswith = contains = between = not_in = desc = asc = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __add__ = _refuse
