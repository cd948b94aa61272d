"""The data that comes with the package, each document read once: who may do what, purposes, time limits, fields."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from governance.policies.catalogue_reader import parse_catalogue, parse_categories
from governance.policies.classification import Catalogue, CategoryBook, join
from governance.policies.deadline_reader import parse_deadlines
from governance.policies.deadline_rules import LawTimes
from governance.policies.permissions import PermissionBook, parse_permissions
from governance.policies.purposes import PurposeBook, parse_purposes
from governance.policies.retention import RetentionPolicy
from governance.policies.retention_reader import parse_policies
from governance.policies.roles import RoleBook, parse_roles

_HERE = files("governance.policies")


@cache
def permissions() -> PermissionBook:
    """Facts of all permissions."""
    return parse_permissions(_HERE.joinpath("permissions.yaml").read_bytes(), name="permissions.yaml")


@cache
def roles() -> RoleBook:
    """The roles shipped."""
    return parse_roles(_HERE.joinpath("roles.yaml").read_bytes(), name="roles.yaml")


@cache
def categories() -> CategoryBook:
    """The data categories that fields may have."""
    return parse_categories(_HERE.joinpath("categories.yaml").read_bytes(), name="categories.yaml")


@cache
def purposes() -> PurposeBook:
    """The purposes shipped, with the law that they stand on."""
    return parse_purposes(_HERE.joinpath("purposes.yaml").read_bytes(), name="purposes.yaml", categories=categories())


@cache
def catalogue() -> Catalogue:
    """The columns of all packages."""
    folder = _HERE.joinpath("catalogue")
    documents = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda one: one.name)
    known = categories()
    return join(
        parse_catalogue(document.read_bytes(), name=f"catalogue/{document.name}", categories=known)
        for document in documents
    )


@cache
def deadlines() -> Mapping[str, LawTimes]:
    """The time limits of the laws shipped, by key of the law."""
    return parse_deadlines(_HERE.joinpath("deadlines.yaml").read_bytes(), name="deadlines.yaml")


@cache
def retention_policies(country: str | None = None) -> Mapping[str, RetentionPolicy]:
    """The retention policies shipped, with the periods of a country, by key."""
    return parse_policies(_HERE.joinpath("retention.yaml").read_bytes(), name="retention.yaml", country=country)
