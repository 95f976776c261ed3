"""Puts the parts together: accounts to connectors, settings to flows."""
