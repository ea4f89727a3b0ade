"""``spotkick study``: train the networks of a study, and work out its tables."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.outputs import check_command_outputs
from spotkick.errors import require_extra


def study(
    plan: Annotated[
        Path, typer.Argument(help="JSON file with recipes and blocks.", metavar="PLAN.json")
    ],
    data: Annotated[Path, typer.Option(help="Folder of the data files that the plan names.")],
    out: Annotated[
        Path, typer.Option(help="Folder of the results; a later call goes on with them.")
    ],
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")] = "auto",
    jobs: Annotated[int, typer.Option(min=1, help="Processes that score.")] = 1,
    shard: Annotated[
        str, typer.Option(metavar="I/N", help="Train every Nth stack only, from the Ith on.")
    ] = "1/1",
    stop_after_s: Annotated[
        float, typer.Option(min=0, help="Start nothing later than this; 0 for no limit.")
    ] = 0.0,
    pack: Annotated[
        Path | None,
        typer.Option(help="Train nothing; copy the results with the chosen networks alone here."),
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="Train nothing; write the tables of the results here.")
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=10, help="Of the bootstrap behind the intervals of --table.")
    ] = 400,
    redo_choice: Annotated[
        bool,
        typer.Option(
            "--redo-choice",
            help="With --table: draw the tried settings, too, and choose anew in each resample.",
        ),
    ] = False,
) -> None:
    """Train the networks of a study side by side, then compare their losses with intervals."""
    require_extra("torch", "train", "training the networks of a study")
    from spotkick.models.loading import choose_device
    from spotkick.reporter import make_reporter
    from spotkick.study.plan import read_plan
    from spotkick.study.running import parse_shard, run_plan
    from spotkick.study.selection import pack_plan
    from spotkick.study.tables import write_tables

    read, reporter = read_plan(plan), make_reporter()
    if pack is not None:
        check_command_outputs({"--pack": pack}, [plan, data, out])
        typer.echo(f"{pack_plan(read, data, out, pack)} results in {pack}")
    elif table is not None:
        check_command_outputs({"--table": table}, [plan, data, out])
        write_tables(
            read,
            data,
            out,
            table,
            workers=jobs,
            reporter=reporter,
            resamples=resamples,
            redo_choice=redo_choice,
        )
        typer.echo(f"tables: {table}")
    else:
        check_command_outputs({"--out": out}, [plan, data])
        done = run_plan(
            read,
            data,
            out,
            device=str(choose_device(device)),
            workers=jobs,
            reporter=reporter,
            shard=parse_shard(shard),
            stop_after_s=stop_after_s,
        )
        typer.echo(f"{done} stacks trained; results in {out}")
