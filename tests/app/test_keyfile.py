"""The file that opens everything: made once, for its owner alone, never overwritten."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from app.sealing.keyfile import KeyFileError, create_key_file, read_key_file

KEY_A = base64.b64encode(b"a" * 32).decode()
KEY_B = base64.b64encode(b"b" * 32).decode()


def write(path: Path, text: str, mode: int = 0o400) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_new_key_file_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "sealing.key"
    create_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    ring = read_key_file(path)
    assert [len(key) for key in ring.keys.values()] == [32]
    assert list(ring.keys) == [ring.active_id]


def test_two_new_key_files_hold_different_keys(tmp_path: Path) -> None:
    for name in ("one", "two"):
        create_key_file(tmp_path / name)
    one, two = read_key_file(tmp_path / "one"), read_key_file(tmp_path / "two")
    assert set(one.keys.values()).isdisjoint(two.keys.values())


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"
    create_key_file(path)
    before = path.read_bytes()
    with pytest.raises(KeyFileError, match="never overwritten"):
        create_key_file(path)
    assert path.read_bytes() == before


def test_the_last_lines_key_wraps_and_the_others_still_open(tmp_path: Path) -> None:
    ring = read_key_file(write(tmp_path / "k", f"sportel-key old {KEY_A}\n\nsportel-key new {KEY_B}\n"))
    assert ring.active_id == "new"
    assert ring.keys == {"old": b"a" * 32, "new": b"b" * 32}


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o420, 0o644, 0o401])
def test_a_key_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "k", f"sportel-key a {KEY_A}\n", mode)
    with pytest.raises(KeyFileError, match="can be read by others; run: chmod 0400"):
        read_key_file(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("sportel-key a\n", "line 1 of the key file .* is damaged"),
        (f"sportel-key a {KEY_A} more\n", "line 1 of the key file .* is damaged"),
        (f"other-mark a {KEY_A}\n", "line 1 of the key file .* is damaged"),
        (f"sportel-key a {KEY_A}\nsportel-key b {KEY_B[:-4]}\n", "line 2 of the key file .* is damaged"),
        ("sportel-key a !!!!\n", "line 1 of the key file .* is damaged"),
        ("sportel-key a ëëëë\n", "cannot be read"),
    ],
)
def test_a_damaged_key_file_is_refused_with_its_line_and_without_its_content(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(KeyFileError, match=reason) as refused:
        read_key_file(write(tmp_path / "k", text))
    assert "\n" not in str(refused.value)
    assert KEY_A not in str(refused.value)
    assert KEY_B[:-4] not in str(refused.value)


def test_a_missing_key_file_says_where_it_should_be_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="is missing; put it back from its backup, or set SPORTEL_KEY_FILE"):
        read_key_file(tmp_path / "gone")


def test_a_folder_in_the_place_of_the_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be read"):
        read_key_file(tmp_path)
