"""A score as a table for the terminal or for Markdown."""

from collections.abc import Sequence

from spotkick.evaluation.average_map import Score, SpottingScore


def summary_table(score: SpottingScore, *, markdown: bool = False) -> str:
    """One row per class and one for all, in percent.

    Args:
        score: of `spotkick.evaluation.evaluate`.
        markdown: a Markdown table instead of aligned columns.
    """
    parts: list[tuple[str, Score]] = [("all labels", score.overall)]
    if score.visible is not None and score.unshown is not None:
        parts += [("visible", score.visible), ("unshown", score.unshown)]
    header = ["class", "labels", "predictions", *(name for name, _ in parts)]
    rows = [
        [name, str(labels), str(score.num_predictions[name]), *(f"{100 * part.per_class[name]:.2f}" for _, part in parts)]
        for name, labels in score.num_labels.items()
    ]
    total = [str(sum(counts.values())) for counts in (score.num_labels, score.num_predictions)]
    rows.append(
        [
            "Average-mAP" if len(score.overall.map_at) > 1 else "mAP",
            *total,
            *(f"{100 * part.average_map:.2f}" for _, part in parts),
        ]
    )
    if markdown:
        rule = ["---", *["---:"] * (len(header) - 1)]
        return "\n".join("| " + " | ".join(row) + " |" for row in (header, rule, *rows))
    return aligned([header, *rows])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of equal length as a table for the terminal: a header, lines, and a last line below a rule."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    rule = "-" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])
