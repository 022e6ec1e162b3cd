"""What visitors upload, as folders of files: every worker, and every replica on a shared volume, can read them.

    <id>/            what is kept; see `app.view_id`
    <id>/owner       SHA-256 of the token that can delete it
    .new-…/          being written

A folder appears and disappears in one step, by renaming. Nothing but its id and the token is needed to find or to
delete it, so there is no list that several processes would have to agree on.
"""

import hashlib
import hmac
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.errors import StateFull
from app.settings import Settings
from app.view_id import expiry_of, is_view_id, new_view_id

OWNER_FILE = "owner"

WRITING_SECONDS = 900.0
"""A folder that is being written for longer belongs to a process that was killed."""


@contextmanager
def state_of(settings: Settings) -> Iterator[Path]:
    """The folder of the settings; without one, a folder that is deleted at the end."""
    if settings.state is not None:
        yield settings.state
        return
    with tempfile.TemporaryDirectory(prefix="kernelscope-") as folder:
        yield Path(folder)


@dataclass(frozen=True)
class NewFolder:
    """A folder that is being written.

    Attributes:
        path: Where to write.
        id: Its id, once it is kept.
    """

    path: Path
    id: str


class StateFolder:
    """Folders of visitors, bounded in number, bytes and age."""

    def __init__(self, folder: Path, kind: str, most: int, most_bytes: int, seconds: float) -> None:
        """Use a folder, which is created if it does not exist.

        Args:
            folder: Of this kind of thing alone.
            kind: What one of these things is called, for messages.
            most: Things kept at a time.
            most_bytes: Of all of them.
            seconds: How long each is kept.
        """
        self._folder = folder
        self._kind = kind
        self._most = most
        self._most_bytes = most_bytes
        self.seconds = seconds
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def new_folder(self) -> Iterator[NewFolder]:
        """A folder to write into; it is deleted at the end, unless `keep` was called.

        Raises:
            StateFull: There is no room for another one.
        """
        self.sweep()
        number, size = self.usage()
        if number >= self._most or size >= self._most_bytes:
            raise StateFull(
                f"The room for visitors' {self._kind}s is taken: {number} of {self._most}, {size / 1e6:.0f} of "
                f"{self._most_bytes / 1e6:.0f} MB. Each is deleted after {self.seconds / 3600:g} hours, or "
                "earlier with its token.",
                retry_seconds=self._seconds_until_room(),
            )
        new = NewFolder(self._folder / f".new-{secrets.token_hex(8)}", new_view_id(self.seconds))
        new.path.mkdir(mode=0o700)
        try:
            yield new
        finally:
            shutil.rmtree(new.path, ignore_errors=True)

    def keep(self, new: NewFolder) -> str:
        """Make what was written readable under its id.

        Returns:
            The owner's token: whoever knows it and the id can delete the folder. It is stored nowhere.
        """
        owner = secrets.token_urlsafe(24)
        (new.path / OWNER_FILE).write_text(_digest(owner))
        new.path.rename(self._folder / new.id)
        return owner

    def find(self, view_id: str) -> Path | None:
        """The folder of an id; None if there is none, or not any more."""
        if not is_view_id(view_id) or expiry_of(view_id) <= time.time():
            return None
        folder = self._folder / view_id
        return folder if folder.is_dir() else None

    def path_of(self, view_id: str) -> Path:
        """Where an id's folder is, if it is kept."""
        return self._folder / view_id

    def remove(self, view_id: str, owner: str) -> bool:
        """Delete what this owner uploaded; False if there is no such thing, or the owner is somebody else."""
        folder = self.find(view_id)
        if folder is None:
            return False
        try:
            stored = (folder / OWNER_FILE).read_text()
        except OSError:  # deleted at the same time
            return False
        if not hmac.compare_digest(stored, _digest(owner)):
            return False
        return self._delete(folder)

    def sweep(self) -> None:
        """Delete what is too old, and what a killed process left half written."""
        now = time.time()
        for folder in self._folders():
            if is_view_id(folder.name):
                is_old = expiry_of(folder.name) <= now
            else:
                is_old = _written_at(folder) < now - WRITING_SECONDS
            if is_old:
                self._delete(folder)

    def usage(self) -> tuple[int, int]:
        """How many folders there are, those being written included, and their bytes."""
        folders = self._folders()
        return len(folders), sum(_size(folder) for folder in folders)

    def kept(self) -> list[Path]:
        """The folders that are kept now; one of them may be deleted at any time."""
        return [folder for folder in self._folders() if is_view_id(folder.name)]

    def what_became_of(self, view_id: str) -> str:
        """Why nothing is found under an id, in sentences."""
        kept = f"{self._kind.capitalize()}s of visitors are kept for {self.seconds / 3600:g} hours"
        if is_view_id(view_id) and (expiry := expiry_of(view_id)) <= time.time():
            deleted = datetime.fromtimestamp(expiry, UTC)
            return f"{kept}; this one was deleted at {deleted:%Y-%m-%d %H:%M} UTC."
        return f"There is no such {self._kind}. {kept}, or until they are deleted."

    def _folders(self) -> list[Path]:
        """Those that are kept, being written and being deleted."""
        with os.scandir(self._folder) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir()]

    def _seconds_until_room(self) -> int:
        ends = [expiry_of(folder.name) for folder in self.kept()]
        return max(1, int(min(ends, default=time.time() + WRITING_SECONDS) - time.time()))

    def _delete(self, folder: Path) -> bool:
        """In one step for those who look; whether it was this call that did it."""
        gone = self._folder / f".gone-{secrets.token_hex(8)}"
        try:
            folder.rename(gone)
        except OSError:  # another process was quicker
            return False
        shutil.rmtree(gone, ignore_errors=True)
        return True


def _digest(owner: str) -> str:
    return hashlib.sha256(owner.encode()).hexdigest()


def _written_at(folder: Path) -> float:
    with suppress(OSError):
        return folder.stat().st_mtime
    return time.time()


def _size(folder: Path) -> int:
    """Bytes of the files in a folder; of those that are deleted meanwhile, none."""
    size = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                size += _size(Path(entry.path)) if entry.is_dir(follow_symlinks=False) else entry.stat().st_size
    return size
