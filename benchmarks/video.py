"""Speed, memory and accuracy of reading video, printed as tables.

    python benchmarks/video.py --source match.mp4 --work /some/folder

makes a 398x224 and a 1280x720 file of 25 pictures a second from the source (any match video;
without one a moving texture), then measures

* decoding to 2 samples a second: ours, decoding everything, and the alternatives that are installed
  (OpenCV, decord);
* decoding and the bundled backbone together, in multiples of real time;
* the largest memory while a file of two hours is read;
* whether each reader shows the right picture, on a video that carries picture numbers;
* with --spot, and nothing else, the processor time of ``spotkick spot demo`` beside that of
  decoding the source alone.

Figures are medians of --repeats runs, in turn, with the load of the machine beside them.
"""

import argparse
import importlib.util
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from spotkick.features.backbone import open_backbone
from spotkick.features.extract import Extractor, extract_video
from spotkick.video.decode import sample_video
from spotkick.video.probe import probe
from support.pattern_video import Pattern, read_number, write_pattern_video

RATE = Fraction(2)
SIZE_PX = (224, 224)
MEMORY_CODE = """
import sys, resource
from pathlib import Path
from spotkick.features.backbone import open_backbone
from spotkick.features.extract import Extractor, extract_video
track = extract_video(Path(sys.argv[1]), Extractor(open_backbone()))
print(len(track), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""

EVERY_FRAME_CODE = """
import sys, av
with av.open(sys.argv[1]) as container:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    for frame in container.decode(stream):
        pass
"""
READ_FRAMES_CODE = """
import sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from spotkick.video import decode
decode.to_image = lambda *_: np.zeros((1, 1, 3), np.uint8)
for sample in decode.sample_video(Path(sys.argv[1]), Fraction(2)):
    pass
"""


def textures(count: int) -> Iterator[np.ndarray]:
    """A moving texture with noise."""
    rng = np.random.default_rng(3)
    ground = (
        rng.integers(40, 160, (60, 300, 3), dtype=np.uint8).repeat(12, axis=0).repeat(12, axis=1)
    )
    for n in range(count):
        left = int(1000 + 900 * np.sin(n / 60))
        yield np.clip(
            ground[:720, left : left + 1280] + rng.normal(0, 4, (720, 1280, 1)), 0, 255
        ).astype(np.uint8)


def frames_of(source: Path | None, count: int) -> Iterator[av.VideoFrame]:
    """Pictures of the source, or textures."""
    if source is None:
        yield from (av.VideoFrame.from_ndarray(image, format="rgb24") for image in textures(count))
        return
    with av.open(str(source)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == count:
                return
            yield frame


def encode(source: Path | None, path: Path, size_px: tuple[int, int], seconds: int) -> None:
    """H.264 at 25 frames a second as web copies of broadcasts: B-frames, a key frame every 2 s."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=25, options={"preset": "fast", "crf": "23", "g": "50"}
        )
        stream.width, stream.height, stream.pix_fmt = (*size_px, "yuv420p")
        for number, frame in enumerate(frames_of(source, 25 * seconds)):
            picture = frame.reformat(*size_px, format="yuv420p", interpolation="BICUBIC")
            picture.pts, picture.time_base, picture.pict_type = number, Fraction(1, 25), 0
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def repeat(path: Path, long: Path, times: int) -> None:
    """Join copies of a file without encoding."""
    with av.open(str(long), "w") as target:
        stream, shift = None, 0
        for _ in range(times):
            with av.open(str(path)) as source:
                video = source.streams.video[0]
                stream = stream or target.add_stream_from_template(video)
                for packet in source.demux(video):
                    if packet.dts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = stream
                    target.mux(packet)
                shift += video.duration


def ours(path: Path) -> list[np.ndarray]:
    """Spotkick."""
    return [sample.image for sample in sample_video(path, RATE, size_px=SIZE_PX)]


def everything(path: Path) -> list[np.ndarray]:
    """PyAV, decoding every picture."""
    images: list[np.ndarray] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        last = None
        first_s = (stream.start_time or 0) * float(stream.time_base)
        for frame in container.decode(stream):
            while last is not None and frame.time - first_s > len(images) / RATE + 0.0005:
                images.append(
                    last.to_ndarray(
                        format="rgb24",
                        width=SIZE_PX[0],
                        height=SIZE_PX[1],
                        interpolation="BILINEAR",
                    )
                )
            last = frame
    return images


def opencv(path: Path) -> list[np.ndarray]:
    """OpenCV, grabbing every picture and retrieving those that are wanted."""
    import cv2

    images: list[np.ndarray] = []
    capture = cv2.VideoCapture(str(path))
    rate = capture.get(cv2.CAP_PROP_FPS)
    number = 0
    while capture.grab():
        if number >= int(len(images) * rate / float(RATE)):
            images.append(
                cv2.resize(
                    cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2RGB),
                    SIZE_PX,
                    interpolation=cv2.INTER_AREA,
                )
            )
        number += 1
    return images


def decord(path: Path) -> list[np.ndarray]:
    """Decord, by picture index."""
    from decord import VideoReader

    reader = VideoReader(str(path), width=SIZE_PX[0], height=SIZE_PX[1])
    wanted = range(0, len(reader), max(1, round(reader.get_avg_fps() / float(RATE))))
    return [reader[index].asnumpy() for index in wanted]


def clock(work: Callable[[], object]) -> tuple[float, float]:
    """(wall, processor) seconds."""
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return (
        time.perf_counter() - wall,
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )


def processor_s(*arguments: str) -> float:
    """Processor seconds of a run of Python."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare_spotting(path: Path, work: Path, repeats: int) -> None:
    """Print what ``spot`` takes beside decoding alone, in turns."""
    out = work / "spotted"
    tasks = {
        "every frame decoded": ("-c", EVERY_FRAME_CODE, str(path)),
        "the frames that spot reads": ("-c", READ_FRAMES_CODE, str(path)),
        "spot": ("-m", "spotkick", "spot", "demo", str(path), "--out", str(out)),
    }
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(repeats):
        for name in list(tasks) if turn % 2 == 0 else list(tasks)[::-1]:
            shutil.rmtree(out, ignore_errors=True)
            taken[name].append(processor_s(*tasks[name]))
    spot_s = statistics.median(taken["spot"])
    print(f"\n{path.name}: processor seconds, load {os.getloadavg()[0]:.1f}")
    for name, runs in taken.items():
        median_s = statistics.median(runs)
        print(f"  {name:<30} {median_s:7.2f}   spot takes {spot_s / median_s:.2f} times as much")


def right_share(reader: Callable[[Path], list[np.ndarray]], path: Path, pattern: Pattern) -> float:
    """Share of samples that show the picture that is on at their time."""
    got = [read_number(image) for image in reader(path)]
    wanted = [
        int(k / RATE * pattern.rate) for k in range(-(-pattern.num_frames * RATE // pattern.rate))
    ]
    return sum(a == b for a, b in zip(got, wanted, strict=False)) / len(wanted)


def parse_arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", type=Path, help="a match video")
    parser.add_argument(
        "--work", type=Path, required=True, help="folder for the files that are made"
    )
    parser.add_argument(
        "--seconds", type=int, default=120, help="length of the files that are made"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--hours",
        type=float,
        default=2,
        help="length of the file for the memory test; 0 leaves it out",
    )
    parser.add_argument(
        "--spot", action="store_true", help="only compare spot with decoding the source alone"
    )
    arguments = parser.parse_args()
    if arguments.spot and arguments.source is None:
        parser.error("--spot needs --source")
    return arguments


def main() -> None:
    """Run everything."""
    arguments = parse_arguments()
    arguments.work.mkdir(parents=True, exist_ok=True)
    if arguments.spot:
        compare_spotting(arguments.source, arguments.work, arguments.repeats)
        return
    readers: list[Callable[[Path], list[np.ndarray]]] = [ours, everything]
    readers += [
        reader
        for name, reader in (("cv2", opencv), ("decord", decord))
        if importlib.util.find_spec(name)
    ]
    files = {}
    for width, height in ((398, 224), (1280, 720)):
        files[width] = arguments.work / f"{width}x{height}.mp4"
        if not files[width].exists():
            encode(arguments.source, files[width], (width, height), arguments.seconds)
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        "multiples of real time, wall (per processor second)"
    )
    tasks: list[tuple[str, Callable[[Path], object]]] = [
        (str(reader.__doc__).splitlines()[0], reader) for reader in readers
    ]
    backbone = open_backbone()
    tasks.append(("Decoding and backbone.", lambda path: extract_video(path, Extractor(backbone))))
    for path in files.values():
        duration_s = probe(path).duration_s
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name, _ in tasks}
        for turn in range(arguments.repeats):
            for name, task in tasks if turn % 2 == 0 else tasks[::-1]:
                taken[name].append(clock(lambda task=task, path=path: task(path)))
        print(f"\n{path.name}, {path.stat().st_size * 8 / duration_s / 1e6:.2f} Mbit/s")
        for name, runs in taken.items():
            wall, processor = (
                duration_s / statistics.median(run[which] for run in runs) for which in (0, 1)
            )
            print(f"  {name:<70} {wall:7.1f} ({processor:.1f})")
    print("\nshare of samples that show the right picture")
    for label, pattern in (
        ("25 mp4", Pattern(500)),
        ("29.97 mkv", Pattern(600, rate=Fraction(30000, 1001))),
        ("59.94 ts, late start", Pattern(900, rate=Fraction(60000, 1001), start_ticks=500)),
    ):
        path = arguments.work / f"pattern.{label.split()[1].rstrip(',')}"
        write_pattern_video(path, pattern)
        shares = "   ".join(
            f"{reader.__name__} {right_share(reader, path, pattern):.3f}" for reader in readers
        )
        print(f"  {label:<22} {shares}")
    if arguments.hours:
        long = arguments.work / "long.mp4"
        repeat(files[398], long, round(arguments.hours * 3600 / probe(files[398]).duration_s))
        done = subprocess.run(
            [sys.executable, "-c", MEMORY_CODE, str(long)],
            capture_output=True,
            text=True,
            check=True,
        )
        frames, megabytes = done.stdout.split()
        hours = probe(long).duration_s / 3600
        print(
            f"\n{hours:.2f} hours: {frames} vectors, at most {megabytes} MB, "
            f"load {os.getloadavg()[0]:.1f}"
        )


if __name__ == "__main__":
    main()
