"""Governance: keeps a company's customer data lawfully, and provably so."""

__version__ = "0.1.0"
