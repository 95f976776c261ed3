"""Secrets open only with their key, for their account and purpose, and the key file is private."""

from __future__ import annotations

import base64
import secrets
import stat
from pathlib import Path

import pytest

from stockbridge.core.errors import Halt
from stockbridge.store.sealing import Sealer, load_sealer


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(key=secrets.token_bytes(32), source="the test")


def test_what_was_sealed_opens_again(sealer: Sealer) -> None:
    sealed = sealer.seal(b"geheim", account="winkel", purpose="login")
    assert b"geheim" not in sealed
    assert sealer.open(sealed, account="winkel", purpose="login") == b"geheim"
    assert sealed != sealer.seal(b"geheim", account="winkel", purpose="login")


def test_another_key_is_told_as_such(sealer: Sealer) -> None:
    sealed = sealer.seal(b"geheim", account="winkel", purpose="login")
    other = Sealer(key=secrets.token_bytes(32), source="STOCKBRIDGE_KEY")
    with pytest.raises(Halt) as caught:
        other.open(sealed, account="winkel", purpose="login")
    assert "another key" in caught.value.what
    assert sealer.key_id in caught.value.what
    assert other.key_id in caught.value.what


@pytest.mark.parametrize(("account", "purpose"), [("bakker", "login"), ("winkel", "token")])
def test_rows_cannot_be_swapped(sealer: Sealer, account: str, purpose: str) -> None:
    sealed = sealer.seal(b"geheim", account="winkel", purpose="login")
    with pytest.raises(Halt, match="belongs to another account"):
        sealer.open(sealed, account=account, purpose=purpose)


def test_every_changed_byte_is_noticed(sealer: Sealer) -> None:
    sealed = sealer.seal(b"geheim", account="winkel", purpose="login")
    for index in range(len(sealed)):
        changed = sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :]
        with pytest.raises(Halt):
            sealer.open(changed, account="winkel", purpose="login")
    for length in (0, 3, 20, len(sealed) - 1):
        with pytest.raises(Halt):
            sealer.open(sealed[:length], account="winkel", purpose="login")


def test_the_key_never_shows(sealer: Sealer) -> None:
    assert repr(sealer.key) not in repr(sealer)
    assert base64.b64encode(sealer.key).decode() not in repr(sealer)


def test_a_key_file_is_made_once_and_private(home: Path) -> None:
    first = load_sealer()
    assert load_sealer().key == first.key
    assert stat.S_IMODE((home / "key").stat().st_mode) == 0o600
    assert [file.name for file in home.iterdir()] == ["key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_file_that_others_may_read_is_refused(home: Path, mode: int) -> None:
    load_sealer()
    (home / "key").chmod(mode)
    with pytest.raises(Halt) as caught:
        load_sealer()
    assert caught.value.remedy == f"Close it: chmod 600 {home / 'key'}"


def test_a_key_file_without_a_key_is_refused(home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "key").touch(mode=0o600)
    with pytest.raises(Halt, match="holds no key"):
        load_sealer()


def test_the_environment_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = secrets.token_bytes(32)
    monkeypatch.setenv("STOCKBRIDGE_KEY", base64.b64encode(key).decode())
    assert load_sealer().key == key
    assert not home.exists()


@pytest.mark.parametrize("text", ["short", base64.b64encode(b"x" * 16).decode(), "ö" * 44])
def test_a_malformed_key_in_the_environment(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("STOCKBRIDGE_KEY", text)
    with pytest.raises(Halt, match="32 bytes in base64") as caught:
        load_sealer()
    assert text not in str(caught.value)
