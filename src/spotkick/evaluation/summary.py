"""A score as a table for the terminal, for Markdown or for LaTeX."""

from collections.abc import Mapping

from spotkick.evaluation.scores import Score, SpottingScore
from spotkick.evaluation.tables import NO_VALUE, TableStyle, make_table


def summary_table(score: SpottingScore, *, style: TableStyle = "text", comment: str = "") -> str:
    """One row per class and one for all, in percent.

    A class has no value among visible or unshown labels where it has no such label.

    Args:
        score: of `spotkick.evaluation.evaluate`.
        style: ``text`` has aligned columns, ``latex`` needs the package booktabs.
        comment: a line below the table, above it in LaTeX.
    """
    parts: list[tuple[str, Score, Mapping[str, int]]] = [
        ("all labels", score.overall, score.num_labels)
    ]
    if score.visible is not None and score.unshown is not None:
        parts.append(("visible", score.visible, score.num_visible))
        parts.append(("unshown", score.unshown, score.num_unshown))
    header = ["class", "labels", "predictions", *(name for name, _, _ in parts)]

    rows = []
    for name, labels in score.num_labels.items():
        values = (
            f"{100 * part.per_class[name]:.2f}" if counts[name] or not labels else NO_VALUE
            for _, part, counts in parts
        )
        rows.append([name, str(labels), str(score.num_predictions[name]), *values])

    # The last row has the means.
    totals = [str(sum(counts.values())) for counts in (score.num_labels, score.num_predictions)]
    averages = (
        f"{100 * part.average_map:.2f}"
        if any(counts.values()) or name == "all labels"
        else NO_VALUE
        for name, part, counts in parts
    )
    title = "Average-mAP" if len(score.overall.map_at) > 1 else "mAP"
    rows.append([title, *totals, *averages])
    return make_table(header, rows, style, foot=1, comment=comment)


def score_table_text(
    score: Score, *, unit: str, style: TableStyle = "text", comment: str = ""
) -> str:
    """A score without counts as a table, in percent.

    Args:
        score: of one of the other metrics.
        unit: of the tolerances, such as ``s`` or ``frames``.
        style: as in `summary_table`.
        comment: likewise.
    """
    rows = [[name, f"{100 * value:.2f}"] for name, value in score.per_class.items()]
    if len(score.map_at) > 1:
        rows += [
            [f"mAP at {at:g} {unit}", f"{100 * value:.2f}"] for at, value in score.map_at.items()
        ]
    rows.append(["mean" if len(score.map_at) > 1 else "mAP", f"{100 * score.average_map:.2f}"])
    return make_table(["class", "average precision"], rows, style, foot=1, comment=comment)
