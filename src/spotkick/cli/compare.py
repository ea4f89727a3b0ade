"""``spotkick compare``: several systems on the same matches."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.actions import SOCCERNET_BALL
from spotkick.cli.evaluate import Metric
from spotkick.cli.outputs import check_command_outputs
from spotkick.datasets.splits import read_split_matches
from spotkick.errors import ConfigError
from spotkick.evaluation.tables import choose_style
from spotkick.files import write_json, write_text
from spotkick.formats import read_label_set, read_results
from spotkick.formats.classes import find_classes
from spotkick.report import compare_results, comparison_page, comparison_table
from spotkick.timeline import parse_frame_rate


def compare(
    predictions: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]PREDICTIONS...", help="Two or more folders or zips; NAME= names one."
        ),
    ],
    labels: Annotated[Path, typer.Option(help="Folder or zip of label files.")],
    classes: Annotated[
        str,
        typer.Option(
            help="soccernet-v1, soccernet-v2, soccernet-ball, or a file with one class a line."
        ),
    ] = "soccernet-v2",
    split: Annotated[
        str | None,
        typer.Option(help="Only the matches of this split: a file, or its name such as valid."),
    ] = None,
    metric: Annotated[
        Metric, typer.Option(help="loose: 5 to 60 s, tight: 1 to 5 s, at1 to at5: one tolerance.")
    ] = Metric.LOOSE,
    frame_rate: Annotated[
        str | None,
        typer.Option(
            help="Frames per second of the evaluator's grid; 2, and 25 for soccernet-ball, unless given."
        ),
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=1, help="How often matches are drawn again.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print a LaTeX table (booktabs).")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write a page with tables and charts to this .html file.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write scores and probabilities to this file.")
    ] = None,
) -> None:
    """Compare systems on the same matches, with intervals and the probability that their order holds."""
    style = choose_style(markdown=markdown, latex=latex)
    systems = name_systems(predictions)
    check_command_outputs({"--report": report, "--json": json_file}, [labels, *systems.values()])
    wanted = find_classes(classes)
    truth = list(
        read_label_set(
            labels, None if split is None else read_split_matches(labels, split), classes=wanted
        )
    )
    names = [match.match for match in truth]
    result = compare_results(
        {name: list(read_results(path, names)) for name, path in systems.items()},
        truth,
        wanted,
        metric=metric.value,
        frame_rate=parse_frame_rate(frame_rate or (25 if wanted is SOCCERNET_BALL else 2)),
        resamples=resamples,
        seed=seed,
    )
    for name in result.comparison.order:
        for message in result.scores[name].warnings:
            typer.echo(f"warning: {name}: {message}", err=True)
    if report is not None:
        write_text(report, comparison_page(result))
    if json_file is not None:
        write_json(
            json_file,
            {"metric": result.metric, "resamples": resamples, **result.comparison.to_json()},
        )
    print(comparison_table(result, style=style))


def name_systems(given: list[str]) -> dict[str, Path]:
    """Names and paths of ``[NAME=]PATH``; without a name, the shortest end of the path that tells it from the others.

    Raises:
        ConfigError: if there are fewer than two, or two have the same name.
    """
    split = [
        ("", Path(text))
        if "=" not in text or Path(text).exists()
        else (text.partition("=")[0], Path(text.partition("=")[2]))
        for text in given
    ]
    paths = [path.absolute().parts for name, path in split if not name]
    systems: dict[str, Path] = {}
    for name, path in split:
        parts = path.absolute().parts
        ends = ("/".join(parts[-length:]) for length in range(1, len(parts)))
        own = name or next(
            (
                end
                for end in ends
                if sum("/".join(other).endswith("/" + end) for other in paths) == 1
            ),
            str(path),
        )
        if own in systems:
            raise ConfigError(f"two systems have the name '{own}'; name them with NAME=PREDICTIONS")
        systems[own] = path
    if len(systems) < 2:
        raise ConfigError(
            f"compare needs at least two sets of predictions, got {len(systems)}; 'spotkick evaluate' scores one"
        )
    return systems
