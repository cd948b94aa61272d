"""The audit log: every act in it, in the act's own transaction, and provable to outsiders.

Read `operations` first (append, search, prove, verify, export). `sequencer` gives entries their place in the tree,
`checkpoints` signs it, `actions` lists what can be told, `entries` makes the bytes. `merkle`, `notes` and `verify` need
no database: they are what an auditor runs. This file imports nothing, so that the verifier stays that small.
"""
