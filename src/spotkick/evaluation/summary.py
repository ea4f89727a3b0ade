"""A score as a table for the terminal, for Markdown or for LaTeX."""

from spotkick.evaluation.average_map import Score, SpottingScore
from spotkick.evaluation.tables import TableStyle, make_table


def summary_table(score: SpottingScore, *, style: TableStyle = "text") -> str:
    """One row per class and one for all, in percent.

    Args:
        score: of `spotkick.evaluation.evaluate`.
        style: ``text`` has aligned columns, ``latex`` needs the package booktabs.
    """
    parts: list[tuple[str, Score]] = [("all labels", score.overall)]
    if score.visible is not None and score.unshown is not None:
        parts += [("visible", score.visible), ("unshown", score.unshown)]
    header = ["class", "labels", "predictions", *(name for name, _ in parts)]
    rows = [
        [
            name,
            str(labels),
            str(score.num_predictions[name]),
            *(f"{100 * part.per_class[name]:.2f}" for _, part in parts),
        ]
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
    return make_table(header, rows, style, foot=1)
