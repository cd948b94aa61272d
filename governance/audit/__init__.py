"""The audit log: every act in it, in the act's own transaction, and provable to outsiders.

Read `operations` first (append, search, prove, verify, export). `sequencer` gives entries their place in the tree,
`checkpoints` signs it, `outside` keeps what lies out of reach of the database, `anchors` tell others. `actions` lists
what can be told, `entries` makes the bytes, `enforcement` checks that the database refuses changes, `verification`
compares all of it. `merkle`, `notes` and `verify` need no database: they are what an auditor runs. This file imports
nothing, so that the verifier stays that small.
"""
