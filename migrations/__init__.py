"""Migrations of the schema, forward and back."""
