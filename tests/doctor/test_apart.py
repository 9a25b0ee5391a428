"""On which disks the store lies and what is to outlast it, as the kernel tells of partitions, volumes and shares."""

from pathlib import Path

import pytest

from dtm_contact.doctor import CheckState, apart
from tests.doctor.scene import Scene

DISKS = {"8:1": "sda/sda1", "8:2": "sda/sda2", "8:17": "sdb/sdb1", "253:0": "dm-0", "253:1": "dm-1", "9:0": "md0"}
BELOW = {"dm-0": ("sda/sda2",), "dm-1": ("sda/sda2", "sdb/sdb1"), "md0": ("sdb/sdb1",)}


@pytest.fixture
def machine(scene: Scene) -> Scene:
    """A machine with two disks: partitions, volumes over one and over both, a mirror."""
    devices = scene.folder / "sys" / "devices"
    for device in DISKS.values():
        (devices / device / "slaves").mkdir(parents=True)
        if "/" in device:
            (devices / device / "partition").touch()
    for device, parts in BELOW.items():
        for part in parts:
            (devices / device / "slaves" / Path(part).name).symlink_to(devices / part)
    (scene.folder / "sys" / "dev" / "block").mkdir(parents=True)
    for number, device in DISKS.items():
        (scene.folder / "sys" / "dev" / "block" / number).symlink_to(devices / device)
    scene.patch.setattr(apart, "SYS", scene.folder / "sys")
    scene.patch.setattr(apart, "PROC", scene.folder / "proc")
    return scene


def mount(scene: Scene, **mounts: str) -> None:
    """Mount folders of the scene: `NUMBER KIND SOURCE` each; what names none lies on the first disk."""
    (scene.folder / "proc" / "self").mkdir(parents=True)
    lines = ["20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"]
    for at, told in mounts.items():
        (scene.folder / at).mkdir(exist_ok=True)
        number, kind, source = told.split()
        lines.append(f"21 20 {number} / {scene.folder / at} rw,noatime - {kind} {source} rw,size=1m")
    (scene.folder / "proc" / "self" / "mountinfo").write_text("\n".join(lines).replace(" room", "\\040room") + "\n")


def found(scene: Scene, folder: str) -> tuple[CheckState, str]:
    (scene.folder / folder).mkdir(exist_ok=True)
    scene.set(danger={"folder": str(scene.folder / folder)})
    scene.write()
    (result,) = scene.found("apart", offline=True)
    return result.state, f"{result.message} {result.remedy}"


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ("8:2 ext4 /dev/sda2", "sda"),
        ("253:0 xfs /dev/mapper/data", "sda"),
        ("253:1 xfs /dev/mapper/both", "sda"),
    ],
)
def test_another_partition_or_volume_of_the_same_disk_is_the_same_disk(machine: Scene, told: str, names: str) -> None:
    mount(machine, danger=told)
    state, said = found(machine, "danger")
    assert state is CheckState.WARNING
    assert f"danger.folder: on the disk of the store ({names})" in said
    assert "this machine has one disk" in said


@pytest.mark.parametrize("told", ["8:17 ext4 /dev/sdb1", "9:0 ext4 /dev/md0", "0:50 nfs4 files:/export"])
def test_another_disk_or_a_share_is_well(machine: Scene, told: str) -> None:
    mount(machine, danger=told)
    assert found(machine, "danger") == (CheckState.OK, "on another disk than the store: danger.folder ")


def test_a_disk_that_is_mounted_is_named_where_the_page_does_not_lie_on_it(machine: Scene) -> None:
    mount(machine, archive="8:17 ext4 /dev/sdb1")
    state, said = found(machine, "danger")
    assert state is CheckState.WARNING
    assert f"one is mounted at {machine.folder}/archive; in ReadWritePaths" in said


def test_a_page_in_memory_is_gone_with_the_next_start(machine: Scene) -> None:
    mount(machine, danger="0:40 tmpfs tmpfs")
    state, said = found(machine, "danger")
    assert (state, "lies in memory (tmpfs)" in said) == (CheckState.WARNING, True)


@pytest.mark.parametrize(("host", "state"), [("db.example", CheckState.OK), ("localhost", CheckState.SKIPPED)])
def test_only_of_a_database_elsewhere_it_is_known_where_it_lies(machine: Scene, host: str, state: CheckState) -> None:
    mount(machine)
    machine.set(store={"url": f"postgresql://dtm@{host}/dtm"})
    assert found(machine, "danger")[0] is state
