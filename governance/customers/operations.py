"""Every verb of this package."""

from governance.customers.activity import Activities, ActivityView, list_activity, record_activity
from governance.customers.calling_back import CallBack, CallBacks, call_backs, count_call_backs
from governance.customers.contact_values import ContactSaid
from governance.customers.contacts import add_contact, edit_contact, remove_contact
from governance.customers.erasing import values_of_contacts
from governance.customers.extra_types import ExtraField
from governance.customers.extras import define, definition, definitions, edit_definition
from governance.customers.growing import raise_ages
from governance.customers.holding import (
    StandingHold,
    StandingHolds,
    count_to_review,
    holds_of_case,
    holds_standing,
    holds_to_review,
    place_holds,
)
from governance.customers.interactions import Interactions, InteractionView, list_interactions, record_interaction
from governance.customers.leaving import Leaving, leave
from governance.customers.links import LinkView, link, links, unlink
from governance.customers.marks import (
    HoldView,
    Marks,
    RestrictionView,
    lift_restriction,
    marks,
    place_hold,
    release_hold,
    restrict,
)
from governance.customers.naming import PersonName, names
from governance.customers.pages import After
from governance.customers.people import People, create, edit, list_people, read, read_several
from governance.customers.purchases import Purchases, PurchaseView, list_purchases, record_purchase
from governance.customers.records import NewActivity, NewInteraction, NewPurchase
from governance.customers.releasing import propose_release
from governance.customers.reveal import Revealed, reveal
from governance.customers.search import Found, search
from governance.customers.sightings import Sighting, Sightings, reveals_by_role, sightings
from governance.customers.unreviewed import unreviewed
from governance.customers.views import ContactView, PersonView

__all__ = [
    "Activities",
    "ActivityView",
    "After",
    "CallBack",
    "CallBacks",
    "ContactSaid",
    "ContactView",
    "ExtraField",
    "Found",
    "HoldView",
    "InteractionView",
    "Interactions",
    "Leaving",
    "LinkView",
    "Marks",
    "NewActivity",
    "NewInteraction",
    "NewPurchase",
    "People",
    "PersonName",
    "PersonView",
    "PurchaseView",
    "Purchases",
    "RestrictionView",
    "Revealed",
    "Sighting",
    "Sightings",
    "StandingHold",
    "StandingHolds",
    "add_contact",
    "call_backs",
    "count_call_backs",
    "count_to_review",
    "create",
    "define",
    "definition",
    "definitions",
    "edit",
    "edit_contact",
    "edit_definition",
    "holds_of_case",
    "holds_standing",
    "holds_to_review",
    "leave",
    "lift_restriction",
    "link",
    "links",
    "list_activity",
    "list_interactions",
    "list_people",
    "list_purchases",
    "marks",
    "names",
    "place_hold",
    "place_holds",
    "propose_release",
    "raise_ages",
    "read",
    "read_several",
    "record_activity",
    "record_interaction",
    "record_purchase",
    "release_hold",
    "remove_contact",
    "restrict",
    "reveal",
    "reveals_by_role",
    "search",
    "sightings",
    "unlink",
    "unreviewed",
    "values_of_contacts",
]
