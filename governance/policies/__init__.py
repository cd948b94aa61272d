"""Pure rules, and the data that they run on.

`access` decides who may do what and see what; `permissions` and `roles` are what it decides from.
`consent` decides whether something may be sent; `consent_state` folds what a person said, `purposes` says what for.
`classification` is the catalogue of every column; `masking` shows a value without telling it.
Rules parse their YAML from bytes; only `shipped` reads the files that come with the package.
"""
