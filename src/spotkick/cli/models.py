"""``spotkick models``: the checkpoints that ship, and what each is good for."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from spotkick.model_cards import ShippedModel


def models(
    name: Annotated[
        str | None, typer.Argument(help="Everything about this one; without it, all are listed.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, for programs to read.")
    ] = False,
) -> None:
    """List the checkpoints that ship: classes, inputs, scores, training, licences, size.

    Their names stand for their folders in every command that takes a checkpoint.
    """
    from spotkick.model_cards import list_models, read_model

    found = list_models() if name is None else (read_model(name),)
    if as_json:
        typer.echo(json.dumps([model.to_json() for model in found], indent=2, ensure_ascii=False))
    elif name is not None:
        typer.echo(_full_card(found[0]))
    else:
        typer.echo("\n\n".join(_list_entry(model) for model in found))
        typer.echo("\nEverything about one: spotkick models NAME")


def _list_entry(model: "ShippedModel") -> str:
    """The lines of a list: what it finds, what it reads, how well."""
    card = model.card
    lines = [
        f"{model.name}  {card.summary}",
        f"  {len(model.classes)} classes, {model.size_bytes / 1e6:.1f} MB",
        f"  reads {', '.join(card.inputs)}",
        *(f"  {line}" for line in model.score_lines()),
    ]
    return "\n".join(lines)


def _full_card(model: "ShippedModel") -> str:
    """Everything on the card, one topic after the other."""
    card = model.card
    topics = {
        "classes": [", ".join(model.classes)],
        "reads": list(card.inputs),
        "features": [model.features],
        "scores": model.score_lines(with_classes=True),
        "trained on": [card.trained_on],
        "trained by": list(card.commands),
        "licences": list(card.licences),
        "not known": list(card.unknowns),
        "size": [f"{model.size_bytes / 1e6:.1f} MB"],
        "folder": [str(model.folder)],
    }
    parts = [f"{model.name}: {card.summary}"]
    parts += [
        "\n".join([topic, *(f"  {line}" for line in lines)])
        for topic, lines in topics.items()
        if lines
    ]
    return "\n\n".join(parts)
