"""The entry point for systems: JSON over HTTP under `/v1`.

One module per capability, blueprint and schemas side by side. `blueprints` is what a capability starts from,
`auth.guarded` stands before every route and opens its unit of work, `problems` turns refusals into RFC 9457, `schemas`
and `parsing` read input, `paging` and `etags` are what routes share. `assembly` builds the application;
`governance.app` calls it with the parts of this installation.
"""
