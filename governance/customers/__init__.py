"""The customer store: people, contacts, purchases, interactions, activity, extra fields, holds and restrictions.

Read `operations` first: it lists every verb; `people`, `contacts`, `purchases`... hold them. `tables` is what is kept,
`codes` the closed lists, `values` what may be written, `reach` who reaches whom, `shown` how much of it anybody sees.
`holders` finds people for other packages. `bulk` and `undo` are for files of many rows, `merging` and `unmerging` for
records of one person, `visiting` for people in the portal; `segments` chooses customers by rules. No name and no
contact lies in the clear, and whatever is done is told in the audit log by the same function.
"""
