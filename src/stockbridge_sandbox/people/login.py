"""Google's login: the page of consent, the exchange of a code, refresh, revoke; errors as Google words them."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from html import escape
from urllib.parse import urlencode, urlsplit

from stockbridge_sandbox.http import Request, Response, json_response, text_response
from stockbridge_sandbox.people.grants import CODE_LIFE, PREFIX, SCOPES, SHORT, TOKEN_LIFE, Code, Grants

AUTHORIZE = "/o/oauth2/v2/auth"
TOKEN = "/token"  # noqa: S105 - a path, no secret
REVOKE = "/revoke"
PATHS = (AUTHORIZE, TOKEN, REVOKE)


def serve_login(grants: Grants, request: Request, *, email: str, testing: bool) -> Response:
    """Answer a request to one of `PATHS`."""
    match request.method, request.path:
        case ("GET", "/o/oauth2/v2/auth"):
            return _consent_page(grants, request, email)
        case ("POST", "/o/oauth2/v2/auth"):
            return _consent(grants, request)
        case ("POST", "/token"):
            return _token(grants, request, testing=testing)
        case ("POST" | "GET", "/revoke"):
            return _revoke(grants, request)
    return text_response("<html><body>405. That’s an error.</body></html>", 405)


def short_scopes(text: str) -> list[str]:
    """The scopes of a request by their short names, unknown ones as they are."""
    names = [word.removeprefix(PREFIX) for word in text.split()]
    return list(dict.fromkeys(SHORT.get(name, name) for name in names))


def long_scopes(names: list[str]) -> str:
    """Scopes as Google writes them."""
    return " ".join(name if name == "openid" else f"{PREFIX}{name}" for name in names)


def _complaint(grants: Grants, given: Mapping[str, str]) -> tuple[str, str] | None:
    """What is wrong with an authorize request: Google's word for it, and the sentence below."""
    if given.get("client_id") != grants.client_id:
        return "invalid_client", "The OAuth client was not found."
    if urlsplit(given.get("redirect_uri", "")).hostname not in ("127.0.0.1", "localhost", "::1"):
        return (
            "redirect_uri_mismatch",
            "You can't sign in to this app because it doesn't comply with Google's policy.",
        )
    if given.get("response_type") != "code":
        return "unsupported_response_type", "Only the response type code is known here."
    if not given.get("scope"):
        return "invalid_request", "Missing required parameter: scope"
    unknown = [name for name in short_scopes(given["scope"]) if name not in SCOPES]
    if unknown:
        return "invalid_scope", f"Some requested scopes were invalid. {unknown}"
    if given.get("code_challenge_method", "plain") not in ("plain", "S256"):
        return "invalid_request", "Invalid code_challenge_method."
    return None


def _refuse_page(complaint: tuple[str, str]) -> Response:
    status = 401 if complaint[0] == "invalid_client" else 400
    page = (
        f"<html><body><h1>Access blocked: Authorization Error</h1><p>{escape(complaint[1])}</p>"
        f"<p>Error {status}: {escape(complaint[0])}</p></body></html>"
    )
    return text_response(page, status)


def _consent_page(grants: Grants, request: Request, email: str) -> Response:
    given = dict(request.query)
    complaint = _complaint(grants, given)
    if complaint:
        return _refuse_page(complaint)
    asked = short_scopes(given["scope"])
    if given.get("auto_approve") in ("1", "true"):
        return _redirect(grants, given, asked, request.at)
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in given.items()
    )
    boxes = "".join(
        f'<li><label><input type="checkbox" name="granted.{escape(name)}" checked>{escape(name)}</label></li>'
        for name in asked
    )
    page = (
        "<!doctype html><html><head><title>Sandbox consent</title></head><body>"
        f"<h1>This application wants access to the Google Account {escape(email)}</h1>"
        f'<form method="post" action="{escape(request.base + request.path)}">{hidden}<ul>{boxes}</ul>'
        '<button name="decision" value="accept">Continue</button> '
        '<button name="decision" value="reject">Cancel</button></form></body></html>'
    )
    return text_response(page)


def _consent(grants: Grants, request: Request) -> Response:
    given = {**request.form(), **dict(request.query)}
    complaint = _complaint(grants, given)
    if complaint:
        return _refuse_page(complaint)
    asked = short_scopes(given["scope"])
    # A person may untick single scopes; a form without any box of the page grants all.
    boxes = {name.removeprefix("granted.") for name in given if name.startswith("granted.")}
    granted = [name for name in asked if name in boxes] if boxes else asked
    if given.get("decision") == "reject":
        return _back(given, {"error": "access_denied"})
    return _redirect(grants, given, granted, request.at)


def _redirect(grants: Grants, given: Mapping[str, str], granted: list[str], now: datetime) -> Response:
    # A refresh token comes with access_type=offline and the first consent; later only with prompt=consent.
    first = not set(granted) <= set(grants.consented)
    offline = given.get("access_type") == "offline" and (
        first or "consent" in given.get("prompt", "").split()
    )
    grants.consented = sorted({*grants.consented, *granted})
    code = f"4/0A{secrets.token_urlsafe(40)}"
    grants.codes[code] = Code(
        scopes=granted,
        redirect_uri=given["redirect_uri"],
        expires=now + CODE_LIFE,
        offline=offline,
        challenge=given.get("code_challenge", ""),
        hashed=given.get("code_challenge_method") == "S256",
    )
    return _back(given, {"code": code, "scope": long_scopes(granted)})


def _back(given: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    uri = given["redirect_uri"]
    state = {"state": given["state"]} if "state" in given else {}
    joined = "&" if urlsplit(uri).query else "?"
    return Response(status=302, headers={"Location": f"{uri}{joined}{urlencode({**state, **answer})}"})


def _token(grants: Grants, request: Request, *, testing: bool) -> Response:
    given = request.form()
    client = given.get("client_id"), given.get("client_secret")
    basic = request.headers.get("authorization", "")
    if basic.lower().startswith("basic "):
        client = _basic(basic[6:])
    if client[0] != grants.client_id:
        return _refused(401, "invalid_client", "The OAuth client was not found.")
    if client[1] != grants.client_secret:
        return _refused(401, "invalid_client", "The provided client secret is invalid.")
    match given.get("grant_type"):
        case "authorization_code":
            return _exchange(grants, given, request.at)
        case "refresh_token":
            token = given.get("refresh_token", "")
            if not token:
                return _refused(400, "invalid_request", "Missing required parameter: refresh_token")
            refresh = grants.use_refresh(token, request.at, testing=testing)
            if refresh is None:
                return _refused(400, "invalid_grant", "Token has been expired or revoked.")
            return _issue(grants, refresh.scopes, token, request.at)
    return _refused(400, "unsupported_grant_type", f"Invalid grant_type: {given.get('grant_type', '')}")


def _exchange(grants: Grants, given: Mapping[str, str], now: datetime) -> Response:
    code = grants.codes.get(given.get("code", ""))
    if code is None or code.expires <= now:
        return _refused(400, "invalid_grant", "Malformed auth code." if code is None else "Bad Request")
    if given.get("redirect_uri") != code.redirect_uri:
        return _refused(400, "redirect_uri_mismatch", "Bad Request")
    if code.challenge:
        verifier = given.get("code_verifier", "")
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if not verifier:
            return _refused(400, "invalid_grant", "Missing code verifier.")
        if (digest if code.hashed else verifier) != code.challenge:
            return _refused(400, "invalid_grant", "Invalid code verifier.")
    del grants.codes[given["code"]]
    refresh = grants.new_refresh(code.scopes, now) if code.offline else ""
    return _issue(grants, code.scopes, refresh, now, first=bool(refresh))


def _issue(
    grants: Grants, scopes: list[str], refresh: str, now: datetime, *, first: bool = False
) -> Response:
    answer: dict[str, object] = {
        "access_token": grants.new_access(scopes, refresh, now),
        "expires_in": int(TOKEN_LIFE.total_seconds()),
    }
    if first:
        answer["refresh_token"] = refresh
    answer |= {"scope": long_scopes(scopes), "token_type": "Bearer"}
    return json_response(answer, headers={"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate"})


def _revoke(grants: Grants, request: Request) -> Response:
    token = {**request.form(), **dict(request.query)}.get("token", "")
    if grants.revoke(token):
        return json_response({})
    return _refused(400, "invalid_token", "Token expired or revoked")


def _refused(status: int, error: str, description: str) -> Response:
    return json_response({"error": error, "error_description": description}, status)


def _basic(encoded: str) -> tuple[str | None, str | None]:
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None, None
    return name, secret
