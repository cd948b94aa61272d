"""Consent: purposes, notices, what people said, what is suppressed, and the answer to "may I send?".

Read `operations` first. `checking` answers the question: `lookup` is its one statement, `facts` reads its rows,
`policies.consent` decides, `decisions` makes the entry. `recording` takes what people say, `writing` keeps it with the
`states` that it leads to. `ledger` is the suppression ledger, `terms` published purposes and notices. `subscribing`,
`confirming` and `unsubscribing` are for the public, `visiting` for the portal; `changes` tells other systems;
`explaining` tells officers why. Modules named `segment...` put consent to segments of customers.
"""
