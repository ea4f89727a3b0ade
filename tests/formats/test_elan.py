import time
import warnings
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from spotkick.errors import InputError, SpotkickWarning
from spotkick.formats.convert import convert
from spotkick.formats.elan import (
    read_elan_segments,
    write_elan_segments,
)
from spotkick.formats.segments import Segment, VideoSegments


def unread_of(path: Path) -> Counter[str]:
    """What a reader leaves out."""
    found: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        read_elan_segments(path, unread=found)
    return +found


EXPORT = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <MEDIA_DESCRIPTOR MIME_TYPE="video/x-matroska"
            MEDIA_URL="file:///C:/videos/season/match/2_720p.mkv"/>
        <PROPERTY NAME="lastUsedAnnotationId">3</PROPERTY>
    </HEADER>
    <TIME_ORDER>
        <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1500"/>
        <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="2500"/>
        <TIME_SLOT TIME_SLOT_ID="ts3"/><TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="4000"/>
    </TIME_ORDER>
    <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="Pass">
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1"
            TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
            <ANNOTATION_VALUE>High &amp; long</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2"
            TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts4">
            <ANNOTATION_VALUE/></ALIGNABLE_ANNOTATION></ANNOTATION>
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a3"
            TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
            <ANNOTATION_VALUE>unaligned</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    </TIER>
</ANNOTATION_DOCUMENT>
"""


def test_read_elan_segments_export_of_the_tool_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.eaf"
    path.write_text(EXPORT)
    with pytest.warns(UserWarning, match="1 annotations have no time of their own"):
        (video,) = read_elan_segments(path)
    assert video == VideoSegments(
        "match/2", None, (Segment(1.5, 2.5, "High & long"), Segment(2.5, 4.0, "Pass"))
    )


def test_write_elan_segments_overlaps_go_to_further_tiers(tmp_path: Path) -> None:
    segments = (
        Segment(1, 3, "a"),
        Segment(2, 4, "a"),
        Segment(3, 5, "a"),
        Segment(1, 1, "b"),
        Segment(1.2, 1.2, "b"),
    )
    write_elan_segments(tmp_path / "x.eaf", (VideoSegments("v", None, segments),))
    root = ET.parse(tmp_path / "x.eaf").getroot()  # noqa: S314 - written by the line above
    slots = {
        slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE", "")) for slot in root.iter("TIME_SLOT")
    }
    tiers = {
        tier.get("TIER_ID"): [
            (slots[found.get("TIME_SLOT_REF1")], slots[found.get("TIME_SLOT_REF2")])
            for found in tier.iter("ALIGNABLE_ANNOTATION")
        ]
        for tier in root.iter("TIER")
    }
    assert tiers == {
        "a": [(1000, 3000), (3000, 5000)],
        "a #2": [(2000, 4000)],
        "b": [(1000, 1500)],
        "b #2": [(1200, 1700)],
    }
    assert list(slots.values()) == sorted(slots.values())  # ELAN wants them in order


def test_write_elan_segments_several_videos_need_a_folder(tmp_path: Path) -> None:
    videos = (VideoSegments("m/1", None, ()), VideoSegments("m/2", None, (Segment(0, 1, "a"),)))
    with pytest.raises(InputError, match="holds one video, 2 were given"):
        write_elan_segments(tmp_path / "x.eaf", videos)
    write_elan_segments(tmp_path / "set", videos)
    assert read_elan_segments(tmp_path / "set") == videos


def test_write_elan_segments_name_outside_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a relative path"):
        write_elan_segments(tmp_path / "set", (VideoSegments("../../outside", None, ()),))


def test_read_elan_segments_entities_are_refused_at_once(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 30))
    path = tmp_path / "x.eaf"
    path.write_text(
        f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "ha">{laughs}]>'
        "<ANNOTATION_DOCUMENT>&l29;</ANNOTATION_DOCUMENT>"
    )
    start = time.monotonic()
    with pytest.raises(InputError, match="document type or entities is not read"):
        read_elan_segments(path)
    assert time.monotonic() - start < 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<ANNOTATION_DOCUMENT>" + b"<a>" * 10_000, "nested deeper than 32"),
        (b"<html></html>", "starts with ANNOTATION_DOCUMENT, found 'html'"),
        (b"<ANNOTATION_DOCUMENT>", "not readable XML: no element found"),
        (b"\xff\xfe<\x00", "not readable XML"),
        (
            b'<?xml version="1.0" encoding="klingon"?><ANNOTATION_DOCUMENT/>',
            "not readable XML: unknown encoding",
        ),
        (
            b'<ANNOTATION_DOCUMENT><HEADER TIME_UNITS="PAL-frames"/></ANNOTATION_DOCUMENT>',
            "TIME_UNITS must be milliseconds",
        ),
        (b"", "not readable XML"),
    ],
)
def test_read_elan_segments_malformed_file_is_refused(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "x.eaf"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        read_elan_segments(path)


def test_write_elan_segments_control_character_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="characters that XML cannot"):
        write_elan_segments(
            tmp_path / "x.eaf", (VideoSegments("v", None, (Segment(0, 1, "bell \x07"),)),)
        )


def annotated(tiers: str, media: str = "./video.mp4") -> str:
    """A file with two time-aligned annotations a1 and a2 at hand for the tiers."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT>
    <HEADER TIME_UNITS="milliseconds"><MEDIA_DESCRIPTOR RELATIVE_MEDIA_URL="{media}"/></HEADER>
    <TIME_ORDER><TIME_SLOT TIME_SLOT_ID="t1" TIME_VALUE="1000"/>
        <TIME_SLOT TIME_SLOT_ID="t2" TIME_VALUE="2000"/></TIME_ORDER>
    {tiers}
</ANNOTATION_DOCUMENT>
"""


def aligned(value: str, name: str = "a1") -> str:
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{name}" TIME_SLOT_REF1="t1" '
        f'TIME_SLOT_REF2="t2"><ANNOTATION_VALUE>{value}</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION>"
    )


def tier_of(name: str, content: str) -> str:
    return f'<TIER TIER_ID="{name}">{content}</TIER>'


def referring(value: str) -> str:
    return (
        '<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="r1" ANNOTATION_REF="a1"><ANNOTATION_VALUE>'
        f"{value}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
    )


@pytest.mark.parametrize(
    ("tiers", "expected"),
    [
        (
            f'<TIER TIER_ID="Shot">{aligned("")}</TIER>{tier_of("Team", referring("home"))}',
            {"annotation on tier 'Team', which refers to others": 1},
        ),
        (
            tier_of("Shot@Home", aligned("Shot")) + tier_of("Shot@Away", aligned("Shot")),
            {
                "name of tier 'Shot@Home' beside a value": 1,
                "name of tier 'Shot@Away' beside a value": 1,
            },
        ),
        (
            f'<TIER TIER_ID="Shot" PARTICIPANT="Smith" ANNOTATOR="me">{aligned("Shot")}</TIER>',
            {"participant of tier 'Shot'": 1, "annotator of tier 'Shot'": 1},
        ),
        (f'<TIER TIER_ID="Shot #2">{aligned("Shot")}</TIER>', {}),
        (
            f'<TIER TIER_ID="Shot">{aligned("Shot")}</TIER><LEXICON_REF NAME="x"/>',
            {"element LEXICON_REF of the source": 1},
        ),
    ],
)
def test_read_elan_segments_counts_what_an_action_cannot_hold(
    tmp_path: Path, tiers: str, expected: dict[str, int]
) -> None:
    path = tmp_path / "x.eaf"
    path.write_text(annotated(tiers))
    assert unread_of(path) == expected
    report = convert(path, tmp_path / "out.csv")
    assert {loss.field: loss.count for loss in report.losses if loss.detail == "not read"} == (
        expected
    )


@pytest.mark.parametrize(
    ("media", "names"),
    [
        ("./video.mp4", ["A/video", "B/video"]),
        ("../videos/m.mp4", ["videos/m", "videos/m"]),
        ("../../videos/my%20match.mxf", ["videos/my match", "videos/my match"]),
        ("./1_720p.mkv", ["A/1", "B/1"]),
    ],
)
def test_read_elan_segments_folder_keeps_different_videos_apart(
    tmp_path: Path, media: str, names: list[str]
) -> None:
    for folder in "AB":
        (tmp_path / "set" / folder).mkdir(parents=True)
        text = annotated(f'<TIER TIER_ID="x">{aligned("x")}</TIER>', media)
        (tmp_path / "set" / folder / "ann.eaf").write_text(text)
    assert [video.video for video in read_elan_segments(tmp_path / "set")] == names


def test_read_elan_segments_percent_in_a_name_comes_back(tmp_path: Path) -> None:
    videos = (VideoSegments("100%25 sure", None, (Segment(0, 1, "a"),)),)
    write_elan_segments(tmp_path / "x.eaf", videos)
    assert read_elan_segments(tmp_path / "x.eaf") == videos
