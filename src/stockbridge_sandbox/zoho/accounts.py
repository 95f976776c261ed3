"""The accounts server: authorize page with consent, code exchange, refresh, revoke, server list (facts: Zoho 2, 3).

Errors of the token endpoint are HTTP 200 bodies, as live.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from urllib.parse import urlencode, urlsplit

from stockbridge_sandbox.http import Request, Response, json_response, text_response
from stockbridge_sandbox.zoho.grants import LOCATIONS, TOKEN_LIFE, Code, Grants
from stockbridge_sandbox.zoho.records import Switches


def serve_accounts(
    grants: Grants,
    switches: Switches,
    organization_id: str,
    request: Request,
    location: str,
    path: str,
    host: str,
) -> Response:
    """Answer a request to /oauth/… of one data centre. `host` is the address without the data centre."""
    match request.method, path:
        case "GET", "/oauth/v2/auth":
            return _consent_page(grants, request, host)
        case "POST", "/oauth/v2/auth":
            return _consent(grants, request, host)
        case "POST", "/oauth/v2/token":
            return _token(grants, switches, organization_id, request, location, host)
        case "POST", "/oauth/v2/token/revoke":
            return _revoke(grants, request)
        case "GET", "/oauth/serverinfo":
            servers = {name: f"{host}/dc/{name}" for name in LOCATIONS}
            return json_response({"result": "success", "locations": servers})
    return text_response("<html><body>404 Not Found</body></html>", 404)


def _parameters(request: Request) -> dict[str, str]:
    return {**request.form(), **dict(request.query)}


def _complaint(grants: Grants, given: Mapping[str, str]) -> str:
    """What is wrong with an authorize request, in Zoho's word for it, or ""."""
    if given.get("client_id") != grants.client_id:
        return "invalid_client"
    if urlsplit(given.get("redirect_uri", "")).hostname not in ("127.0.0.1", "localhost", "::1"):
        return "invalid_redirect_uri"
    if given.get("response_type") != "code":
        return "invalid_response_type"
    if not given.get("scope"):
        return "invalid_scope"
    return ""


def _consent_page(grants: Grants, request: Request, host: str) -> Response:
    given = dict(request.query)
    complaint = _complaint(grants, given)
    if complaint:
        return text_response(f"<html><body><h1>An error occurred</h1><p>{complaint}</p></body></html>", 400)
    if given.get("auto_approve") in ("1", "true"):
        return _redirect(grants, given, request.at, host)
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in given.items()
    )
    scopes = "".join(f"<li>{escape(scope)}</li>" for scope in given["scope"].split(","))
    page = (
        "<!doctype html><html><head><title>Sandbox consent</title></head><body>"
        "<h1>This application would like to access</h1>"
        f'<ul>{scopes}</ul><form method="post" action="{escape(request.base + request.path)}">{hidden}'
        '<button name="decision" value="accept">Accept</button> '
        '<button name="decision" value="reject">Reject</button></form></body></html>'
    )
    return text_response(page)


def _consent(grants: Grants, request: Request, host: str) -> Response:
    given = _parameters(request)
    complaint = _complaint(grants, given)
    if complaint:
        return text_response(f"<html><body><h1>An error occurred</h1><p>{complaint}</p></body></html>", 400)
    if given.get("decision") == "reject":
        answer = {"error": "access_denied", **_state(given)}
        return Response(status=302, headers={"Location": _with_query(given["redirect_uri"], answer)})
    return _redirect(grants, given, request.at, host)


def _redirect(grants: Grants, given: Mapping[str, str], now: datetime, host: str) -> Response:
    """Back to the application, with the data centre of the user (facts: Zoho 2, callback)."""
    # A refresh token comes with access_type=offline, on a repeated grant only with prompt=consent.
    offline = given.get("access_type") == "offline" and (
        not grants.consented or given.get("prompt") == "consent"
    )
    grants.consented = True
    code = grants.new_code(given["scope"], now, redirect_uri=given["redirect_uri"], offline=offline)
    answer = {
        **_state(given),
        "code": code,
        "location": grants.data_centre,
        "accounts-server": f"{host}/dc/{grants.data_centre}",
    }
    return Response(status=302, headers={"Location": _with_query(given["redirect_uri"], answer)})


def _state(given: Mapping[str, str]) -> dict[str, str]:
    return {"state": given["state"]} if "state" in given else {}


def _with_query(uri: str, answer: Mapping[str, str]) -> str:
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode(answer)}"


def _token(
    grants: Grants, switches: Switches, organization_id: str, request: Request, location: str, host: str
) -> Response:
    given = _parameters(request)
    if given.get("client_id") != grants.client_id:
        return _refused("invalid_client")
    if given.get("client_secret") != grants.client_secret:
        return _refused("invalid_client_secret")
    home = location == grants.data_centre
    match given.get("grant_type"):
        case "authorization_code":
            code = grants.codes.get(given.get("code", ""))
            if code is not None and not home:
                return _refused("Platform not allowed" if code.self_client else "invalid_code")
            return _exchange(grants, given, request.at, host)
        case "refresh_token":
            refresh = given.get("refresh_token", "")
            if refresh not in grants.refreshes or not home:
                return _refused("invalid_code")
            if grants.throttled(refresh, request.at):
                return throttle_body(switches.throttle_status)
            return _issue(grants, grants.refreshes[refresh].scope, refresh, request.at, host)
        case "client_credentials":
            if not home or given.get("soid") != f"ZohoInventory.{organization_id}":
                return _refused("invalid_soid")
            return _issue(grants, given.get("scope", ""), "", request.at, host)
    return _refused("invalid_grant_type")


def _exchange(grants: Grants, given: Mapping[str, str], now: datetime, host: str) -> Response:
    code: Code | None = grants.codes.pop(given.get("code", ""), None)
    if code is None or code.expires <= now:
        return _refused("invalid_code")
    if not code.self_client and given.get("redirect_uri") != code.redirect_uri:
        return _refused("invalid_redirect_uri")
    refresh = grants.new_refresh(code.scope) if code.offline else ""
    return _issue(grants, code.scope, refresh, now, host, first=bool(refresh))


def _issue(
    grants: Grants, scope: str, refresh: str, now: datetime, host: str, *, first: bool = False
) -> Response:
    answer: dict[str, object] = {"access_token": grants.new_access(scope, refresh, now)}
    if first:
        answer["refresh_token"] = refresh
    answer |= {
        "scope": scope.replace(",", " "),
        "api_domain": f"{host}/dc/{grants.data_centre}",
        "token_type": "Bearer",
        "expires_in": int(TOKEN_LIFE.total_seconds()),
    }
    return json_response(answer)


def _refused(error: str) -> Response:
    return json_response({"error": error})


def throttle_body(status: int) -> Response:
    """Too many tokens were asked for; seen with status 400 and 200."""
    answer = {
        "error": "Access Denied",
        "error_description": "You have made too many requests continuously. Please try again after some time.",
        "status": "failure",
    }
    return json_response(answer, status)


def _revoke(grants: Grants, request: Request) -> Response:
    if grants.revoke(_parameters(request).get("token", "")):
        return json_response({"status": "success"})
    return json_response({"status": "failure", "error": "invalid_token"})
