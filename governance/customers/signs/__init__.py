"""When people gave a last sign of life, kept by the database itself with whatever is recorded of them.

A purchase, a talk or meeting, what customers do by themselves, a consent given, and a visit to the portal are signs. A
letter (which may be ours alone), a note, and an opened mail (which machines open, too) are none; nor is a withdrawal,
which must not prolong what it ends. Of whoever came by an import without any sign, the day on which the old list says
that they became a customer counts, else the import.
"""
