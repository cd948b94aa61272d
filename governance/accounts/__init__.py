"""Who acts: staff with roles, and API clients with keys.

Read `operations` first: it names every verb. `staff` and `clients` hold them, `keys` is the form of an API key.
What an account may do is decided by `governance.policies.access` alone.
"""
