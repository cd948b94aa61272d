"""Files in: read, map, dry run, import, undo.

`reading` makes rows of cells out of any file, `headings` gives columns a meaning, `rows` makes typed records of them
with a reason for all that it refuses. `operations` are the verbs; `staging` keeps the sealed chunks they work on.
"""
