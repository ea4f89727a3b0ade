"""What is written, read by programs that are not ours: the same labels at the same times."""

import warnings
from pathlib import Path

import pandas as pd
import pytest
from pympi import Elan

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.formats.audacity import write_audacity_segments
from spotkick.formats.elan import write_elan_segments
from spotkick.formats.segments import Segment, VideoSegments
from spotkick.formats.tables import write_table

SEGMENTS = (
    Segment(0.0, 0.0, "Kick-off"),
    Segment(1.5, 9.25, "Attack <left> & right"),
    Segment(5.001, 12.0, "Attack <left> & right"),
    Segment(3725.999, 3725.999, "Tor für Köln 日本"),
)
ACTIONS = (
    Action("Goal", 1, 61_234, 0.5, "home", Visibility.VISIBLE, (("player", "Ann, B."),)),
    Action('Yellow->red card "2"', 2, 2_700_001, 1.0, "away", Visibility.NOT_SHOWN),
    Action("Corner", 2, 0, 0.25),
)


def test_write_elan_segments_pympi_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "final.eaf"
    write_elan_segments(path, [VideoSegments("final", None, SEGMENTS)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        document = Elan.Eaf(str(path))
    found = [
        (start, end, value or tier)
        for tier in document.get_tier_names()
        for start, end, value in document.get_annotation_data_for_tier(tier)
    ]

    # An annotation needs a length, which a spot has not.
    wanted = sorted(
        (round(1000 * item.start_s), item.label, round(1000 * item.end_s)) for item in SEGMENTS
    )
    assert sorted((start, value) for start, _, value in found) == [row[:2] for row in wanted]
    ends = {(start, value): end for start, end, value in found}
    assert all(ends[row[0], row[1]] == row[2] for row in wanted if row[2] > row[0])
    assert all(end > start for start, end, _ in found)
    (media,) = document.media_descriptors
    assert Path(media["MEDIA_URL"]).stem == "final"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_write_table_pandas_reads_the_same(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"final{suffix}"
    write_table(path, (MatchActions("final", ACTIONS),))
    table = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
    assert list(table["label"]) == [action.label for action in ACTIONS]
    assert list(table["period"]) == [action.period for action in ACTIONS]
    assert list(table["position_ms"]) == [action.position_ms for action in ACTIONS]
    assert list(table["confidence"]) == [action.confidence for action in ACTIONS]
    teams = [team if isinstance(team, str) and team else None for team in table["team"]]
    assert teams == [action.team for action in ACTIONS]
    assert table[table.columns[-1]][0] == "Ann, B."


def test_write_audacity_segments_pandas_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "final.txt"
    write_audacity_segments(path, [VideoSegments("final", None, SEGMENTS)])
    table = pd.read_csv(path, sep="\t", header=None, names=["start", "end", "label"], quoting=3)
    rows = sorted(table.itertuples(index=False, name=None))
    assert rows == sorted((item.start_s, item.end_s, item.label) for item in SEGMENTS)
