"""SQLite's plans: what is asked for by id or key is looked up, whatever else stands there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from stockbridge.store import links, match_keys, mirror
from stockbridge.store.database import open_store

_BY = {
    "id": (
        mirror._select_known,
        mirror._select_records,
        mirror._select_listed,
        mirror._select_numbers,
        match_keys._select_keys,
        mirror._touch,
        mirror._bury,
        match_keys._drop_keys,
    ),
    "parent": (mirror._select_children,),
    "value": (match_keys._select_by_keys,),
    "a_id": (links._select_by_a, links._select_other, links._drop),
    "b_id": (links._select_by_b, links._select_other_back),
}


@pytest.mark.parametrize(
    ("column", "statement"),
    [(column, statement) for column, some in _BY.items() for statement in some],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_what_is_asked_for_is_looked_up(tmp_path: Path, column: str, statement: Any) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    text = str(statement("sqlite").compile(dialect=sqlite.dialect()))
    with engine.connect() as connection:
        nothing = (None,) * text.count("?")
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", nothing).all()
    engine.dispose()
    searches = [
        row[3] for row in plan if row[3].startswith(("SEARCH", "SCAN mirror", "SCAN match_key", "SCAN link"))
    ]
    assert len(searches) == 1
    assert f" AND {column}=?)" in searches[0]
