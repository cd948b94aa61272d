"""My data: what is kept, by category, why and until when; and who saw it."""

from flask import Response, request

from governance.pages.languages import language
from governance.policies.permissions import Permission
from governance.portal.guard import Guest, screen
from governance.portal.pages import page
from governance.rights import operations as rights
from governance.rights.own_data import MOST_ROWS


@screen("/my/data", "own_data", needs=Permission.PORTAL_READ)
def own_data(guest: Guest) -> Response:
    """By category."""
    told = rights.own_data(guest.work, visitor=guest.visitor, language=language())
    return page(guest.work, "data", seal=guest.seal, part="own_data", own=told, most=MOST_ROWS)


@screen("/my/data/seen", "sights", needs=Permission.PORTAL_READ)
def sights(guest: Guest) -> Response:
    """Who read what, when, in which role and for what."""
    told = rights.own_sights(guest.work, visitor=guest.visitor, language=language())
    own = request.args.get("own") == "yes"
    shown = [one for one in told if own or not one.by_self]
    return page(
        guest.work, "sights", seal=guest.seal, part="sights", sights=shown, own=own, hidden=len(told) - len(shown)
    )
