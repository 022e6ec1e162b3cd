"""Folders of visitors: found by id, deleted by their owner, bounded, gone after a while."""

import os
import time
from pathlib import Path

import anyio
import pytest

from app import lifespan, state_folder
from app.errors import StateFull
from app.settings import Settings
from app.state_folder import StateFolder
from app.view_id import RANDOM_LETTERS, expiry_of, is_view_id, new_view_id, without_view_ids
from tests.servers import client_of


def upload(state: StateFolder, content: str = "weights") -> tuple[str, str]:
    with state.new_folder() as new:
        (new.path / "file").write_text(content)
        return new.id, state.keep(new)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_is_kept_is_found_by_its_id_alone(tmp_path: Path):
    state = StateFolder(tmp_path / "networks", "network", most=10, most_bytes=10**6, seconds=3600)

    first, _ = upload(state, "first")
    second, _ = upload(state, "second")

    assert first != second
    found = StateFolder(tmp_path / "networks", "network", most=10, most_bytes=10**6, seconds=3600).find(first)
    assert found is not None
    assert (found / "file").read_text() == "first"
    assert state.find(new_view_id(3600)) is None
    assert state.find("../networks") is None


@pytest.mark.anyio
async def test_what_is_too_old_is_deleted_although_nobody_uploads(
    artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lifespan, "SWEEP_SECONDS", 0.01)

    async with client_of(Settings(artifacts=artifacts, state=tmp_path)):
        old = tmp_path / "networks" / new_view_id(-1)
        old.mkdir()
        with anyio.fail_after(20):
            while old.exists():  # noqa: ASYNC110
                await anyio.sleep(0.01)


def test_only_its_owner_deletes_it(tmp_path: Path):
    state = StateFolder(tmp_path, "network", most=10, most_bytes=10**6, seconds=3600)
    mine, owner = upload(state)
    theirs, other = upload(state)

    assert not state.remove(mine, other)
    assert not state.remove(mine, "")
    assert not state.remove(new_view_id(3600), owner)
    assert names(tmp_path) == {mine, theirs}
    assert state.remove(mine, owner)
    assert not state.remove(mine, owner)
    assert names(tmp_path) == {theirs}


def test_the_token_is_not_stored(tmp_path: Path):
    state = StateFolder(tmp_path, "network", most=10, most_bytes=10**6, seconds=3600)

    _, owner = upload(state)

    assert all(owner not in path.read_text() for path in tmp_path.rglob("*") if path.is_file())


def test_number_and_bytes_are_bounded(tmp_path: Path):
    few = StateFolder(tmp_path / "few", "network", most=2, most_bytes=10**6, seconds=7200)
    upload(few)
    upload(few)
    with pytest.raises(
        StateFull, match=r"The room for visitors' networks is taken: 2 of 2, 0 of 1 MB. Each is deleted after 2 hours"
    ) as refused:
        upload(few)
    assert 7200 - 120 < int(refused.value.headers["Retry-After"]) <= 7200

    small = StateFolder(tmp_path / "small", "network", most=10, most_bytes=100, seconds=7200)
    upload(small, "x" * 200)
    with pytest.raises(StateFull, match=r"1 of 10, 0 of 0 MB"):
        upload(small)


def test_what_fails_leaves_nothing(tmp_path: Path):
    state = StateFolder(tmp_path, "network", most=10, most_bytes=10**6, seconds=3600)

    def fail() -> None:
        with state.new_folder() as new:
            (new.path / "file").write_text("half")
            raise ValueError("unreadable")

    with pytest.raises(ValueError, match="unreadable"):
        fail()

    assert names(tmp_path) == set()
    assert state.usage() == (0, 0)


def test_what_is_too_old_is_neither_found_nor_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    state = StateFolder(tmp_path, "network", most=10, most_bytes=10**6, seconds=3600)
    old, owner = upload(state)
    now = time.time()

    monkeypatch.setattr(time, "time", lambda: now + 3500)
    assert state.find(old) is not None
    monkeypatch.setattr(time, "time", lambda: now + 3601)
    assert state.find(old) is None
    assert not state.remove(old, owner)
    state.sweep()

    assert names(tmp_path) == set()


def test_what_a_killed_process_was_writing_is_deleted_later(tmp_path: Path):
    state = StateFolder(tmp_path, "network", most=10, most_bytes=10**6, seconds=3600)
    with state.new_folder() as new:
        half = new.path
        state.sweep()
        assert half.exists()
        written = time.time() - state_folder.WRITING_SECONDS - 1
        os.utime(half, (written, written))
        state.sweep()
        assert not half.exists()


def test_nobody_else_on_the_machine_can_look_in(tmp_path: Path):
    state = StateFolder(tmp_path / "state" / "networks", "network", most=10, most_bytes=10**6, seconds=3600)
    kept, _ = upload(state)

    assert (tmp_path / "state" / "networks").stat().st_mode & 0o077 == 0
    assert (tmp_path / "state" / "networks" / kept).stat().st_mode & 0o077 == 0


def test_an_id_tells_when_it_ends_and_hides_in_logs():
    before = time.time()

    ids = {new_view_id(3600) for _ in range(100)}

    assert len(ids) == 100
    for view_id in ids:
        assert is_view_id(view_id)
        assert before + 3540 <= expiry_of(view_id) <= time.time() + 3600
        assert len(view_id) == 9 + RANDOM_LETTERS
        assert without_view_ids(f"/api/v1/models/{view_id}/evidence") == "/api/v1/models/v…/evidence"
    assert not is_view_id("cnn")
