"""All parts of a reproduction, one after the other; finished parts are not repeated."""

from pathlib import Path

from spotkick.errors import SpotkickError
from spotkick.evaluation.sources import read_found
from spotkick.files import write_text
from spotkick.pipelines.highlights import make_highlights
from spotkick.pipelines.highlights_request import HighlightsRequest
from spotkick.report.evaluation import read_score_files
from spotkick.reporter import Reporter
from spotkick.reproduce.document import Reproduction, make_page
from spotkick.reproduce.experiments import (
    ReproduceRequest,
    RowScores,
    Variant,
    check_request,
    experiment_of,
    list_variants,
    predictions_of,
    read_labels_of,
    run_variant,
    unique_variants,
)
from spotkick.reproduce.localization import localization_rows, run_localization, seeds_needed
from spotkick.stored_checkpoint import BEST
from spotkick.training.tune_config import TuneConfig
from spotkick.tuning.space import spotting_space

PAGE_FILE = "paper.html"
_GAIN = 0.15


def reproduce_paper(request: ReproduceRequest, reporter: Reporter) -> Path:
    """Train, spot, score, and write the page.

    Args:
        request: what is asked for.
        reporter: receives progress and lines.

    Returns:
        The page.

    Raises:
        InputError: if data are missing or damaged.
        ConfigError: if a configuration is not valid, or does not fit the data.
        StorageError: if the folder cannot be written.
    """
    # Mistakes show before hours of training.
    check_request(request)
    parts = list_variants(request)
    rows = {}
    for variant in unique_variants(parts):
        rows[variant.name], _ = run_variant(request, variant, reporter)

    # The figures are those of the full method, first features, first seed.
    full = parts[1][0]
    folder = predictions_of(request, full, request.seeds[0])
    labels = read_labels_of(request)
    notes = {"Highlights": _list_highlights(request, full, labels[0].match)}
    if request.search_trials:
        notes["Search"] = _search_parameters(request, full, reporter)

    # BMN is another task on other data.
    localization: list[list[str]] = []
    note = ""
    if request.localization is not None:
        found = run_localization(
            request.localization, request.out / "runs", request.seeds, reporter
        )
        localization, note = localization_rows(found), _describe_power(seeds_needed(found, _GAIN))

    table_1, table_2, scales = (
        [RowScores(variant, rows[variant.name].scores) for variant in part] for part in parts
    )
    document = make_page(
        Reproduction(
            request,
            experiment_of(request, full, request.seeds[0]),
            table_1=table_1,
            table_2=table_2,
            scales=scales,
            labels=labels,
            predictions=read_found(folder),
            frame_scores=read_score_files(folder, [match.match for match in labels]),
            notes=notes,
            localization=localization,
            localization_note=note,
        )
    )
    page = request.out / PAGE_FILE
    write_text(page, document)
    return page


def _list_highlights(request: ReproduceRequest, full: Variant, match: str) -> list[str]:
    """The highlights of the first match as lists, and what was found in a few lines."""
    folder = predictions_of(request, full, request.seeds[0])
    listed = request.out / "highlights.json"
    try:
        result = make_highlights(
            HighlightsRequest(
                folder / match,
                (),
                lists={"json": listed},
                checkpoint=folder.parent / BEST,
            )
        )
    except SpotkickError as error:
        return [f"{match}: no highlights: {error}"]
    shown, length_s = len(result.listing.clips), result.duration_s
    return [
        f"{match}: {result.num_proposed} clips proposed, {shown} fit into {length_s:.0f} s.",
        f"Every clip with its reason, unspotted peaks among them, is in {listed.name}.",
    ]


def _search_parameters(request: ReproduceRequest, full: Variant, reporter: Reporter) -> list[str]:
    """The search of section 4.1: Bayesian over sizes and weights, then a grid over K."""
    # optuna is needed for this part alone.
    from spotkick.tuning.search import Search, run_search

    experiment = experiment_of(request, full, request.seeds[0])
    search = Search(
        experiment.model_dump(mode="json", exclude_unset=True),
        TuneConfig(),
        name="reproduce",
        localization=False,
        space=spotting_space(experiment),
    )
    found = run_search(
        search, request.out / "search", trials=request.search_trials, reporter=reporter
    )
    score = "none" if found.score is None else f"{100 * found.score:.1f}"
    return [
        f"{len(found.rows)} trials; the best has {score} on the validation split ({found.where}).",
        "The configuration is in search/best.toml, all trials in search/trials.csv.",
    ]


def _describe_power(seeds: int | None) -> str:
    if seeds is None:
        return "One seed says nothing about the difference."
    return (
        f"To show a gain of {_GAIN} in AR@100 with 95 % confidence and 80 % power, {seeds} seeds "
        "per loss would be needed by the spread between seeds seen here, on these videos alone."
    )
