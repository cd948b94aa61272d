"""Packages: all that is kept of a person, or what they may take elsewhere, as one sealed archive (GDPR Art. 15, 20).

`operations` names every verb. `beginning` orders a package, `making` gathers it in constant memory, `sections` say what
is in it (`keeping` until when, `sights` who saw it), `files` write pages, JSON and tables, `others` finds what may be
about somebody else, `reviewing` lets an officer decide over that, `fetching` hands out and destroys.
"""
