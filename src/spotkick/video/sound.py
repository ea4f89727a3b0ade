"""Sound of a reel: every clip gets as many samples as its frames last, so that nothing drifts."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer

_RATES_HZ: Final = (48000, 44100, 32000, 24000, 22050, 16000)
_FADE_S: Final = 0.005
_TOLERATED_S: Final = 0.01
"""Timestamps of sound are rounded in many files; only a larger difference is a gap or an
overlap."""

SILENT_PEAK: Final = 0.001
"""A track whose largest sample is smaller (-60 dB) is silent."""


class SoundTrack:
    """Takes sound of one clip after another and writes it without gaps."""

    def __init__(self, container: OutputContainer, rate_hz: int, layout: str) -> None:
        """Add a sound stream to a file that is about to be written.

        Args:
            container: the file.
            rate_hz: samples per second of the first source.
            layout: ``mono`` or ``stereo``.
        """
        self.rate_hz = rate_hz if rate_hz in _RATES_HZ else _RATES_HZ[0]
        self.peak = 0.0
        self._layout = layout
        self._channels = 1 if layout == "mono" else 2
        self._container = container
        self._stream = container.add_stream("aac", rate=self.rate_hz)
        self._stream.layout = layout
        self._stream.bit_rate = 96_000 * self._channels
        self._num_written = 0  # samples of the reel
        self._clip_start = 0
        self._clip_samples = 0
        self._resampler: av.AudioResampler | None = None
        self._resampled_format: tuple[object, ...] = ()
        self._origin_s = Fraction(0)

    def begin_clip(self, reel_end_s: Fraction, origin_s: Fraction) -> None:
        """Start a clip.

        Args:
            reel_end_s: where it ends in the reel.
            origin_s: timestamp in its source that falls on its start.
        """
        self._clip_start = self._num_written
        self._clip_samples = round(reel_end_s * self.rate_hz) - self._num_written
        self._origin_s = origin_s
        self._resampler, self._resampled_format = None, ()

    def add(self, frame: av.AudioFrame) -> bool:
        """Take decoded sound of the clip's source.

        Returns:
            whether the clip still has room after it.
        """
        # A recording may change its format in the middle, where it was joined.
        found = (frame.sample_rate, frame.layout.name, frame.format.name)
        if self._resampler is None or found != self._resampled_format:
            self._flush_resampler()
            self._resampler = av.AudioResampler(
                format="fltp", layout=self._layout, rate=self.rate_hz
            )
            self._resampled_format = found
        self._add_resampled(self._resampler.resample(frame))
        return self._num_in_clip < self._clip_samples

    @property
    def _num_in_clip(self) -> int:
        return self._num_written - self._clip_start

    def _flush_resampler(self) -> None:
        if self._resampler is not None:
            self._add_resampled(self._resampler.resample(None))
            self._resampler = None

    def _add_resampled(self, frames: Iterable[av.AudioFrame]) -> None:
        for frame in frames:
            if frame.pts is None or frame.time_base is None:
                continue
            first = round((frame.pts * frame.time_base - self._origin_s) * self.rate_hz)
            samples = np.asarray(frame.to_ndarray(), dtype=np.float32)  # (channels, samples)

            # Gaps become silence, overlaps are cut.
            if abs(first - self._num_in_clip) <= _TOLERATED_S * self.rate_hz and self._num_in_clip:
                first = self._num_in_clip
            if first > self._num_in_clip:
                self._write_silence(min(first, self._clip_samples) - self._num_in_clip)
            self._write_samples(samples[:, max(0, self._num_in_clip - first) :])

    def end_clip(self) -> None:
        """Fill what is missing of the clip with silence."""
        self._flush_resampler()
        self._write_silence(self._clip_samples - self._num_in_clip)

    def _write_silence(self, count: int) -> None:
        self._write_samples(np.zeros((self._channels, max(0, count)), dtype=np.float32))

    def _write_samples(self, samples: npt.NDArray[np.float32]) -> None:
        """Write (channels, samples), cut to the clip and faded at its ends."""
        samples = samples[:, : max(0, self._clip_samples - self._num_in_clip)]
        count = samples.shape[1]
        if not count:
            return
        self.peak = max(self.peak, float(np.abs(samples).max()))

        position = self._num_in_clip + np.arange(count)
        fade = max(1.0, _FADE_S * self.rate_hz)
        gain = np.minimum(1, np.minimum(position + 0.5, self._clip_samples - position - 0.5) / fade)
        frame = av.AudioFrame.from_ndarray(
            (samples * gain).astype(np.float32), format="fltp", layout=self._layout
        )
        frame.rate = self.rate_hz
        frame.time_base = Fraction(1, self.rate_hz)
        frame.pts = self._num_written
        self._num_written += count
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._container.mux(self._stream.encode(None))
