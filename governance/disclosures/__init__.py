"""What personal data leave by, and where they went: disclosures to recipients, exports, leaked files, exposure.

`operations` names every verb. `proposing` says what may be exported, `beginning` begins what was approved, `making`
gathers it part by part, `fetching` hands it out once and destroys it, `formats` writes files. `prints` and `tracing`
find out which export a leaked file is of, `exposure` whose data somebody saw.
"""
