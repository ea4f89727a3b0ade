"""Event files of data providers (StatsBomb, Opta, Wyscout, ...) as actions of a class list.

`spotkick.events` reads them through kloppy and maps them by rules in a file. They are only read.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from spotkick.actions import MatchActions
from spotkick.events.kloppy_reader import read_feed
from spotkick.events.mapping import load_mapping, map_feed
from spotkick.events.providers import find_provider
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.format import Family, Format, ReadOptions
from spotkick.formats.sample import Certainty, Sample

_STARTS: Final = (b"{", b"[", b"<")


def read_provider_events(path: Path, options: ReadOptions) -> Sequence[MatchActions]:
    """Read the events of one match, mapped by ``options.mapping``.

    Raises:
        InputError: if no provider is recognised, or a file is damaged or missing.
        ConfigError: if the mapping is malformed.
        MissingExtraError: without kloppy.
    """
    mapped = map_feed(read_feed(path), load_mapping(options.mapping))
    for kind, count in mapped.left_out.items():
        options.unread[f"event of type {kind}"] += count
    if mapped.repeated:
        options.unread["event that repeats the one before"] += mapped.repeated
    return (mapped.match,)


def _detect_events(sample: Sample) -> Certainty:
    if sample.is_folder or not sample.head.startswith(_STARTS) or not sample.path.is_file():
        return Certainty.NO
    return Certainty.NAME if find_provider(sample.path) is not None else Certainty.NO


FORMAT: Final = Format(
    name="provider-events",
    title="Events of a data provider",
    description="event files of StatsBomb, Opta, Wyscout, DataFactory, Sportec, Stats Perform and "
    "Metrica; needs kloppy",
    family=Family.TOOL,
    capabilities=Capabilities(
        confidence=False, visibility=False, details=True, negative=False, empty=False
    ),
    detect=_detect_events,
    reader=read_provider_events,
)
