"""Who acts: staff with roles, and API clients with keys; and what needs a second person.

Read `operations` first: it names every verb. `staff` and `clients` hold them, `keys` is the form of an API key.
`proposals` is the mechanism of four eyes, `deciding` and `executing` what follows, `deciders` who may decide.
What an account may do is decided by `governance.policies.access` alone.
"""
