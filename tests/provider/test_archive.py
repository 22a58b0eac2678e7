"""The same archive gives the same bytes on every run."""

import io
import zipfile
from pathlib import Path

import pytest

from local.provider.archive import zip_bytes
from local.provider.values import Value


def contents(zipped: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_zip_file_is_taken_as_it_lies_there(tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(b"any bytes")
    assert zip_bytes({"path": str(tmp_path / "code.zip")}) == b"any bytes"


def test_folder_and_texts_are_zipped_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "b.py").write_bytes(b"b")
    archive: Value = {"assets": {"a.py": {"text": "a"}, "lib": {"path": str(tmp_path)}}}
    assert contents(zip_bytes(archive)) == {"a.py": b"a", "lib/inner/b.py": b"b"}


def test_order_of_members_does_not_change_the_bytes() -> None:
    a: dict[str, Value] = {"a.py": {"text": "a"}}
    b: dict[str, Value] = {"b.py": {"text": "b"}}
    assert zip_bytes({"assets": {**a, **b}}) == zip_bytes({"assets": {**b, **a}})


@pytest.mark.parametrize(
    "wrong", [{"uri": "https://example.com/code.zip"}, {"path": "no/such"}, "x"]
)
def test_what_is_not_on_this_disk_is_refused(wrong: Value) -> None:
    with pytest.raises(ValueError, match="must be an archive or asset on this disk"):
        zip_bytes(wrong)
