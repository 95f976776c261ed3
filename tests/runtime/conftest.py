"""Every real process starts with an empty store of its own."""

from scenarios.board import fresh_store, ready_store

__all__ = ["fresh_store", "ready_store"]
