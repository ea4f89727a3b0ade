"""``spotkick reproduce``: the tables and figures of the paper from one's own data."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.outputs import check_command_outputs
from spotkick.errors import require_extra


def reproduce(
    data: Annotated[Path, typer.Option(help="Folder of match folders with labels and splits.")],
    features: Annotated[
        list[str],
        typer.Option(
            help="Name of the features, such as ResNET_PCA512; repeat it for the rows of Table 1."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of runs, predictions and the page.")],
    config: Annotated[
        Path | None,
        typer.Option(help="TOML file of an experiment.", show_default="the paper's settings"),
    ] = None,
    features_root: Annotated[
        Path | None, typer.Option(help="Folder of the features, where it is not --data.")
    ] = None,
    split: Annotated[str, typer.Option(help="Split that is scored.")] = "test",
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each row.")] = 1,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="Replace one value for all rows, such as training.epochs=100."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Two epochs: shows that everything runs.")
    ] = False,
    search: Annotated[int, typer.Option(min=0, help="Trials of the search; 0 for no search.")] = 0,
    localization: Annotated[
        Path | None,
        typer.Option(help="TOML file of 'spotkick proposals --train', for the table of BMN."),
    ] = None,
) -> None:
    """Make every table and figure of the CALF paper from your data, beside published numbers."""
    require_extra("torch", "train", "training the rows of the tables")
    if search:
        require_extra("optuna", "tune", "searching parameters")
    from spotkick.reporter import make_reporter
    from spotkick.reproduce.experiments import ReproduceRequest
    from spotkick.reproduce.running import reproduce_paper

    check_command_outputs({"--out": out}, [data, config, features_root, localization])
    request = ReproduceRequest(
        data,
        tuple(features),
        out,
        config=config,
        features_root=features_root,
        split=split,
        seeds=tuple(range(seeds)),
        assignments=tuple(assignments or ()),
        quick=quick,
        search_trials=search,
        localization=localization,
    )
    typer.echo(f"page: {reproduce_paper(request, make_reporter())}")
