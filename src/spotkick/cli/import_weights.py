"""``spotkick import-weights``: the authors' released weights as a checkpoint."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.outputs import check_command_outputs
from spotkick.errors import InputError, require_extra


def import_weights(
    weights: Annotated[
        Path, typer.Argument(help="Released .h5 (Keras) or .pth.tar (PyTorch) file.")
    ],
    out: Annotated[Path, typer.Argument(help="Checkpoint folder to write.")],
    classes: Annotated[
        str | None, typer.Option(help="Class list by name or file; known for 3 and 17 classes.")
    ] = None,
    features: Annotated[
        str | None, typer.Option(help="Name of the features that the weights read.")
    ] = None,
) -> None:
    """Turn the authors' released weights into a checkpoint."""
    check_command_outputs({"OUT": out}, [weights])
    if weights.resolve().is_relative_to(out.resolve()):
        raise InputError(f"{out} would be replaced as a whole, with {weights} in it; name another")
    require_extra("torch", "train", "importing weights")
    from spotkick.formats.classes import find_classes
    from spotkick.pipelines.import_weights import import_released

    checkpoint = import_released(
        weights, out, classes=find_classes(classes) if classes else None, features=features
    )
    source = checkpoint.feature_source
    typer.echo(
        f"{len(checkpoint.classes)} classes, features '{source.name}' with {source.dim} values; "
        f"checkpoint: {out}"
    )
