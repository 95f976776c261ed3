"""Why Optiply says no, in its several answer shapes (facts: Optiply 1.6: a client must read them all)."""

from typing import Any


class Refusal(Exception):
    """A request is refused. `status` is the HTTP status, `body` the JSON the caller gets."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


def invalid(message: str, attribute: str = "") -> Refusal:
    """400 for a value that breaks a rule: the text is in `errors[].meta.message` (facts: Optiply 1.10)."""
    error: dict[str, Any] = {"status": "400", "meta": {"message": message}}
    if attribute:
        error["source"] = {"pointer": f"/data/attributes/{attribute}"}
    return Refusal(400, {"errors": [error]})


def malformed(message: str) -> Refusal:
    """400 for a body or query that cannot be understood: the text is in `errors[].detail`."""
    return Refusal(400, {"errors": [{"status": "400", "title": "BAD_REQUEST", "detail": message}]})


def bad_page(message: str) -> Refusal:
    """400 for paging out of bounds: the text is in `errors[].message`."""
    return Refusal(400, {"errors": [{"status": "400", "message": message}]})


def not_found(resource: str, key: object) -> Refusal:
    """404 for an id that is not there, was removed, or is named as a parent."""
    message = f"{resource} with id {key} not found"
    return Refusal(404, {"errors": [{"status": "404", "title": "NOT_FOUND", "detail": message}]})


def clash(message: str) -> Refusal:
    """409 for a pair that exists, a composition in a circle, or a row that others hold on to."""
    return Refusal(409, {"errors": [{"status": "409", "meta": {"message": message}}]})


def forbidden(message: str) -> Refusal:
    return Refusal(403, {"errors": [{"status": "403", "title": "FORBIDDEN", "detail": message}]})


def unauthorized(message: str) -> Refusal:
    """401 in the shape of the login server: `error` and `error_description` at the root."""
    return Refusal(401, {"error": "invalid_token", "error_description": message})


def server_text(status: int, error: str, message: str, path: str = "") -> Refusal:
    """405, 415 and 500 as the application server writes them, outside the `errors` list."""
    return Refusal(status, {"status": status, "error": error, "message": message, "path": path})
