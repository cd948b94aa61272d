"""Consent: purposes, notices, what people said, what is suppressed, and the answer to "may I send?"."""
