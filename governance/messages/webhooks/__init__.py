"""Webhooks (Standard Webhooks): who is told of changes, what waits to be told, and the telling itself.

`endpoints` sets receivers up, `queue` keeps their messages in order, `addresses` and `posting` speak HTTP, `delivering`
does it all with a lease instead of a transaction. What a message says comes from above: here it is a range of the log.
"""
