"""Sends a notice by mail, through the mail server of whoever runs Stockbridge."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from stockbridge.core.errors import Retry
from stockbridge.core.notice_words import Message, subject
from stockbridge.core.secret import Secret
from stockbridge.wiring.accounts import is_loopback

TLS_PORT = 465  # TLS from the first byte; at all other ports STARTTLS
_HERE = "[127.0.0.1]"  # what we greet with: to look up our own name may take long, and servers ignore it


def mail(settings: Mapping[str, str], password: Secret, message: Message, seconds: float) -> None:
    """Send it. `settings`: host, port, from, to, and user where the server asks for a login. `seconds` is the longest silence
    that is borne. Nothing goes without TLS but to this machine. Raises `Retry` with the reason where it was not taken for
    certain; no address and no password is in it."""
    host, port = settings["host"], int(settings["port"])
    letter = _letter(settings, message, host)
    try:
        with _greeted(host, port, seconds) as server:
            if "user" in settings:
                server.login(settings["user"], password.reveal())
            server.send_message(letter)
    except smtplib.SMTPAuthenticationError as refused:
        raise _not_taken("it refused the login", refused.smtp_code) from None
    except smtplib.SMTPRecipientsRefused:
        raise _not_taken("it refused the address that the mail goes to") from None
    except smtplib.SMTPSenderRefused as refused:
        raise _not_taken("it refused the address that the mail comes from", refused.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        raise _not_taken("it offers no TLS, or no login that is known here") from None
    except smtplib.SMTPResponseException as refused:
        raise _not_taken("it refused the mail", refused.smtp_code) from None
    except ssl.SSLError:
        raise _not_taken("its certificate is not trusted, or it speaks no TLS at this port") from None
    except TimeoutError:
        raise _not_taken(f"no answer within {seconds:.0f} seconds") from None
    except ConnectionRefusedError:
        raise _not_taken("nobody listens there") from None
    except (smtplib.SMTPException, OSError) as broke:
        if isinstance(broke.__context__, TimeoutError):  # what a server that closes looks like, too
            raise _not_taken(f"no answer within {seconds:.0f} seconds") from None
        raise _not_taken("the connection could not be made, or broke") from None


def _greeted(host: str, port: int, seconds: float) -> smtplib.SMTP:
    trusted = ssl.create_default_context()
    if port == TLS_PORT:
        return smtplib.SMTP_SSL(host, port, local_hostname=_HERE, timeout=seconds, context=trusted)
    server = smtplib.SMTP(host, port, local_hostname=_HERE, timeout=seconds)
    if not is_loopback(f"//[{host}]" if ":" in host else f"//{host}"):
        try:
            server.starttls(context=trusted)
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
    return server


def _letter(settings: Mapping[str, str], message: Message, host: str) -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"] = settings["from"], settings["to"]
    letter["Subject"] = subject(message)
    letter["Date"] = format_datetime(datetime.fromisoformat(message.at))
    letter["Message-ID"] = make_msgid(domain=settings["from"].rpartition("@")[2] or host)
    letter["Auto-Submitted"] = "auto-generated"  # no answer from somebody's holiday, please (RFC 3834)
    letter.set_content(message.text)
    return letter


def _not_taken(why: str, code: int | None = None) -> Retry:
    return Retry(f"The mail server did not take it: {why}{f' ({code})' if code else ''}.")
