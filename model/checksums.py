"""SHA-256 of every file of an artifacts folder, in the form that `sha256sum -c` reads."""

import hashlib
from pathlib import Path

from model.errors import ArtifactError

CHECKSUMS_FILE = "SHA256SUMS"


def write_checksums(folder: Path) -> None:
    """Write the checksums of all files below a folder."""
    lines = [f"{_sum_of(path)}  {path.relative_to(folder).as_posix()}\n" for path in _files(folder)]
    (folder / CHECKSUMS_FILE).write_text("".join(lines), encoding="utf-8")


def verify_checksums(folder: Path) -> bool:
    """Verify the checksum of every file below a folder; False if the folder has no checksums.

    Raises:
        ArtifactError: A file was changed, is missing, or has no checksum.
    """
    sums = folder / CHECKSUMS_FILE
    if not sums.exists():
        return False
    expected: dict[str, str] = {}
    for number, line in enumerate(sums.read_text(encoding="utf-8").splitlines(), start=1):
        digest, separator, name = line.partition("  ")
        if not separator or len(digest) != 64:
            raise ArtifactError(f"{sums}, line {number}, is not a SHA-256 and a file name")
        expected[name] = digest
    files = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    for name in expected:
        if name not in files:
            raise ArtifactError(f"{folder / name} is missing; {sums} names it")
    for name, path in files.items():
        if name not in expected:
            raise ArtifactError(
                f"{path} has no line in {sums}; `python -m model.checksums` writes the checksums of all files"
            )
        found = _sum_of(path)
        if found != expected[name]:
            raise ArtifactError(
                f"{path} was changed or cut short: its SHA-256 is {found}, but {sums} has {expected[name]}"
            )
    return True


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CHECKSUMS_FILE)


def _sum_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    committed = Path(__file__).with_name("artifacts")
    write_checksums(committed)
    print(f"wrote {committed / CHECKSUMS_FILE}")
