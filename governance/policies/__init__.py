"""Pure rules, and the data that they run on.

`access` decides who may do what and see what, from `permissions` and `roles`. `consent` decides whether something may
be sent; `consent_state` folds what a person said, `purposes` says what for. `deadlines` works out due dates, `requests`
is the table of states of a request, `retention` and `erasure` say what goes when, `segments` what a rule of customers
means. `classification` is the catalogue of every column; `masking` shows a value without telling it. Rules parse their
YAML from bytes; only `shipped` reads the files that come with the package.
"""
