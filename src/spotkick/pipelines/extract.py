"""Making feature sets: which files, which source, where the tracks go; commentary. No torch."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

from spotkick.actions import Action
from spotkick.cluster.options import ClusterOptions, open_executor
from spotkick.cluster.running import run_work
from spotkick.cluster.work import Run, Work, WorkItem
from spotkick.commentary.ensemble import TokenEnsemble
from spotkick.commentary.features import (
    FEATURE_NAME,
    SENTENCES_NAME,
    TOKENS_NAME,
    FittedModel,
    commentary_source,
    fit_commentary,
    fit_token_model,
    read_commentary_source,
    write_commentary_source,
    write_commentary_tracks,
)
from spotkick.commentary.sentence_encoder import EncoderOptions, open_encoder
from spotkick.commentary.sentences import SentenceModel
from spotkick.commentary.transcript_files import (
    TRANSCRIPT_SUFFIXES,
    find_transcripts,
    holds_transcripts,
)
from spotkick.datasets.match_folder import open_folder
from spotkick.datasets.period_files import ExtractionSummary, PeriodFile
from spotkick.datasets.periods import PeriodSpan
from spotkick.datasets.splits import read_split_matches
from spotkick.errors import ConfigError, InputError, require_extra
from spotkick.features.extract import EXTRACTION_FILE
from spotkick.features.tracks import SOURCE_SUFFIX, FeatureSource
from spotkick.formats import read_label_set
from spotkick.formats.match_tree import require_matches
from spotkick.pipelines.made_tracks import MadeTracks, add_made
from spotkick.pipelines.match_items import group_by_match
from spotkick.reporter import Reporter, SilentReporter, track
from spotkick.storage import attach, upload, upload_results

COMMENTARY_DIM: Final = 512
TRAIN_SPLIT: Final = "train"

TITLE: Final = "features"
"""Of the work, and of its ledger."""

FITTING_FOLDER: Final = f"{FEATURE_NAME}.fitting"
"""Holds what an interrupted fit goes on with."""

Kind = Literal["commentary", "tokens", "sentences", "video"]


@dataclass(frozen=True, slots=True)
class ExtractionRequest:
    """What to make features of.

    Attributes:
        inputs: folders of matches, match folders, or files.
        out: folder of the feature set.
        splits: only the matches of these splits: files, or names below the first input; empty for
            all.
        fit_split: split of the matches that a new source is fitted on.
        source: feature set or checkpoint whose source is used; nothing is fitted then.
        frame_rate: vectors per second; None for 2, or for what the source says.
        dim: values per frame; None for 512 (commentary), for all that the backbone gives (video),
            or for what the source says.
        labels: commentary: learn from the labels of the fitted matches.
        tokens: make token ids of commentary instead of vectors.
        encoder: of sentences: make vectors of whole sentences with it, or open the given source.
        workers: processes that learn from labels.
        period: of single videos whose name does not say it.
        spans: periods of a single video that holds several; their ``file`` is None.
        cluster: where tracks are made, and of which matches.
    """

    inputs: tuple[Path, ...]
    out: Path
    splits: tuple[str, ...] = ()
    fit_split: str | None = None
    source: Path | None = None
    frame_rate: Fraction | None = None
    dim: int | None = None
    labels: bool = False
    tokens: bool = False
    encoder: EncoderOptions | None = None
    workers: int = 1
    period: int | None = None
    spans: tuple[PeriodSpan, ...] = ()
    cluster: ClusterOptions = field(default_factory=ClusterOptions)

    def __post_init__(self) -> None:
        """Check that the options do not contradict each other."""
        if self.spans and len(self.inputs) != 1:
            raise ConfigError(
                f"--period with times is for one recording, and here are {len(self.inputs)}; "
                "state their periods in periods.json"
            )
        if self.source is not None and self.fit_split is not None:
            raise ConfigError(
                "--source brings a fitted source, --fit-split fits a new one; give one of the two"
            )
        if self.source is not None and self.labels:
            raise ConfigError(
                "--source brings a fitted source, --labels fits a new one; give one of the two"
            )
        if self.tokens and (self.labels or self.dim is not None):
            raise ConfigError(
                "tokens are fitted without labels, and their number is fixed; leave out --labels "
                "and --dim"
            )
        if self.encoder is not None and (
            self.tokens or self.labels or self.fit_split or self.dim is not None
        ):
            raise ConfigError(
                "--sentence-model is taken as it is and decides the number of values; leave out "
                "--labels, --fit-split, --dim and other kinds"
            )
        if self.labels and self.dim is not None:
            raise ConfigError(
                "with --labels a frame has one value per class and one for speech; leave out --dim"
            )

    def choose_part(self, files: Sequence[PeriodFile]) -> list[PeriodFile]:
        """The files of this run's part of the matches.

        Raises:
            InputError: if another part was cut from other matches.
        """
        part = self.cluster.choose(self.out, TITLE, {file.match for file in files})
        return [file for file in files if file.match in part]

    def require_agreement(self, source: FeatureSource) -> None:
        """Check that the wanted size and rate, if any, are those of a given source.

        Raises:
            ConfigError: if they are not.
        """
        if self.dim not in (None, source.dim) or self.frame_rate not in (None, source.frame_rate):
            raise ConfigError(
                f"the source '{source.name}' gives {source.dim} values at {source.frame_rate} per "
                "second; leave out --dim and --rate, or make another set in another folder"
            )


def judge_kind(request: ExtractionRequest) -> Kind:
    """Find out from the source or the inputs what features are wanted.

    Raises:
        InputError: if the inputs hold both commentary and videos, or neither.
    """
    if request.encoder is not None:
        return "sentences"
    if request.source is not None:
        folder = find_source_folder(request.source, EXTRACTION_FILE)
        return "commentary" if folder is None else "video"
    files = [path for path in request.inputs if path.is_file()]
    if files:
        is_transcript = files[0].suffix.lower() in TRANSCRIPT_SUFFIXES
        return "commentary" if is_transcript else "video"

    # Folders are looked into.
    folders = [path for path in request.inputs if path.is_dir()]
    has_commentary = any(holds_transcripts(path) for path in folders)
    has_videos = any(folder.videos() for path in folders for folder in open_folder(path))
    if has_commentary != has_videos:
        return "commentary" if has_commentary else "video"

    where = ", ".join(str(path) for path in request.inputs)
    if has_commentary:
        raise InputError(f"{where}: holds both commentary and videos; choose with --kind")
    raise InputError(
        f"{where}: holds neither videos nor commentary (1_asr.json, 1.srt, match.vtt); "
        "'spotkick transcribe' makes commentary of videos"
    )


def extract_commentary(
    request: ExtractionRequest, reporter: Reporter | None = None
) -> tuple[ExtractionSummary, FeatureSource]:
    """Make commentary features.

    The source is given, or is in ``out`` already, or is fitted on the training split.

    Args:
        request: what to do.
        reporter: receives progress, and lines about the fit.

    Raises:
        InputError: if files, splits or sources are missing, or ``out`` holds features of another
            source.
        ConfigError: if there is too little text, or options contradict the source.
    """
    reporter = reporter or SilentReporter()
    found = [file for root in request.inputs for file in find_transcripts(root)]
    chosen = choose_files(found, request)

    # Networks that a fit kept are not needed once its source is written.
    model, source = _load_or_fit_model(found, request, reporter)
    write_commentary_source(model, source, request.out)
    shutil.rmtree(request.out / FITTING_FOLDER, ignore_errors=True)

    # One process warns once of all periods without commentary.
    chosen = request.choose_part(chosen)
    if not request.cluster.is_parallel:
        files = track(reporter, chosen, TITLE, unit="files")
        made = write_commentary_tracks(files, request.out, model, source)
        upload([request.out])
        return made, source

    # Other processes read the model from its description.
    described = request.out / f"{source.name}{SOURCE_SUFFIX}"
    upload([described])
    items = group_by_match(chosen)
    cluster = request.cluster.fit(len(items))
    encoder = request.encoder
    if encoder is not None:
        encoder = replace(encoder, threads=cluster.share_threads(encoder.threads))
    work = Work(TITLE, OpenCommentary(described, request.out, request.inputs, encoder))
    with open_executor(cluster, reporter) as executor:
        outcomes = run_work(
            executor,
            work,
            items,
            reporter,
            ledger=request.cluster.open_ledger(request.out, TITLE),
        )
        made = add_made(outcomes)
    upload_results(request.out)
    return made, source


@dataclass(frozen=True, slots=True)
class OpenCommentary:
    """Opens a model of commentary in a process of its own.

    Attributes:
        source: folder ``NAME.source`` of the features.
        out: folder of the feature set.
        inputs: where the transcripts are.
        encoder: of sentences, where the source names one.
    """

    source: Path
    out: Path
    inputs: tuple[Path, ...]
    encoder: EncoderOptions | None = None

    def __call__(self, reporter: Reporter) -> Run[MadeTracks]:
        """Read the model; what comes back makes the tracks of a match, the payload of its item."""
        del reporter
        attach([*self.inputs, self.out])
        model, source = read_commentary_source(self.source, self.encoder)

        def write(item: WorkItem, reporter: Reporter) -> MadeTracks:
            del reporter
            made = write_commentary_tracks(item.payload, self.out, model, source)
            upload([self.out / item.name])
            problem = (f"{made.failed} files cannot be read",) if made.failed else ()
            return MadeTracks(made, problem)

        return write


def _load_or_fit_model(
    found: Sequence[PeriodFile], request: ExtractionRequest, reporter: Reporter
) -> tuple[FittedModel, FeatureSource]:
    """The model of a given source, or of the one in ``out``; else a new one."""
    name = TOKENS_NAME if request.tokens else FEATURE_NAME
    name = name if request.encoder is None else SENTENCES_NAME
    given, present = request.source, request.out / f"{name}{SOURCE_SUFFIX}"
    fits_anew = request.fit_split is not None or request.labels
    if given is None and not fits_anew and (present / "source.json").is_file():
        given = present
    if given is not None:
        model, source = read_commentary_source(given, request.encoder)
        request.require_agreement(source)
        if request.tokens and source.kind != TOKENS_NAME:
            raise ConfigError(
                f"the source '{source.name}' gives vectors, no tokens; leave out --kind tokens"
            )
        return model, source

    # A pre-trained model needs no fit.
    if request.encoder is not None:
        sentences = SentenceModel(open_encoder(request.encoder))
        return sentences, commentary_source(sentences, frame_rate=request.frame_rate)
    training = training_files(found, request)
    reporter.line(f"fitting on {len(training)} periods")
    fitted: FittedModel
    if request.tokens:
        fitted = fit_token_model(training)
        reporter.line(f"{fitted.num_ids:,} token ids")
    elif request.labels:
        fitted = _fit_to_labels(training, request, reporter)
    else:
        fitted = fit_commentary(training, dim=request.dim or COMMENTARY_DIM)
        reporter.line(
            f"{len(fitted.vocabulary):,} terms; "
            f"{fitted.explained_variance:.1%} of the variance kept"
        )
    return fitted, commentary_source(fitted, frame_rate=request.frame_rate)


def _fit_to_labels(
    training: Sequence[PeriodFile], request: ExtractionRequest, reporter: Reporter
) -> TokenEnsemble:
    require_extra("torch", "train", "learning commentary features from labels")
    from spotkick.commentary.fitting import fit_ensemble

    return fit_ensemble(
        training,
        _read_labels(training, request),
        workers=request.workers,
        keep=request.out / FITTING_FOLDER,
        reporter=reporter,
    )


def _read_labels(
    training: Sequence[PeriodFile], request: ExtractionRequest
) -> dict[str, tuple[Action, ...]]:
    matches = list(dict.fromkeys(file.match for file in training))
    return {labels.match: labels.actions for labels in read_label_set(request.inputs[0], matches)}


def find_source_folder(folder: Path, filename: str) -> Path | None:
    """The only source folder with such a file: the folder itself, or one in a feature set."""
    below = [*folder.glob(f"*{SOURCE_SUFFIX}"), *folder.glob(f"*/*{SOURCE_SUFFIX}")]
    found = [path for path in (folder, *below) if (path / filename).is_file()]
    return found[0] if len(found) == 1 else None


def choose_files(found: Sequence[PeriodFile], request: ExtractionRequest) -> list[PeriodFile]:
    """Files of the wanted splits; each match and period at most once."""
    seen: dict[tuple[str, int], Path] = {}
    for file in found:
        other = seen.setdefault((file.match, file.period), file.path)
        if other is not file.path:
            raise InputError(
                f"two inputs hold period {file.period} of match {file.match!r}: {other} and "
                f"{file.path}; give one"
            )
    if not request.splits:
        return list(found)
    wanted = {match for split in request.splits for match in _named_matches(found, request, split)}
    return [file for file in found if file.match in wanted]


def training_files(found: Sequence[PeriodFile], request: ExtractionRequest) -> list[PeriodFile]:
    """Files to fit on.

    Fitting on all files is no default: it would spoil every score on the test split.
    """
    split = request.fit_split or TRAIN_SPLIT
    try:
        training = _named_matches(found, request, split)
    except InputError as error:
        if request.fit_split is not None:
            raise
        raise InputError(
            f"{error}; name the matches to fit on with --fit-split, "
            "or a fitted source with --source"
        ) from error
    return [file for file in found if file.match in training]


def _named_matches(
    found: Sequence[PeriodFile], request: ExtractionRequest, split: str
) -> frozenset[str]:
    names = read_split_matches(request.inputs[0], split)
    require_matches(names, {file.match for file in found}, f"split {split}")
    return frozenset(names)
