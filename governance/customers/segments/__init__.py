"""Segments: saved rules that choose customers, and what they found.

Read `operations` first. `defined` tells rules to those who may know them, `defining` keeps new ones, `readable` turns
conditions into SQL, `opening` tests opened values, `choosing` puts the two together chunk by chunk, `results` keeps the
ids that were found, sealed and for a time. What a purpose may reach is asked above, in `consent`.
"""
