"""``spotkick features``: feature tracks from commentary."""

import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spotkick.errors import ConfigError, InputError
from spotkick.features.tracks import FeatureSource
from spotkick.timeline import FEATURE_RATE, parse_frame_rate

if TYPE_CHECKING:
    from spotkick.features.commentary import CommentaryHalf
    from spotkick.features.text import TextModel

_DIM = 512
_LINES = 10


def features(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT...", help="Folders of matches, or match folders.")],
    out: Annotated[Path, typer.Option(help="Folder for the features: <out>/<league>/<season>/<match>/<period>_<name>.npy.")],
    kind: Annotated[str, typer.Option(help="commentary.")] = "commentary",
    rate: Annotated[str | None, typer.Option(help="Feature frames per second.", show_default="2")] = None,
    dim: Annotated[int | None, typer.Option(min=2, help="Values per frame.", show_default=str(_DIM))] = None,
    split: Annotated[list[Path] | None, typer.Option(help="Only the matches of this split file; may be repeated.")] = None,
    fit_split: Annotated[
        Path | None, typer.Option(help="Split file of the matches to fit on.", show_default="splits/train.txt of the first INPUT")
    ] = None,
    source: Annotated[
        Path | None, typer.Option(help="Use the fitted source of this feature set or checkpoint; nothing is fitted.")
    ] = None,
) -> None:
    """Make feature tracks: one vector per frame, two frames a second.

    Commentary (<period>_asr.json of SoccerNet-Echoes) becomes TF-IDF of words and word pairs, projected by a truncated SVD. It is
    fitted on the training split only, and saved in <out>/commentary.source. A set that has a source already goes on with it.
    """
    if kind != "commentary":
        raise ConfigError(f"--kind must be commentary, got {kind!r}")
    from spotkick.features.commentary import find_commentary, write_commentary_source, write_commentary_tracks

    found = [half for root in inputs for half in find_commentary(root)]
    chosen = found if split is None else _of_matches(found, split)
    _require_distinct(chosen)
    model, described = _source_for(found, inputs[0], out, fit_split, source, rate=rate, dim=dim)
    write_commentary_source(model, described, out)
    summary = write_commentary_tracks(_shown(chosen), out, model, described)
    typer.echo(
        f"{summary.halves} halves, {summary.frames:,} frames of {described.dim} values at {described.frame_rate} per second "
        f"({summary.silent} without commentary, {summary.failed} failed): {out}"
    )
    if summary.failed:
        raise typer.Exit(1)


def _of_matches(halves: Sequence["CommentaryHalf"], splits: Sequence[Path]) -> list["CommentaryHalf"]:
    """Halves of the matches that split files name."""
    from spotkick.formats.matches import require_matches
    from spotkick.formats.splits import read_split

    wanted: set[str] = set()
    for split in splits:
        names = read_split(split)
        require_matches(names, {half.match for half in halves}, str(split))
        wanted |= set(names)
    return [half for half in halves if half.match in wanted]


def _require_distinct(halves: Collection["CommentaryHalf"]) -> None:
    seen: dict[tuple[str, int], Path] = {}
    for half in halves:
        other = seen.setdefault((half.match, half.period), half.path)
        if other is not half.path:
            raise InputError(f"two inputs hold period {half.period} of match {half.match!r}: {other} and {half.path}; give one")


def _source_for(
    halves: Sequence["CommentaryHalf"],
    root: Path,
    out: Path,
    fit_split: Path | None,
    source: Path | None,
    *,
    rate: str | None,
    dim: int | None,
) -> tuple["TextModel", FeatureSource]:
    """A given source, or the one that ``out`` has already, or a new one fitted on the training split."""
    from spotkick.features.commentary import FEATURE_NAME, commentary_source, fit_commentary, read_commentary_source
    from spotkick.features.tracks import SOURCE_SUFFIX

    if source is not None and fit_split is not None:
        raise ConfigError("--source brings a fitted source and --fit-split fits a new one; give one of the two")
    present = out / f"{FEATURE_NAME}{SOURCE_SUFFIX}"
    if source is None and fit_split is None and (present / "source.json").is_file():
        source = present
    frame_rate = None if rate is None else parse_frame_rate(rate)
    if source is not None:
        model, described = read_commentary_source(source)
        if dim not in (None, described.dim) or frame_rate not in (None, described.frame_rate):
            raise ConfigError(
                f"{source}: its features have {described.dim} values at {described.frame_rate} per second; leave out --dim and "
                f"--rate, or fit another source in another folder"
            )
        return model, described
    default = root / "splits" / "train.txt"
    if fit_split is None and not default.is_file():
        raise InputError(
            f"{default}: no such file; name the matches to fit on with --fit-split, or a fitted source with --source: features "
            f"that were fitted on matches of the test split would spoil every score on it"
        )
    training = _of_matches(halves, [fit_split or default])
    typer.echo(f"fitting on {len(training)} halves", err=True)
    model = fit_commentary(training, dim=dim or _DIM)
    typer.echo(f"{len(model.terms):,} terms; {model.explained_variance:.1%} of the variance kept", err=True)
    return model, commentary_source(model, frame_rate=frame_rate or FEATURE_RATE)


def _shown(halves: Sequence["CommentaryHalf"]) -> Iterator["CommentaryHalf"]:
    """The halves, with a progress bar on a terminal and ten plain lines elsewhere."""
    from tqdm import tqdm

    if sys.stderr.isatty():
        yield from tqdm(halves, unit="half", leave=False)
        return
    step = max(1, len(halves) // _LINES)
    for number, half in enumerate(halves, start=1):
        yield half
        if number % step == 0:
            typer.echo(f"{number} of {len(halves)} halves", err=True)
