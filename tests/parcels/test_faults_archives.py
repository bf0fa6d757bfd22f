"""Faults 77 and 78: zip files are judged before they are unpacked."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from parcels.common.issues import Refused
from parcels.formats.decoding.archives import check_members, unpack
from tests.parcels.making import box, chinese, good, gpkg, has, one, read, shapefile


def zipped(folder: Path, path: Path, name: str = "dk.zip", inside: str = "") -> Path:
    """A shapefile's parts in a zip."""
    target = folder / name
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(path.parent.glob(f"{path.stem}.*")):
            if part != target:
                archive.write(part, f"{inside}{part.name}")
    return target


def test_a_zipped_shapefile_is_read_like_a_plain_one(tmp_path: Path) -> None:
    """Also from a folder inside; the digest is that of the zip."""
    path = shapefile(tmp_path, [box(0, 0)], chinese(1))
    plain = good(path)
    for inside in ("", "数据/"):
        packed = good(zipped(tmp_path, path, inside=inside))
        assert packed.table == plain.table
        assert packed.path.name == "dk.zip"


@pytest.mark.parametrize("name", ["../../evil.shp", "/tmp/evil.shp", "C:/evil.shp", "..\\evil.shp"])
def test_fault_77_paths_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    """Refused by name; nothing is written."""
    target = tmp_path / "a.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
    assert name.replace("\\", "") in one(read(target), "F077").what.replace("\\", "")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]


def test_fault_77_bombs_are_refused_before_extraction(tmp_path: Path) -> None:
    """200 MB in 200 kB is refused by the ratio its own list of sizes shows."""
    target = tmp_path / "bomb.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.dbf", bytes(200_000_000))
    assert target.stat().st_size < 400_000
    assert "times" in one(read(target), "F077").what


def test_fault_77_a_member_longer_than_its_heading_is_refused(tmp_path: Path) -> None:
    """Sizes that lie are found while unpacking."""
    target = tmp_path / "lie.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.shp", b"x" * 100)
    with zipfile.ZipFile(target) as archive:
        members = check_members(archive, "lie.zip")
        members[0].file_size = 10
        with pytest.raises((Refused, zipfile.BadZipFile)):
            unpack(archive, members, tmp_path)


def test_fault_78_links_are_refused(tmp_path: Path) -> None:
    """A symlink in a zip is refused by name."""
    target = tmp_path / "link.zip"
    entry = zipfile.ZipInfo("a.shp")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert "a.shp" in one(read(target), "F078").what


def test_a_text_about_the_files_is_no_second_one(tmp_path: Path) -> None:
    """readme.txt is passed over; boundary points beside a shapefile are a second file."""
    good(_with(tmp_path, "readme.txt", "请用 ArcGIS 打开"))
    assert has(read(_with(tmp_path, "points.txt", "[地块坐标]\n4,0.8,A1,甲,面,,,,@\n")), "F003")


def _with(folder: Path, name: str, text: str) -> Path:
    """A GeoPackage and a text in one zip."""
    source = gpkg(folder, [box(0, 0)])
    with zipfile.ZipFile(folder / "both.zip", "w") as archive:
        archive.write(source, source.name)
        archive.writestr(name, text)
    source.unlink()
    return folder / "both.zip"


def test_several_files_in_a_zip_are_listed(tmp_path: Path) -> None:
    """Which one is meant is asked, and can be said."""
    a = shapefile(tmp_path, [box(0, 0)], chinese(1), name="a.shp")
    b = shapefile(tmp_path, [box(0, 0)], chinese(1), name="b.shp")
    target = tmp_path / "two.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for path in (a, b):
            for part in sorted(tmp_path.glob(f"{path.stem}.*")):
                archive.write(part, part.name)
    assert has(read(target), "F003")
    assert good(target, layer="b").rows == 1
