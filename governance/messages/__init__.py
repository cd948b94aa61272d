"""Outgoing messages: mail and webhooks, put into the outbox with the act that makes them necessary."""
