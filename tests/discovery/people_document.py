"""The discovery document of People API v1, out of the package google-api-python-client, and checks against it.

`DOCUMENT` is None where the package is not installed: then the tests that need it say so and are skipped.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def _load() -> Json | None:
    spec = importlib.util.find_spec("googleapiclient")
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).parent / "discovery_cache" / "documents" / "people.v1.json"
    document: Json = json.loads(file.read_text(encoding="utf-8"))
    return document


DOCUMENT = _load()


def methods(resource: Json | None = None) -> Iterator[tuple[str, Json]]:
    """Every method of the document by its id, such as people.people.get."""
    resource = DOCUMENT if resource is None else resource
    assert resource is not None
    for method in resource.get("methods", {}).values():
        yield method["id"], method
    for inner in resource.get("resources", {}).values():
        yield from methods(inner)


def schema(name: str) -> Json:
    assert DOCUMENT is not None
    found: Json = DOCUMENT["schemas"][name]
    return found


def method_of(verb: str, path: str) -> Json:
    """The method that serves a path. The flat path of the document decides."""
    for _, method in methods():
        pattern = re.sub(r"\{\w+\}", "[^/:]+", method["flatPath"])
        if method["httpMethod"] == verb and re.fullmatch(f"/{pattern}", path):
            return method
    raise AssertionError(f"the document has no {verb} {path}")


def check_answer(verb: str, path: str, body: Any) -> None:
    _check({"$ref": method_of(verb, path)["response"]["$ref"]}, body, "answer")


def check_body(verb: str, path: str, body: Any) -> None:
    _check({"$ref": method_of(verb, path)["request"]["$ref"]}, body, "body")


def _check(kind: Mapping[str, Any], value: Any, at: str) -> None:
    if "$ref" in kind:
        kind = schema(kind["$ref"])
    match kind.get("type"):
        case "object":
            assert isinstance(value, dict), f"{at} is no object: {value!r}"
            known = kind.get("properties", {})
            rest = kind.get("additionalProperties")
            for name, inner in value.items():
                assert name in known or rest is not None, f"{at}.{name} is not in the document"
                _check(known.get(name, rest), inner, f"{at}.{name}")
        case "array":
            assert isinstance(value, list), f"{at} is no list: {value!r}"
            for n, inner in enumerate(value):
                _check(kind["items"], inner, f"{at}[{n}]")
        case "boolean":
            assert isinstance(value, bool), f"{at}: {value!r}"
        case "integer":
            assert isinstance(value, int), f"{at}: {value!r}"
            assert not isinstance(value, bool), f"{at}: {value!r}"
        case "string":
            assert isinstance(value, str), f"{at}: {value!r}"
            if "enum" in kind:
                assert value in kind["enum"], f"{at}: {value!r}"
            if kind.get("format") == "google-datetime":
                assert value.endswith("Z"), f"{at}: {value!r}"
                datetime.fromisoformat(value)
        case "any":
            pass
        case other:
            raise AssertionError(f"{at}: the document says {other!r}")
