"""A kill or an error at every call that changes files, in every process that appends a record.

Nothing is lost, nothing doubled, and the next command brings out what waits. Calls that leave the same behind as their
neighbours (the fifth of fourteen loose objects, a sync to disk that the kernel sees through anyway) are struck in one
scene and sampled in the others.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests.publish.faults import MAIN, Point, Runner
from tests.publish.struck import CHANGES, DEPLOY, KILL, SYNC, Scene, Scenes, Tally
from tests.support import isolation
from tests.support.gpg import GpgHome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gpg import GpgKeys

ALONE = Scene(name="alone", command=DEPLOY)
SHARED = Scene(name="shared", command=DEPLOY)
BEHIND = Scene(name="behind", command=DEPLOY)
KEPT = Scene(name="shared", command=(*DEPLOY, "--no-push"))
THREE = Scene(name="shared", command=CHANGES, records=3)
SYNCS = {"fsync", "fdatasync"}
ERRORS = {"fsync": "EIO", "fdatasync": "EIO", "unlink": "EIO", "rmdir": "EIO"}
"""What each call fails with; the others meet a full disk."""


@pytest.fixture(scope="module")
def scenes(gpg_keys: GpgKeys) -> Iterator[Scenes]:
    """Give prepared repositories, and a key that all copies sign with; in memory, as hundreds of copies are made."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder in it
    with (
        TemporaryDirectory(dir=memory if memory.is_dir() else None) as place,
        isolation.sandbox() as made,
        pytest.MonkeyPatch.context() as patch,
    ):
        folder = Path(place)
        (folder / "runner").mkdir()
        (folder / "scenes").mkdir()
        for name, value in isolation.environment(made, {}).items():
            patch.setenv(name, value)
        home = GpgHome(made.gnupg)
        home.add(gpg_keys.plain)
        runner = Runner(folder / "runner")
        yield Scenes(folder / "scenes", runner, gpg_keys.plain.fingerprint)
        runner.close()


def sampled(points: list[Point], *, syncs: bool = False) -> list[Point]:
    """Return points, without syncs to disk unless asked, and of the calls on objects three of each kind."""
    chosen: list[Point] = []
    objects: dict[tuple[str, str], list[Point]] = {}
    for point in points:
        if point.call in SYNCS and not syncs:
            continue  # a kill before a sync leaves what a kill after it leaves: the disk keeps its power
        if "objects/" in point.text:
            objects.setdefault((point.process, point.call), []).append(point)
        else:
            chosen.append(point)
    for group in objects.values():
        chosen += {point.number: point for point in (group[0], group[len(group) // 2], group[-1])}.values()
    return chosen


def show(capsys: pytest.CaptureFixture[str], title: str, tally: Tally) -> None:
    """Print the numbers past pytest's capture."""
    with capsys.disabled():
        print(f"\n{title}: {tally}")  # noqa: T201 - how much was exercised belongs into the log of the run


@pytest.mark.slow
@pytest.mark.parametrize("part", [0, 1])
def test_a_kill_at_every_call_without_a_remote(scenes: Scenes, capsys: pytest.CaptureFixture[str], part: int) -> None:
    """Every single call of a command that only writes here, object by object, and of the git that moves the refs."""
    points = scenes.points(ALONE)
    tally = Tally(calls=len(points))

    for number, point in enumerate(points):
        if number % 2 == part and point.call not in SYNCS:
            scenes.strike(ALONE, point, KILL, (SYNC, DEPLOY)[number // 2 % 2], tally)

    show(capsys, f"kills without a remote, part {part}", tally)
    assert sum(tally.struck.values()) > tally.calls // 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scene", "after"),
    [(SHARED, (SYNC, DEPLOY)), (BEHIND, (DEPLOY, SYNC)), (KEPT, (SYNC, DEPLOY)), (THREE, (SYNC, CHANGES))],
    ids=["with a remote", "behind its remote", "without pushing", "three changes"],
)
def test_a_kill_at_every_kind_of_call(
    scenes: Scenes, capsys: pytest.CaptureFixture[str], scene: Scene, after: tuple[tuple[str, ...], ...]
) -> None:
    """Kills in gitaudit, in each git that it starts, and in those that serve its push."""
    points = scenes.points(scene)
    tally = Tally(calls=len(points))

    for number, point in enumerate(sampled(points)):
        scenes.strike(scene, point, KILL, after[number % 2], tally)

    show(capsys, f"kills {' '.join(scene.command)} in {scene.name}", tally)
    assert sum(tally.struck.values()) > 20
    assert MAIN in tally.struck


@pytest.mark.slow
@pytest.mark.parametrize("scene", [SHARED, BEHIND], ids=["with a remote", "behind its remote"])
def test_an_error_at_every_kind_of_call(scenes: Scenes, capsys: pytest.CaptureFixture[str], scene: Scene) -> None:
    """A full disk or a failing one: exit code 2 or 3 with a message, or no harm done; the next command drains."""
    points = scenes.points(scene)
    tally = Tally(calls=len(points))

    for number, point in enumerate(sampled(points, syncs=True)):
        fault = f"error={ERRORS.get(point.call, 'ENOSPC')}"
        scenes.strike(scene, point, fault, (SYNC, DEPLOY)[number % 2], tally)

    show(capsys, f"errors in {scene.name}", tally)
    assert sum(tally.struck.values()) > 50
    assert MAIN in tally.struck
