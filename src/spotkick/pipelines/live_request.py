"""What is asked for of a live run, and the journal of the folder that it writes."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spotkick.checkpoint import Checkpoint
from spotkick.commentary.speech import Recogniser
from spotkick.errors import ConfigError, InputError
from spotkick.live.journal import JOURNAL_FILE, Journal
from spotkick.live.running import EventSink
from spotkick.pipelines.live_outputs import OutputOptions
from spotkick.reporter import Reporter, SilentReporter
from spotkick.stored_checkpoint import CONFIG_FILE


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """What is asked for.

    Attributes:
        source: file, ``-``, capture device, address, or a transcript that is replayed.
        checkpoints: folders; each publishes actions of its own.
        out: folder of the journal.
        latency_s: an action is published at most so long after it.
        min_confidence: instead of the thresholds of the checkpoints.
        resume: go on with the journal that is in ``out``.
        speed: multiple of real time at which files are read; 0 as fast as possible.
        period: of the match; None takes what the name of the file says, else 1.
        give_up_s: a stream is over when nothing has arrived for so long; None never.
        idle_s: a file is complete when it has not grown for so long.
        language: of the commentary.
        speech_model: of Whisper.
        sentence_model: folder of the encoder of checkpoints that read vectors of sentences.
        device: that networks run on.
        threads: processor threads.
        shows_statistics: of the stages.
        reads_scoreboard: the scoreboard says when there is a break, and takes goals back.
        outputs: what others get.
    """

    source: str
    checkpoints: tuple[Path, ...]
    out: Path
    latency_s: float = 10.0
    min_confidence: float | None = None
    resume: bool = False
    speed: float = 0.0
    period: int | None = None
    give_up_s: float | None = None
    idle_s: float = 20.0
    language: str | None = None
    speech_model: str | None = None
    sentence_model: Path | None = None
    device: str = "auto"
    threads: int = 0
    shows_statistics: bool = False
    reads_scoreboard: bool = False
    outputs: OutputOptions = field(default_factory=OutputOptions)


@dataclass(slots=True)
class LiveParts:
    """What a run is made of; tests replace some.

    Attributes:
        sinks: that are told each event.
        reporter: receives notes and statistics.
        open_recogniser: opens the model of speech.
        stop: set when the run stops.
        keep: called with each packet, for clips.
    """

    sinks: Sequence[EventSink] = ()
    reporter: Reporter = field(default_factory=SilentReporter)
    open_recogniser: Callable[[], Recogniser] | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    keep: Callable[[Any], None] | None = None


def name_checkpoints(checkpoints: Sequence[Checkpoint]) -> list[str]:
    """Short names, which ids begin with; each once.

    Raises:
        ConfigError: if there is no checkpoint.
    """
    if not checkpoints:
        raise ConfigError("give at least one --checkpoint")
    names: list[str] = []
    for checkpoint in checkpoints:
        folder = checkpoint.folder
        stem = folder.parent.name if folder.name in ("best", "last") else folder.name
        stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in stem) or "checkpoint"
        count = sum(name.rstrip("0123456789") == stem for name in names)
        names.append(f"{stem}{count + 1}" if count else stem)
    return names


def open_journal(request: LiveRequest, checkpoints: Mapping[str, Checkpoint]) -> Journal:
    """The journal of the folder, whose run this one is, or begins.

    Args:
        request: what is asked for.
        checkpoints: by name.

    Raises:
        InputError: if the folder holds another run, or is not to be gone on with.
    """
    path = request.out / JOURNAL_FILE
    exists = path.is_file() and path.stat().st_size > 0
    if exists and not request.resume:
        raise InputError(
            f"{request.out}: holds the journal of a run; go on with it (--resume), or choose "
            "another --out"
        )

    # A run goes on only as it was begun.
    journal = Journal(path)
    details = {
        "source": request.source,
        "latency_s": request.latency_s,
        "min_confidence": request.min_confidence,
        "checkpoints": {
            name: _digest_checkpoint(checkpoint) for name, checkpoint in checkpoints.items()
        },
    }
    first = next(iter(journal.events()), None)
    if first is not None:
        known = dict(first.details or {})
        changed = [key for key in details if key != "source" and known.get(key) != details[key]]
        if changed:
            raise InputError(
                f"{path}: the run was begun with {_describe_option(changed[0], known)}; go on "
                "with the same, or choose another --out"
            )
    journal.write_note("start", 0.0, details)
    return journal


def _describe_option(name: str, known: Mapping[str, Any]) -> str:
    """An option of the command line as an earlier run had it."""
    if name == "checkpoints":
        names = " and ".join(known.get(name, {})) or "none"
        return f"other checkpoints (--checkpoint, now other files or names than {names})"
    option = "--" + name.removesuffix("_s").replace("_", "-")
    value = known.get(name)
    return f"no {option}" if value is None else f"{option} {value}"


def _digest_checkpoint(checkpoint: Checkpoint) -> str:
    return hashlib.sha256((checkpoint.folder / CONFIG_FILE).read_bytes()).hexdigest()
