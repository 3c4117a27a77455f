"""Several keys, keys from a command, and a running server that learns of a new key by itself."""

from __future__ import annotations

import base64
import os
import stat
import sys
import time
from pathlib import Path

import pytest

from app.sealing import key_source, keyfile
from app.sealing.envelope import SealBroken
from app.sealing.key_source import read_key_command, read_keys, watch_keys
from app.sealing.keyfile import KeyFileError, add_key, create_key_file, drop_keys, read_key_file

SECRET = base64.b64encode(b"s" * 32).decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_key_file(tmp_path / "sealing.key")
    return tmp_path / "sealing.key"


def script(tmp_path: Path, body: str) -> str:
    file = tmp_path / "keys from.py"
    file.write_text(body, encoding="utf-8")
    return f"{sys.executable} '{file}'"


def test_an_added_key_is_the_active_one_and_the_old_one_stays(path: Path) -> None:
    before = read_key_file(path)
    key_id = add_key(path)
    after = read_key_file(path)
    assert after.active_id == key_id
    assert dict(after.keys) == {**before.keys, key_id: after.keys[key_id]}
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert [each.name for each in path.parent.iterdir()] == ["sealing.key"]


def test_dropping_keys_never_drops_the_active_one(path: Path) -> None:
    old = read_key_file(path).active_id
    new = add_key(path)
    drop_keys(path, [old, new])
    assert list(read_key_file(path).keys) == [new]


@pytest.mark.parametrize("crash_at", ["write", "fsync", "rename"])
def test_a_crash_while_a_key_is_added_leaves_the_old_file_and_the_next_try_works(
    path: Path, monkeypatch: pytest.MonkeyPatch, crash_at: str
) -> None:
    before = path.read_bytes()

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if crash_at == "write":
            patched.setattr(keyfile.os, "fdopen", crash)
        elif crash_at == "fsync":
            patched.setattr(keyfile.os, "fsync", crash)
        else:
            patched.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            add_key(path)
    assert path.read_bytes() == before
    assert add_key(path) == read_key_file(path).active_id


def test_two_lines_with_one_id_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "k"
    path.write_text(f"sportel-key a {SECRET}\nsportel-key a {base64.b64encode(b'b' * 32).decode()}\n", encoding="utf-8")
    path.chmod(0o400)
    with pytest.raises(KeyFileError, match="line 2 .* has the id of another line"):
        read_key_file(path)


def test_a_command_gives_the_keys_without_a_shell(tmp_path: Path) -> None:
    command = (
        script(tmp_path, f"import sys\nassert sys.argv[1:] == ['$HOME; x'], 1\nprint('sportel-key a {SECRET}')")
        + " '$HOME; x'"
    )
    ring = read_key_command(command)
    assert (ring.active_id, dict(ring.keys)) == ("a", {"a": b"s" * 32})
    assert read_keys(tmp_path / "no file", command).active_id == "a"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            f"print('sportel-key a {SECRET}'); import sys; print('{SECRET}', file=sys.stderr); sys.exit(3)",
            "failed with status 3; run it by hand",
        ),
        (f"print('{SECRET}')", "line 1 of what SPORTEL_KEY_COMMAND printed is damaged"),
        ("pass", "what SPORTEL_KEY_COMMAND printed is empty"),
        ("import sys; sys.stdout.buffer.write(b'\\xff')", "is not the text of a key file"),
        ("import time; time.sleep(60)", "gave no keys within 1 s"),
    ],
)
def test_a_command_that_gives_no_keys_is_refused_in_one_line_without_its_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], body: str, message: str
) -> None:
    monkeypatch.setattr(key_source, "COMMAND_SECONDS", 1)
    with pytest.raises(KeyFileError, match=message) as refused:
        read_key_command(script(tmp_path, body))
    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("command", ["/nowhere/at/all", "  ", "an 'open quote"])
def test_a_command_that_cannot_be_run_is_refused_with_the_remedy(command: str) -> None:
    with pytest.raises(KeyFileError, match="SPORTEL_KEY_COMMAND"):
        read_key_command(command)


def test_a_running_server_wraps_with_the_new_key_as_soon_as_it_is_there(path: Path) -> None:
    ring = watch_keys(path)
    old = ring.active_id
    assert ring.wrap(b"k" * 32, "submission")[1] == old
    new = add_key(path)
    wrapped, key_id = ring.wrap(b"k" * 32, "submission")
    assert key_id == new
    assert ring.unwrap(wrapped, key_id, "submission") == b"k" * 32


def test_a_running_server_opens_what_another_one_wrapped_with_a_new_key(path: Path) -> None:
    ring = watch_keys(path)
    add_key(path)
    wrapped, key_id = read_key_file(path).wrap(b"k" * 32, "submission")
    assert ring.unwrap(wrapped, key_id, "submission") == b"k" * 32


def test_a_key_file_that_goes_away_changes_nothing_for_a_running_server(path: Path) -> None:
    ring = watch_keys(path)
    wrapped, key_id = ring.wrap(b"k" * 32, "submission")
    path.unlink()
    assert ring.unwrap(wrapped, key_id, "submission") == b"k" * 32
    assert ring.wrap(b"k" * 32, "submission")[1] == key_id
    with pytest.raises(SealBroken, match="lacks the key feedbeef"):
        ring.unwrap(wrapped, "feedbeef", "submission")


def test_a_key_from_a_command_is_asked_for_again_when_it_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_source, "SOONEST_SECONDS", 0)
    lines = tmp_path / "lines"
    lines.write_text(f"sportel-key a {SECRET}\n")
    ring = watch_keys(tmp_path / "none", script(tmp_path, f"print(open({str(lines)!r}).read())"))
    lines.write_text(lines.read_text() + f"sportel-key b {base64.b64encode(b'b' * 32).decode()}\n")
    wrapped, key_id = read_keys(tmp_path / "none", script(tmp_path, f"print(open({str(lines)!r}).read())")).wrap(
        b"k" * 32, "x"
    )
    assert key_id == "b"
    assert ring.unwrap(wrapped, key_id, "x") == b"k" * 32


def test_looking_whether_the_file_has_changed_costs_microseconds(path: Path) -> None:
    ring = watch_keys(path)
    begun = time.perf_counter()
    for _ in range(1000):
        ring.watch.current()
    assert time.perf_counter() - begun < 1
    assert os.access(path, os.R_OK)
