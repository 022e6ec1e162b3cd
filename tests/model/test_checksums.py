"""Sums of artifacts: what is changed, cut short, missing or added is found and named."""

import hashlib
from pathlib import Path

import pytest

from model.checksums import CHECKSUMS_FILE, verify_checksums, write_checksums
from model.errors import ArtifactError

ARTIFACTS = Path(__file__).resolve().parents[2] / "model" / "artifacts"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "weights.bin").write_bytes(b"abc")
    (tmp_path / "samples.bin").write_bytes(b"")
    write_checksums(tmp_path)
    return tmp_path


def test_sums_are_those_of_the_standard(folder: Path):
    # FIPS 180-2, appendix B.1.
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  net/weights.bin"

    assert (folder / CHECKSUMS_FILE).read_text().splitlines()[0] == known
    assert verify_checksums(folder)


def test_committed_artifacts_are_what_their_sums_say():
    assert verify_checksums(ARTIFACTS)


def test_folder_without_sums_is_not_judged(tmp_path: Path):
    assert not verify_checksums(tmp_path)


@pytest.mark.parametrize("content", [b"abd", b"ab"])
def test_changed_or_cut_file_is_named_with_both_sums(folder: Path, content: bytes):
    (folder / "net" / "weights.bin").write_bytes(content)

    with pytest.raises(ArtifactError, match=r"weights\.bin was changed or cut short: its SHA-256 is") as caught:
        verify_checksums(folder)
    assert hashlib.sha256(content).hexdigest() in str(caught.value)
    assert "ba7816bf" in str(caught.value)


def test_missing_file_is_named(folder: Path):
    (folder / "samples.bin").unlink()

    with pytest.raises(ArtifactError, match=r"samples\.bin is missing; .*SHA256SUMS names it"):
        verify_checksums(folder)


def test_added_file_is_named(folder: Path):
    (folder / "net" / "more.bin").write_bytes(b"")

    with pytest.raises(ArtifactError, match=r"more\.bin has no line in .*`python -m model\.checksums`"):
        verify_checksums(folder)


def test_damaged_sums_are_named(folder: Path):
    (folder / CHECKSUMS_FILE).write_text("nonsense\n")

    with pytest.raises(ArtifactError, match="SHA256SUMS, line 1, is not a SHA-256 and a file name"):
        verify_checksums(folder)
