"""Refusals of the People API, with the bodies that Google's front end gives them."""

from __future__ import annotations

from typing import Any

# The numbers of google.rpc.Code that stand in a Status.
CODES = {
    "INVALID_ARGUMENT": 3,
    "NOT_FOUND": 5,
    "ALREADY_EXISTS": 6,
    "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "FAILED_PRECONDITION": 9,
    "UNIMPLEMENTED": 12,
    "INTERNAL": 13,
    "UNAVAILABLE": 14,
    "UNAUTHENTICATED": 16,
}
# What stands as `reason` in the older list of errors beside `status`.
_REASONS = {
    "INVALID_ARGUMENT": "badRequest",
    "NOT_FOUND": "notFound",
    "ALREADY_EXISTS": "alreadyExists",
    "PERMISSION_DENIED": "forbidden",
    "RESOURCE_EXHAUSTED": "rateLimitExceeded",
    "FAILED_PRECONDITION": "failedPrecondition",
    "UNIMPLEMENTED": "notImplemented",
    "INTERNAL": "backendError",
    "UNAVAILABLE": "backendError",
    "UNAUTHENTICATED": "authError",
}
CONSUMER = "projects/210987654321"
DOCUMENTATION = "https://developers.google.com/people/api/rest/v1"


class Refusal(Exception):
    """A request that is not served: the HTTP status, Google's name for the state, the text and the details."""

    def __init__(self, http: int, state: str, message: str, *details: dict[str, Any]) -> None:
        super().__init__(message)
        self.http = http
        self.state = state
        self.message = message
        self.details = details

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        error: dict[str, Any] = {
            "code": self.http,
            "message": self.message,
            "errors": [{"message": self.message, "domain": "global", "reason": _REASONS[self.state]}],
            "status": self.state,
        }
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}

    @property
    def status(self) -> dict[str, Any]:
        """The google.rpc.Status that stands for it in the answer to a batch."""
        return {"code": CODES[self.state], "message": self.message}


def invalid(message: str, *details: dict[str, Any]) -> Refusal:
    """400 INVALID_ARGUMENT."""
    return Refusal(400, "INVALID_ARGUMENT", message, *details)


def bad_field(field: str, message: str) -> Refusal:
    """400 with a BadRequest that names the field."""
    violation = {"field": field, "description": message} if field else {"description": message}
    detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
    return invalid(message, detail)


def precondition(message: str, *details: dict[str, Any]) -> Refusal:
    """400 FAILED_PRECONDITION, for example a stale etag."""
    return Refusal(400, "FAILED_PRECONDITION", message, *details)


def expired_sync_token() -> Refusal:
    """400 with the reason EXPIRED_SYNC_TOKEN."""
    message = "Sync token is expired. Clear local cache and retry call without the sync token."
    return precondition(message, info("EXPIRED_SYNC_TOKEN", "people.googleapis.com"))


def not_found() -> Refusal:
    """404 for a record that is not there, or not any more."""
    return Refusal(404, "NOT_FOUND", "Requested entity was not found.")


def unauthenticated(reason: str) -> Refusal:
    """401; `reason` is CREDENTIALS_MISSING, ACCESS_TOKEN_EXPIRED or ACCESS_TOKEN_TYPE_UNSUPPORTED."""
    message = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
        "valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project."
    )
    if reason == "CREDENTIALS_MISSING":
        message = message.replace("had invalid", "is missing required").replace(
            "credentials", "credential", 1
        )
    return Refusal(401, "UNAUTHENTICATED", message, info(reason, "googleapis.com"))


def insufficient_scope(method: str) -> Refusal:
    """403: the token was not given for what is asked."""
    detail = info(
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "googleapis.com",
        service="people.googleapis.com",
        method=f"google.people.v1.PeopleService.{method}",
    )
    return Refusal(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.", detail)


def over_quota(metric: str, limit: str, value: int) -> Refusal:
    """429 of a quota per minute; `metric` is its machine name, `limit` the name that a person reads."""
    message = (
        f"Quota exceeded for quota metric '{limit}' and limit '{limit} per minute per user' of service "
        f"'people.googleapis.com' for consumer 'project_number:{CONSUMER.partition('/')[2]}'."
    )
    detail = info(
        "RATE_LIMIT_EXCEEDED",
        "googleapis.com",
        service="people.googleapis.com",
        consumer=CONSUMER,
        quota_metric=f"people.googleapis.com/{metric}",
        quota_limit=f"{metric}PerMinutePerUser",
        quota_limit_value=str(value),
        quota_location="global",
    )
    return Refusal(429, "RESOURCE_EXHAUSTED", message, detail)


def exhausted(description: str) -> Refusal:
    """429 of a fixed limit behind the API, such as that of full reads or of contacts."""
    violation = {"subject": "QUOTA_EXCEEDED", "description": description}
    detail = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}
    message = "Resource has been exhausted (e.g. check quota)."
    return Refusal(429, "RESOURCE_EXHAUSTED", message, detail)


def injected(status: int) -> Refusal:
    """What Google answers with this status when nothing is wrong with the request."""
    match status:
        case 400:
            return invalid("Request contains an invalid argument.")
        case 401:
            return unauthenticated("ACCESS_TOKEN_EXPIRED")
        case 403:
            return Refusal(403, "PERMISSION_DENIED", "The caller does not have permission")
        case 404:
            return not_found()
        case 409:
            return Refusal(409, "ALREADY_EXISTS", "Requested entity already exists")
        case 429:
            return over_quota(
                "critical_read_requests", "Critical read requests (Contact and Profile Reads)", 90
            )
        case 503:
            return Refusal(503, "UNAVAILABLE", "The service is currently unavailable.")
    return Refusal(status, "INTERNAL", "Internal error encountered.")


def info(reason: str, domain: str, **metadata: str) -> dict[str, Any]:
    """A google.rpc.ErrorInfo."""
    detail: dict[str, Any] = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": domain,
    }
    if metadata:
        detail["metadata"] = metadata
    return detail
