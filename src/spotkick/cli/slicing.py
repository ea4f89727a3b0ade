"""``spotkick slicing``: context-slicing parameters from labels."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.actions import ActionClasses
from spotkick.cli.options import SplitOption
from spotkick.cli.outputs import check_command_outputs
from spotkick.datasets.splits import read_split_matches
from spotkick.encoding.slicing import PRESETS
from spotkick.errors import ConfigError
from spotkick.files import write_text
from spotkick.formats.classes import find_classes
from spotkick.formats.convert import read_actions
from spotkick.tuning.mean_response import read_score_set
from spotkick.tuning.slicing_estimate import all_labels, estimate_slicing
from spotkick.tuning.slicing_plot import slicing_page, slicing_svg
from spotkick.tuning.slicing_text import estimate_table, to_toml

METHOD = """\
# K1..K4 in seconds, proposed from labels. Without scores: K1 and K2 at the median and the quartile
# of the time since the previous incident of any class, K3 and K4 likewise until the next, shrunk
# where actions of the class crowd. With scores: where the mean response of the segmentation has
# fallen to a half (K2, K3) and a tenth (K1, K4). Assumed: a context lasts until something else
# happens, or as long as the network sees it (which depends on the slicing it was trained with). A
# start for tuning, not a result.
"""


def slicing(
    labels: Annotated[
        Path, typer.Argument(help="Labels in any format that 'spotkick convert' reads.")
    ],
    classes: Annotated[
        str | None,
        typer.Option(
            help="soccernet-v1, soccernet-v2, soccernet-ball, or a file; all labels unless given."
        ),
    ] = None,
    split: SplitOption = None,
    scores: Annotated[
        Path | None,
        typer.Option(help="Folder of predictions with scores.npz of a trained network."),
    ] = None,
    compare: Annotated[str, typer.Option(help="Preset to show beside the estimates: v1, v2.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the TOML block to this file.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write a drawing: .svg or .html.")] = None,
) -> None:
    """Estimate the context slicing K1..K4 of a new sport from labels."""
    check_command_outputs({"--out": out, "--plot": plot}, [labels, scores])
    if compare and compare not in PRESETS:
        raise ConfigError(f"preset must be one of {', '.join(PRESETS)}, got '{compare}'")
    matches = read_actions(labels)
    if split is not None:
        wanted = set(read_split_matches(labels, split))
        matches = tuple(match for match in matches if match.match in wanted)
    found = find_classes(classes) if classes else ActionClasses(all_labels(matches))
    estimates = estimate_slicing(
        matches, found, None if scores is None else read_score_set(scores, matches)
    )
    block = METHOD + to_toml(estimates)
    other = PRESETS[compare] if compare else {}
    if out is not None:
        write_text(out, block)
    if plot is not None:
        draw = slicing_page if plot.suffix.lower() == ".html" else slicing_svg
        write_text(plot, draw(estimates, other, f"preset {compare}"))
    print(block if not compare else f"{block}\n{estimate_table(estimates, other)}")
