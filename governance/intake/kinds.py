"""The three kinds of file: which handler reads which field, and how a draft becomes a record."""

from datetime import datetime
from typing import cast

from governance.customers.codes import InteractionKind, Source
from governance.intake.amounts import Amount, read_amount, read_currency, read_seconds
from governance.intake.answers import (
    ClaimedConsent,
    ConsentScope,
    read_consent,
    read_interaction_kind,
    read_marital_status,
    read_sex,
    read_source,
)
from governance.intake.cells import Cell, text_of
from governance.intake.dates import PartialDate, Use
from governance.intake.headings import FileKind, Plan, is_consent_target
from governance.intake.names import Name, looks_like_organisation, part_of_name, split_name
from governance.intake.records import ContactValue, CustomerRow, InteractionRow, PurchaseRow
from governance.intake.row_reading import RowReader
from governance.intake.rows import (
    NOT_WHOLE,
    CellReaders,
    Draft,
    Handler,
    Readers,
    RowOptions,
    consent_scope,
    exact_moment,
    label_of,
    list_handler,
    parser_handler,
    remembering,
    text_handler,
)
from governance.intake.values import Flaw, codes, folded_word, is_nothing

_TEXTS = ("profession", "organisation", "region", "city", "postcode", "preferred_payment")
_ACCOUNTS = {"messenger": "messenger", "social": "social", "loyalty_card": "card"}
NOBODY = Flaw("row-nobody", "Neither a name nor a contact stands in this row; add one of them.")
UNREACHABLE = Flaw("row-contacts", "Every contact of this row is refused; correct at least one, or empty those cells.")
NO_PERSON = Flaw("row-person", "No usable e-mail or phone says whose row this is; add one.")


def row_reader(plan: Plan, options: RowOptions, *, damaged: bool = False) -> RowReader:
    """The reader of a file whose columns mean *plan*."""
    shared = CellReaders(options)
    makers = {
        FileKind.CUSTOMERS: _customers,
        FileKind.PURCHASES: _purchases,
        FileKind.INTERACTIONS: _interactions,
    }
    readers = makers[plan.kind](shared)
    for column in plan.filled:
        if column.field is not None and is_consent_target(column.field):
            readers.handlers.setdefault(column.field, _consent(column.field, shared))
    return RowReader(plan, readers, shared, damaged=damaged)


def _customers(shared: CellReaders) -> Readers:
    dates = shared.dates
    handlers: dict[str, Handler] = {field: text_handler(field) for field in _TEXTS}
    handlers |= {field: _account(kind) for field, kind in _ACCOUNTS.items()}
    handlers |= {f"consent:{scope}": _consent(f"consent:{scope}", shared) for scope in ConsentScope}
    handlers |= {
        "email": shared.email,
        "phone": shared.phone,
        "note": shared.note,
        "full_name": _full_name(given_first=False),
        "full_name_given_first": _full_name(given_first=True),
        "family_name": _name_part("family_name"),
        "given_name": _name_part("given_name"),
        "patronymic": _name_part("patronymic"),
        "birth_date": parser_handler("birth_date", lambda cell: dates.read_date(cell, use=Use.BIRTH)),
        "first_purchase": parser_handler("first_purchase", lambda cell: _whole(dates.read_date(cell, use=Use.PAST))),
        "opt_out_offered_at": parser_handler(
            "opt_out_offered_at", lambda cell: _whole(dates.read_moment(cell, use=Use.PAST))
        ),
        "consent_date": parser_handler("consent_date", lambda cell: dates.read_date(cell, use=Use.PAST)),
        "sex": parser_handler("sex", read_sex),
        "marital_status": parser_handler("marital_status", read_marital_status),
        "language": parser_handler("language", lambda cell: _code("language", cell)),
        "country": parser_handler("country", lambda cell: _code("country", cell)),
        "street": _street(),
        "source": _source(),
        "tags": list_handler("tags"),
        "interests": list_handler("interests"),
    }
    return Readers(handlers, _customer)


def _account(kind: str) -> Handler:
    def handle(draft: Draft, column: str, cell: Cell) -> None:
        text = text_of(cell)
        if len(text) > 200:
            draft.refuse(column, Flaw("account-long", "This is longer than an account or card; leave that alone here."))
        elif not is_nothing(text):
            draft.contacts[ContactValue(kind, text, label=label_of(column))] = None

    return handle


def _consent(field: str, shared: CellReaders) -> Handler:
    scope = consent_scope(field)
    return parser_handler(field, lambda cell: read_consent(cell, scope=scope, dates=shared.dates))


def _full_name(*, given_first: bool) -> Handler:
    def handle(draft: Draft, column: str, cell: Cell) -> None:
        text = text_of(cell)
        if looks_like_organisation(text):
            draft.fields.setdefault("organisation", text)
            return
        name = split_name(text, given_first=given_first)
        if isinstance(name, Name):
            for field, part in (
                ("family_name", name.family),
                ("given_name", name.given),
                ("patronymic", name.patronymic),
            ):
                if part:
                    draft.fields.setdefault(field, part)
            if name.remark:
                draft.add_note(name.remark)
        else:
            draft.put("full_name", column, name)

    return handle


def _name_part(field: str) -> Handler:
    return parser_handler(field, lambda cell: part_of_name(text_of(cell)))


def _code(list_name: str, cell: Cell) -> str | Flaw | None:
    """An ISO code by itself or by its word."""
    text = text_of(cell)
    if is_nothing(text):
        return None
    known = codes(list_name).get(folded_word(text))
    if known:
        return known
    if len(text) == 2 and text.isascii() and text.isalpha():
        return text.upper() if list_name == "country" else text.lower()
    return Flaw(f"{list_name}-word", f"This {list_name} is not known; write its two-letter ISO code.")


def _whole(read: datetime | PartialDate | Flaw | None) -> datetime | PartialDate | Flaw | None:
    return NOT_WHOLE if isinstance(read, PartialDate) and read.exact is None else read


def _street() -> Handler:
    keep = text_handler("street")

    def handle(draft: Draft, column: str, cell: Cell) -> None:
        before = draft.fields.get("street")
        keep(draft, column, cell)
        if before and draft.fields["street"] != before:
            draft.fields["street"] = f"{before}, {draft.fields['street']}"

    return handle


def _source() -> Handler:
    read = remembering(_told_source)

    def handle(draft: Draft, column: str, cell: Cell) -> None:
        told, source = read(cell)
        if told:
            draft.put("source", column, source)
            draft.fields["source_told"] = told

    return handle


def _told_source(cell: Cell) -> tuple[str, Source | None]:
    """The firm's own word, and the closed list's source for it."""
    text = text_of(cell)
    return ("", None) if is_nothing(text) else (text[:200], read_source(text))


def _customer(number: int, draft: Draft) -> CustomerRow | None:
    fields = draft.fields
    if draft.contacts_refused and not draft.contacts:
        draft.refuse("", UNREACHABLE)
        return None
    named = fields.get("family_name") or fields.get("given_name") or fields.get("organisation")
    if not named and not draft.contacts:
        draft.refuse("", NOBODY)
        return None
    claimed_on = cast("PartialDate | None", fields.pop("consent_date", None))
    consents = [
        _on_day(cast("ClaimedConsent", fields.pop(key)), claimed_on)
        for key in [key for key in fields if key.startswith("consent:")]
    ]
    # Keys of `fields` are those that the handlers above put, each with the type of its attribute.
    return CustomerRow(
        number=number,
        contacts=tuple(draft.contacts),
        consents=tuple(consents),
        extras=tuple(draft.extras),
        **fields,  # type: ignore[arg-type]
    )


def _on_day(consent: ClaimedConsent, day: PartialDate | None) -> ClaimedConsent:
    if consent.on is not None or day is None:
        return consent
    return ClaimedConsent(consent.scope, consent.given, day)


def _purchases(shared: CellReaders) -> Readers:
    dates = shared.dates
    handlers: dict[str, Handler] = {
        "email": shared.email,
        "phone": shared.phone,
        "note": shared.note,
        "number": text_handler("order_number"),
        "at": parser_handler("paid_at", lambda cell: dates.read_moment(cell, use=Use.PAST)),
        "total": parser_handler("total", read_amount),
        "currency": parser_handler("currency", read_currency),
        "items": list_handler("items"),
        "buyer_name": text_handler("buyer_name"),
    }

    def finish(number: int, draft: Draft) -> PurchaseRow | None:
        fields = draft.fields
        paid_at = exact_moment(fields.pop("paid_at", None))
        amount = fields.pop("total", None)
        named = amount.currency if isinstance(amount, Amount) else None
        currency = cast("str | None", fields.pop("currency", None)) or named or shared.options.currency
        flaws = [paid_at] if isinstance(paid_at, Flaw) else []
        if not isinstance(amount, Amount):
            flaws.append(Flaw("total-missing", "The sum is missing; write what was paid."))
        if currency is None:
            flaws.append(
                Flaw("currency-missing", "The currency is missing; name it in a column or for the whole file.")
            )
        if not draft.contacts:
            flaws.append(NO_PERSON)
        if flaws or isinstance(paid_at, Flaw) or not isinstance(amount, Amount) or currency is None:
            for flaw in flaws:
                draft.refuse("", flaw)
            return None
        return PurchaseRow(number, paid_at, amount.value, currency, tuple(draft.contacts), **fields)  # type: ignore[arg-type]  # as above

    return Readers(handlers, finish)


def _interactions(shared: CellReaders) -> Readers:
    dates = shared.dates
    handlers: dict[str, Handler] = {
        "email": shared.email,
        "phone": shared.phone,
        "note": shared.note,
        "at": parser_handler("at", lambda cell: dates.read_moment(cell, use=Use.PAST)),
        "kind": parser_handler("kind", read_interaction_kind),
        "seconds": parser_handler("seconds", read_seconds),
        "result": text_handler("result"),
        "next_at": parser_handler("next_at", lambda cell: _whole(dates.read_moment(cell, use=Use.ANY))),
        "person_name": text_handler("person_name"),
    }
    return Readers(handlers, _interaction)


def _interaction(number: int, draft: Draft) -> InteractionRow | None:
    fields = draft.fields
    fields.pop("person_name", None)
    at = exact_moment(fields.pop("at", None))
    kind = fields.pop("kind", None)
    flaws = [at] if isinstance(at, Flaw) else []
    if kind is None:
        flaws.append(Flaw("kind-missing", "The kind of talk is missing; write call, meeting, letter or message."))
    if not draft.contacts:
        flaws.append(NO_PERSON)
    if flaws or isinstance(at, Flaw) or not isinstance(kind, InteractionKind):
        for flaw in flaws:
            draft.refuse("", flaw)
        return None
    return InteractionRow(number, at, kind, tuple(draft.contacts), **fields)  # type: ignore[arg-type]  # as above
