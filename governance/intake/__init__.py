"""Files in: read, map, dry run, import, undo.

Read `operations` first. `reading` makes rows of cells out of any file, `headings` gives columns a meaning, `rows` makes
typed records of them with a reason for all that it refuses. `trying` is the dry run; `starting` stages sealed chunks,
`applying` applies one, `running` all of them, `undoing` takes them back. Modules named `duplicates...` find people who
stand twice, `merges` makes one of two. `sifting` and `stop_lists` are for the lists of mailers (`contact_lists`).
"""
