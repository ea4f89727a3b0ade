"""What a live run gives to others: a webhook, a page that follows, clips."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from spotkick.errors import ConfigError, require_extra
from spotkick.live.clips import ClipWriter, PacketRing
from spotkick.live.running import EventSink
from spotkick.live.webhook import Webhook, check_webhook
from spotkick.reporter import Reporter

RING_FOLDER: Final = "ring"

_FLUSH_S: Final = 10.0
"""At the end of a run events that wait for a receiver get so much time."""

_CLIPS_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """What is asked for.

    Attributes:
        webhook: address that each event is posted to.
        webhook_secret: for its signatures.
        view: serve a page that follows the run.
        port: of the page; 0 takes a free one.
        clips: folder for clips of published actions.
        clip_classes: classes that get clips; empty for all.
        ring_bytes: of the newest minutes of the stream, which page and clips are made from.
    """

    webhook: str | None = None
    webhook_secret: str | None = None
    view: bool = False
    port: int = 0
    clips: Path | None = None
    clip_classes: tuple[str, ...] = ()
    ring_bytes: int = 1_000_000_000


@dataclass(slots=True)
class LiveOutputs:
    """Outputs that were started.

    Attributes:
        sinks: that are told each event.
        keep: called with each packet; None where none is kept.
        closers: called in order at the end.
    """

    sinks: list[EventSink] = field(default_factory=list)
    keep: Callable[[Any], None] | None = None
    closers: list[Callable[[], object]] = field(default_factory=list)

    def close(self) -> None:
        """Finish what was begun."""
        for closer in self.closers:
            closer()


def open_outputs(
    options: OutputOptions, out: Path, journal: Path, reporter: Reporter
) -> LiveOutputs:
    """Start what is asked for.

    Args:
        options: what is asked for.
        out: folder of the run.
        journal: file of its events.
        reporter: receives lines.

    Raises:
        ConfigError: if an address or a secret is of no use.
        MissingExtraError: if the page is asked for, and FastAPI or uvicorn is not installed.
        InputError: if a record of an earlier run is damaged, or a port is taken.
    """
    opened = LiveOutputs()
    if options.clip_classes and options.clips is None:
        raise ConfigError("--clip-class chooses among clips; name their folder with --clips")
    if options.webhook is not None:
        check_webhook(options.webhook, options.webhook_secret)
        webhook = Webhook(options.webhook, journal, options.webhook_secret, reporter.line)
        webhook.start()
        opened.sinks.append(webhook.tell)
        opened.closers.append(lambda: webhook.close(_FLUSH_S))

    # The newest minutes of the stream, for the page and for clips.
    ring = None
    if options.view or options.clips is not None:
        ring = PacketRing(out / RING_FOLDER, reporter.line, options.ring_bytes)
        opened.keep = ring.keep
        opened.closers.append(ring.close)
    if options.clips is not None and ring is not None:
        writer = ClipWriter(ring, options.clips, reporter.line, frozenset(options.clip_classes))
        writer.start()
        opened.sinks.append(writer.tell)
        opened.closers.append(lambda: writer.close(_CLIPS_S))
    if options.view:
        _open_page(opened, options, ring, reporter)
    return opened


def _open_page(
    opened: LiveOutputs, options: OutputOptions, ring: PacketRing | None, reporter: Reporter
) -> None:
    for package in ("fastapi", "uvicorn"):
        require_extra(package, "view", "the live page")
    from spotkick.live.page import EventHub, LivePage

    hub = EventHub()
    page = LivePage(hub, ring, options.port)
    page.start(reporter.line)
    opened.sinks.append(hub.tell)
    opened.closers.append(page.close)
