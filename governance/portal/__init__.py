"""The entry point for customers: pages that need no script, no cookie and no account.

`place` is the installation as the portal sees it, `pages` is what all pages share;
`subscriptions` shows forms and confirms them, `unsubscriptions` answers the links in messages (RFC 8058).
"""
