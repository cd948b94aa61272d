"""Messages to people: written in their language, kept sealed until delivered, and then forgotten.

`outbox` takes messages in the transaction that makes them necessary and hands them out, `fates` tells what became of
them, `texts` renders the templates, `transport` speaks SMTP (or writes files), `delivery` is what the worker repeats,
`findings` what the doctor asks.
"""
