"""Everything is done at debug level, and no secret stands in what was said, in the store, or beside it."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from runtime.letterbox import mail_server
from scenarios.board import SPEED, Board, Done, command
from stockbridge_sandbox.run import Sandbox, start

pytestmark = pytest.mark.usefixtures("fresh_store")


def secrets_of(sandbox: Sandbox) -> dict[str, str]:
    """Every secret and token there is or was, by what it is."""
    grants, login = sandbox.zoho.grants, sandbox.optiply.login
    out = {
        "client secret of Zoho": grants.client_secret,
        "password of Optiply": login.password,
        "client secret of Optiply": login.client_secret,
        "basic login of Optiply": b64encode(f"{login.client_id}:{login.client_secret}".encode()).decode(),
    }
    out |= {f"refresh token {number}": text for number, text in enumerate(grants.refreshes)}
    out |= {f"access token of Zoho {number}": text for number, text in enumerate(grants.accesses)}
    tokens = sandbox.optiply._tokens.access
    out |= {f"access token of Optiply {number}": text for number, text in enumerate(tokens)}
    return out


def test_no_secret_is_told_or_kept_open(monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path) -> None:
    with (
        start(items=6, vendors=2, orders=4, seed=4) as sandbox,
        mail_server(user="bridge", password="another password") as mail,  # it repeats what it refuses
    ):
        shop = Board(sandbox=sandbox)
        zoho, login = sandbox.zoho.accounts(), sandbox.optiply.login
        monkeypatch.setenv("STOCKBRIDGE_CLOCK_SPEED", str(SPEED))
        monkeypatch.setenv("STOCKBRIDGE_ZOHO_CLIENT_SECRET", zoho["client_secret"])
        monkeypatch.setenv("STOCKBRIDGE_OPTIPLY_PASSWORD", login.password)
        monkeypatch.setenv("STOCKBRIDGE_OPTIPLY_CLIENT_SECRET", login.client_secret)
        monkeypatch.setenv("STOCKBRIDGE_NOTIFY_PASSWORD", "password-of-a-mail-server")
        secrets = {
            "self-client code": zoho["self_client_code"],
            "path of a webhook": "T01/B02/path-of-a-webhook",
            "password of mail": "password-of-a-mail-server",
            "login of mail": b64encode(b"\0bridge\0password-of-a-mail-server").decode(),
        }
        said: list[Done] = []

        def do(*arguments: str) -> Done:
            said.append(command(*arguments, "--debug"))
            secrets.update({f"{name} at {len(said)}": text for name, text in secrets_of(sandbox).items()})
            return said[-1]

        at_zoho = ["--accounts-server", f"{sandbox.zoho_url}/dc/eu", "--client-id", zoho["client_id"]]
        at_optiply = [
            *("--api-base", f"{sandbox.optiply_url}/v1", "--token-base", f"{sandbox.optiply_url}/api"),
            *("--username", login.username, "--client-id", login.client_id),
            *("--coupling-id", str(login.coupling_id)),
        ]
        code = zoho["self_client_code"]
        assert do("accounts", "add", "zoho", *at_zoho, "--self-client", code, "--name", "winkel").code == 0
        assert do("accounts", "add", "zoho", *at_zoho, "--self-client", code, "--name", "weer").code != 0
        assert do("accounts", "add", "optiply", *at_optiply, "--name", "planning").code == 0
        assert do("sync", "create", "optiply-board", "--name", "board").code == 0
        nowhere = f"{sandbox.zoho_url}/T01/B02/path-of-a-webhook"
        assert do("notify", "add", "chat", "--webhook", nowhere).code == 0
        by = ["--smtp", f"127.0.0.1:{mail.port}", "--user", "bridge"]
        assert do("notify", "add", "me", "--mail", "m@example.com", *by, "--from", "b@example.com").code == 0
        assert do("notify", "list").code == do("notify", "list", "--json").code == 0
        assert do("notify", "test").code == do("notify", "test", "--json").code == 4
        monkeypatch.delenv("STOCKBRIDGE_CLOCK_SPEED")  # at its own pace a token is kept, sealed
        assert do("accounts", "check").code == 0
        assert do("preview").code == 0
        assert do("preview", "--json").code == 0
        shop.fault(system="zoho", path="/itemdetails|/salesorders/", kind="revoke_token")
        shop.fault(system="optiply", method="POST", path="/v1/products", kind="revoke_token")
        shop.fault(system="optiply", method="POST", path="/v1/suppliers", kind="drop_after")
        assert do("run", "--json").code == 0
        for arguments in (
            ["accounts", "list", "--json"],
            ["status", "--waiting"],
            ["runs"],
            ["runs", "show", "1", "--json"],
            ["explain", "products", shop.items()[0]["sku"], "--json"],
            ["sync", "show", "--json"],
            ["sync", "export"],
        ):
            assert do(*arguments).code == 0, arguments
        for token in list(sandbox.zoho.grants.refreshes):
            sandbox.zoho.grants.revoke(token)
        monkeypatch.setenv(
            "STOCKBRIDGE_CLOCK_SPEED", "1000"
        )  # the kept token is not taken: a new one is asked for
        assert do("run").code == 4
        assert do("run", "--notify").code == 4
        assert do("notify", "list").out.count("  1\n") == 2  # both are kept until they can be sent
        shop.fault(system="optiply", path="/token$", kind="status", status=401, count=None)
        assert do("accounts", "check").code != 0

        spoken = "".join(done.out + done.err for done in said)
        assert spoken.count("status=200") > 20  # the calls themselves were logged
        assert len(set(secrets.values())) >= 9
        key = (home / "key").read_bytes().strip() if (home / "key").exists() else b""
        files = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
        assert any(path.name == "stockbridge.db" and data for path, data in files.items())
        for name, secret in secrets.items():
            assert len(secret) >= 8, name
            assert secret not in spoken, f"{name} was told"
            for path, data in files.items():
                assert secret.encode() not in data, f"{name} stands in {path.name}"
        if key:
            assert key.decode("ascii", "replace") not in spoken
            assert not any(key in data for path, data in files.items() if path.name != "key")
