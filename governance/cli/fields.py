"""`fields`: extra fields of customers, which a store defines for itself."""

import click

from governance.cli.context import answer_json, answer_table, as_json, operator_work, say
from governance.customers import operations as customers
from governance.customers.codes import ExtraType
from governance.policies.classification import Compartment, Sensitivity, Visibility
from governance.policies.documents import Titles

COMPARTMENTS = ("profile", "contact", "behaviour", "finance")


@click.group()
def fields() -> None:
    """Extra fields of customers, defined for this store."""


@fields.command()
@click.argument("key")
@click.option("--label-en", required=True, help="What people call it, in English.")
@click.option("--label-ru", default="", help="The same in Russian, where it differs.")
@click.option("--label-uk", default="", help="The same in Ukrainian, where it differs.")
@click.option("--type", "kind", type=click.Choice([one.value for one in ExtraType]), default="text", show_default=True)
@click.option("--category", required=True, help="Data category (fideslang key), such as user.demographic.")
@click.option(
    "--sensitivity", type=click.Choice([one.value for one in Sensitivity]), default="personal", show_default=True
)
@click.option("--compartment", type=click.Choice(COMPARTMENTS), default="profile", show_default=True)
@click.option("--visibility", type=click.Choice([one.value for one in Visibility]), default="masked", show_default=True)
@click.option("--indexed", is_flag=True, help="People can be found by its exact value.")
@as_json
def define(
    *,
    key: str,
    label_en: str,
    label_ru: str,
    label_uk: str,
    kind: str,
    category: str,
    sensitivity: str,
    compartment: str,
    visibility: str,
    indexed: bool,
    as_json: bool,
) -> None:
    """Define the extra field KEY; key, type, compartment and index stay as they are for ever."""
    with operator_work() as work:
        made = customers.define(
            work,
            key=key,
            labels=Titles(en=label_en, ru=label_ru, uk=label_uk),
            type=ExtraType(kind),
            category=category,
            sensitivity=Sensitivity(sensitivity),
            compartment=Compartment(compartment),
            visibility=Visibility(visibility),
            indexed=indexed,
        )
    if as_json:
        answer_json({"id": made.id, "key": made.key})
        return
    say(f"Defined. A mapping file reads a column into it by: extra:{made.key}")


@fields.command("list")
@as_json
def list_(*, as_json: bool) -> None:
    """Show the extra fields."""
    with operator_work() as work:
        found = customers.definitions(work)
    rows = [
        {
            "key": one.key,
            "type": one.type.value,
            "category": one.category,
            "compartment": one.compartment.value,
            "visibility": one.visibility.value,
            "indexed": one.indexed,
            "retired_at": one.retired_at,
        }
        for one in found
    ]
    if as_json:
        answer_json(rows)
        return
    names = ["key", "type", "category", "compartment", "visibility", "indexed", "retired_at"]
    answer_table(names, [tuple(row[name] for name in names) for row in rows])
