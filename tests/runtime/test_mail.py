"""A notice by mail over real SMTP on this machine: with and without TLS and a login, refused, silent, gone."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from runtime.letterbox import MailServer, mail_server
from stockbridge.core.alarms import Notice, Reason
from stockbridge.core.errors import Retry
from stockbridge.core.notice_words import message
from stockbridge.core.secret import Secret
from stockbridge.runtime import mail as sending
from stockbridge.runtime.mail import mail

AT = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
TOLD = message(
    Notice(
        reason=Reason.FAILURES,
        state="began",
        flow="sell_orders",
        since=AT,
        at=AT,
        run=88,
        what="",
        remedy="",
        many=38,
    ),
    "Wielenmaker Ütrecht\r\nBcc: x@example.com",
)
PASSWORD = "wachtwoord-geheim"


def settings(server: MailServer, **more: str) -> dict[str, str]:
    where = {"host": "127.0.0.1", "port": str(server.port)}
    return {**where, "from": "bridge@example.com", "to": "mara@example.com", **more}


def send(server: MailServer, seconds: float = 10, **more: str) -> None:
    mail(settings(server, **more), Secret(PASSWORD), TOLD, seconds)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server counts as one on another machine."""
    monkeypatch.setattr(sending, "is_loopback", lambda _: False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, signed by nobody but itself; the key stands in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


@pytest.fixture
def tls(certificate: Path) -> Iterator[ssl.SSLContext]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    yield context


def test_a_letter_says_it_in_words_and_its_subject_stays_one_line() -> None:
    with mail_server() as server:
        send(server)
        letter = server.letters.get(timeout=10)
    assert letter["From"] == "bridge@example.com"
    assert letter["To"] == "mara@example.com"
    assert letter["Subject"] == "Stockbridge: Wielenmaker Ütrecht Bcc: x@example.com needs someone"
    assert letter["Bcc"] is None
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"] == "Wed, 01 Jul 2026 10:00:00 +0000"
    assert letter["Message-ID"].endswith("@example.com>")
    text = letter.get_content()
    assert "38 sell orders more than before are refused" in text
    assert "stockbridge status" in text


def test_on_this_machine_a_login_may_go_without_tls() -> None:
    with mail_server(user="bridge", password=PASSWORD) as server:
        send(server, user="bridge")
        assert server.letters.get(timeout=10)["To"] == "mara@example.com"


@pytest.mark.usefixtures("elsewhere")
def test_elsewhere_it_goes_by_starttls(
    tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(user="bridge", password=PASSWORD, tls=tls) as server:
        send(server, user="bridge")
        assert server.letters.get(timeout=10)["To"] == "mara@example.com"
        verbs = [line.partition(" ")[0].upper() for line in server.said]
        assert verbs.index("STARTTLS") < verbs.index("AUTH") < verbs.index("MAIL")


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("offered", [False, True])
def test_elsewhere_nothing_goes_without_tls_that_is_trusted(offered: bool, tls: ssl.SSLContext) -> None:
    said = "not trusted" if offered else "offers no TLS"
    with (
        mail_server(user="bridge", password=PASSWORD, tls=tls if offered else None) as server,
        pytest.raises(Retry, match=said),
    ):
        send(server, user="bridge")
    assert not any(line.upper().startswith(("AUTH", "MAIL")) for line in server.said)
    assert PASSWORD not in str(server.said)


def test_at_the_port_for_tls_it_speaks_tls_from_the_first_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as server:
        monkeypatch.setattr(sending, "TLS_PORT", server.port)
        with pytest.raises(Retry, match="speaks no TLS at this port"):
            send(server)
    assert server.letters.empty()


@pytest.mark.parametrize(
    ("server_has", "given", "said"),
    [
        ({"user": "bridge", "password": "another"}, {"user": "bridge"}, r"refused the login \(535\)"),
        ({"user": "bridge", "password": "another"}, {}, r"refused the address .* comes from \(530\)"),
        ({}, {"user": "bridge"}, "no login that is known"),
        ({"refused": "550 mara@example.com? nobody"}, {}, "refused the address that the mail goes to"),
    ],
)
def test_what_the_server_refuses_is_said_without_names(
    server_has: dict[str, Any], given: dict[str, str], said: str
) -> None:
    with mail_server(**server_has) as server, pytest.raises(Retry, match=said) as refused:
        mail(settings(server, **given), Secret(PASSWORD), TOLD, 10)
    assert server.letters.empty()
    assert "@" not in str(refused.value)
    assert PASSWORD not in str(refused.value)  # though the server repeats it


def test_a_server_that_is_silent_or_gone_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_one = MailServer(port=silent.getsockname()[1])
        with pytest.raises(Retry, match="no answer within"):
            send(silent_one, seconds=0.2)
    with pytest.raises(Retry, match="nobody listens there"):
        send(silent_one)
