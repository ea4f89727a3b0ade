"""A small file of each format in the layout of its publisher, made here."""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from support.event_feeds import write_statsbomb

GAME = "england_epl/2014-2015/2015-02-21 - 18-00 Chelsea 1 - 1 Burnley"


@dataclass(frozen=True)
class FormatSample:
    """A file in the layout of its publisher.

    Attributes:
        write: into a folder -> the path to read.
        lost: what a conversion to a table reports, with counts.
    """

    write: Callable[[Path], Path]
    lost: Mapping[str, int] = field(default_factory=dict)


def _text(name: str, content: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    return write


def _json(name: str, document: Any) -> Callable[[Path], Path]:
    return _text(name, json.dumps(document))


def _game(name: str, document: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        _json(f"{GAME}/{name}", document)(folder)
        return folder

    return write


LABELS_V2 = {
    "UrlLocal": f"{GAME}/",
    "UrlYoutube": "",
    "gameAwayTeam": "Burnley",
    "gameDate": "21/02/2015 - 18:00",
    "gameHomeTeam": "Chelsea",
    "gameScore": "1 - 1",
    "annotations": [
        {
            "gameTime": "1 - 00:29",
            "label": "Foul",
            "position": "29049",
            "team": "not applicable",
            "visibility": "visible",
        },
        {
            "gameTime": "2 - 00:00",
            "label": "Kick-off",
            "position": "417",
            "team": "away",
            "visibility": "not shown",
        },
    ],
}
LABELS_V1 = {
    "UrlLocal": f"{GAME}/",
    "UrlYoutube": "",
    "gameAwayTeam": "Burnley",
    "gameHomeTeam": "Chelsea",
    "annotations": [
        {"gameTime": "1 - 14:36", "label": "soccer-ball", "team": "home"},
        {"gameTime": "2 - 23:12", "label": "r-card", "team": "home"},
    ],
}
LABELS_BALL = {
    "UrlLocal": f"{GAME}/",
    "UrlYoutube": "",
    "halftime": "45:00",
    "annotations": [
        {
            "gameTime": "1 - 00:01",
            "label": "PASS",
            "position": "1480",
            "team": "right",
            "visibility": "visible",
        },
        {
            "gameTime": "1 - 00:02",
            "label": "HIGH PASS",
            "position": "2960",
            "team": "left",
            "visibility": "visible",
        },
    ],
}
RESULTS = {
    "UrlLocal": GAME,
    "predictions": [
        {
            "gameTime": "1 - 0:31",
            "label": "Corner",
            "position": "31500",
            "half": "1",
            "confidence": "0.0066",
        },
        {
            "gameTime": "2 - 44:59",
            "label": "Goal",
            "position": "2699500",
            "half": "2",
            "confidence": "0.93",
        },
    ],
}
ACTIVITYNET = {
    "version": "VERSION 1.3",
    "taxonomy": [{"parentId": 269, "parentName": "Horseback riding", "nodeId": 270}],
    "database": {
        "sJFgo9H6zNo": {
            "annotations": [{"label": "Fun sliding down", "segment": [0.01, 139.425]}],
            "duration": 139.42,
            "resolution": "1280x720",
            "subset": "training",
            "url": "https://www.youtube.com/watch?v=sJFgo9H6zNo",
        }
    },
}
DETECTIONS = {
    "version": "VERSION 1.3",
    "results": {
        "5n7NCViB5TU": [
            {"label": "Discus throw", "score": 1, "segment": [24.25, 38.08]},
            {"label": "Shot put", "score": 0.5, "segment": [1.2, 1.9]},
        ]
    },
    "external_data": {"used": True, "details": "First fully-connected layer from VGG-16"},
}
E2E_SPOT = [
    {
        "events": [
            {"comment": "away; visible", "frame": 2, "label": "Kick-off"},
            {"comment": "home; not shown", "frame": 1290, "label": "Goal"},
        ],
        "fps": 2.0,
        "height": 224,
        "num_events": 2,
        "num_frames": 5400,
        "video": f"{GAME}/1",
        "width": 398,
    }
]
E2E_SPOT_RESULTS = [
    {
        "video": "semifinal/0",
        "events": [{"label": "serve", "frame": 40, "score": 0.99}],
        "fps": 25.0,
    }
]
OSL_V1 = {
    "version": 1,
    "date": "2024.03.01",
    "labels": ["PASS", "DRIVE"],
    "videos": [
        {
            "path_video": "england_efl/2019-2020/final/720p.mp4",
            "path_features": "england_efl/2019-2020/final/720p.npy",
            "num_frames": 147_000,
            "annotations": [
                {
                    "gameTime": "1 - 00:01",
                    "label": "PASS",
                    "position": "1480",
                    "team": "right",
                    "visibility": "visible",
                }
            ],
        }
    ],
}
OSL_V2 = {
    "version": "2.0",
    "date": "2025-11-03",
    "task": "action_spotting",
    "dataset_name": "final",
    "metadata": {"source": "broadcast"},
    "labels": {"action": {"type": "single_label", "labels": ["PASS", "SHOT"]}},
    "data": [
        {
            "id": "clip_000001",
            "inputs": [{"type": "video", "path": "clip_000001.mp4", "fps": 25.0}],
            "events": [
                {"head": "action", "label": "PASS", "position_ms": "1480"},
                {"head": "action", "label": "SHOT", "position_ms": 2960, "confidence_score": 0.5},
            ],
        }
    ],
}
FIFTYONE = {
    "classes": ["Goal", "Corner"],
    "labels": {
        "uuid1": [
            {"label": 1, "timestamps": [1.5, 4.25], "confidence": 0.75},
            {"label": "Goal", "timestamps": [9, 9], "attributes": {"zone": "left"}},
        ],
        "uuid2": None,
    },
}
FIFTYONE_SAMPLES = {
    "samples": [
        {
            "_id": {"$oid": "60f8a2bd3c4f"},
            "filepath": "data/final.mp4",
            "tags": ["train"],
            "_media_type": "video",
            "metadata": {
                "_cls": "VideoMetadata",
                "frame_rate": 25.0,
                "duration": 60.0,
                "total_frame_count": 1500,
            },
            "events": {
                "_cls": "TemporalDetections",
                "detections": [
                    {
                        "_id": {"$oid": "60f8a2bd3c50"},
                        "_cls": "TemporalDetection",
                        "tags": [],
                        "label": "Goal",
                        "support": [26, 75],
                        "zone": "left",
                        "confidence": 0.5,
                    }
                ],
            },
        }
    ]
}
LABEL_STUDIO = [
    {
        "id": 7,
        "data": {"video": "/data/upload/3/ab12cd34-final.mp4", "fps": 25},
        "project": 3,
        "annotations": [
            {
                "id": 11,
                "completed_by": 1,
                "was_cancelled": False,
                "ground_truth": False,
                "created_at": "2024-05-02T10:00:00Z",
                "result": [
                    {
                        "id": "tBzJN",
                        "type": "timelinelabels",
                        "from_name": "events",
                        "to_name": "video",
                        "origin": "manual",
                        "value": {
                            "ranges": [{"start": 26, "end": 50}],
                            "timelinelabels": ["Corner"],
                        },
                    }
                ],
            }
        ],
        "predictions": [],
    }
]
LABEL_STUDIO_MIN = [
    {
        "video": "final.mp4",
        "fps": 25,
        "id": 1,
        "events": [
            {"ranges": [{"start": 26, "end": 26}], "timelinelabels": ["Goal"]},
            {"ranges": [{"start": 51, "end": 75}], "timelinelabels": ["Attack"]},
        ],
        "comment": "good match",
        "annotator": 1,
        "annotation_id": 2,
        "created_at": None,
        "updated_at": None,
        "lead_time": None,
    }
]
VIA3 = {
    "project": {
        "pid": "__VIA_PROJECT_ID__",
        "rev": "__VIA_PROJECT_REV_ID__",
        "rev_timestamp": "__VIA_PROJECT_REV_TIMESTAMP__",
        "pname": "VIA3 Sample Project",
        "creator": "VGG Image Annotator (http://www.robots.ox.ac.uk/~vgg/software/via)",
        "created": 1588343615019,
        "data_format_version": "3.1.1",
        "vid_list": ["1"],
    },
    "config": {"ui": {"file_content_align": "center"}},
    "attribute": {
        "1": {
            "aname": "Activity",
            "anchor_id": "FILE1_Z2_XY0",
            "type": 4,
            "desc": "Activity",
            "options": {"1": "Break Egg", "2": "Pour Liquid"},
            "default_option_id": "",
        },
        "2": {
            "aname": "Object",
            "anchor_id": "FILE1_Z1_XY1",
            "type": 1,
            "desc": "Name of the object",
            "options": {},
            "default_option_id": "",
        },
    },
    "file": {"1": {"fid": "1", "fname": "Alioli.ogv", "type": 4, "loc": 1, "src": ""}},
    "metadata": {
        "-glfwaaX": {
            "vid": "1",
            "flg": 0,
            "z": [2, 6.5],
            "xy": [],
            "av": {"1": "1"},
        },
        "iqqstwtm": {
            "vid": "1",
            "flg": 0,
            "z": [13.083],
            "xy": [2, 100, 100, 20, 20],
            "av": {"2": "Bowl"},
        },
    },
    "view": {"1": {"fid_list": ["1"]}},
}
CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><id>4</id><name>final</name><size>300</size><mode>interpolation</mode>
    <start_frame>0</start_frame><stop_frame>1499</stop_frame><frame_filter>step=5</frame_filter>
    <source>final.mp4</source></task><dumped>2024-05-02 10:00:00+00:00</dumped></meta>
  <track id="0" label="Attack" source="manual">
    <box frame="50" keyframe="1" outside="0" occluded="0" xtl="1" ytl="1" xbr="2" ybr="2"
         z_order="0"><attribute name="side">left</attribute></box>
    <box frame="55" keyframe="0" outside="0" occluded="0" xtl="1" ytl="1" xbr="2" ybr="2"
         z_order="0"></box>
    <box frame="60" keyframe="1" outside="1" occluded="0" xtl="1" ytl="1" xbr="2" ybr="2"
         z_order="0"></box>
  </track>
  <image id="100" name="frame_000100" width="640" height="360"><tag label="Goal" source="manual">
    </tag></image>
  <image id="105" name="frame_000105" width="640" height="360"><tag label="Goal" source="manual">
    </tag></image>
</annotations>
"""
ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-05-02T10:00:00+01:00" FORMAT="3.0" VERSION="3.0"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
    <MEDIA_DESCRIPTOR MEDIA_URL="file:///videos/final.mp4" MIME_TYPE="video/mp4"/>
  </HEADER>
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1500"/>
    <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="9250"/>
  </TIME_ORDER>
  <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="play">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
      <ANNOTATION_VALUE>Attack</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
  <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt"
                   TIME_ALIGNABLE="true"/>
</ANNOTATION_DOCUMENT>
"""
TEXT_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 10
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "play"
        xmin = 0
        xmax = 10
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 2.5
            text = ""
        intervals [2]:
            xmin = 2.5
            xmax = 10
            text = "Attack"
"""
SPORTSCODE = """<?xml version="1.0" encoding="utf-8"?>
<file>
  <SESSION_INFO><start_time>2024-05-02 10:00:00 +0100</start_time></SESSION_INFO>
  <SORT_INFO><sort_type>sort order</sort_type></SORT_INFO>
  <ALL_INSTANCES>
    <instance><ID>1</ID><start>42.9</start><end>47.4</end><code>Shot</code>
      <label><group>Team</group><text>home</text></label>
      <label><group>Player</group><text>Nr. 9</text></label></instance>
    <instance><ID>2</ID><start>61</start><end>70.25</end><code>Corner</code></instance>
  </ALL_INSTANCES>
  <ROWS><row><sort_order>1</sort_order><code>Shot</code><R>65535</R><G>0</G><B>0</B></row></ROWS>
</file>
"""
TABLE = pd.DataFrame(
    {
        "match": ["cup/final", "cup/final"],
        "period": [1, 2],
        "label": ["Goal", "Corner"],
        "position_ms": [61_234, 5],
        "team": ["home", None],
        "confidence": [0.5, 0.25],
        "player": ["Ann, B.", None],
    }
)


def _write_thumos(folder: Path) -> Path:
    labels = folder / "annotation"
    _text("BaseballPitch_val.txt", "video_validation_0000266  72.8 76.4\r\n")(labels)
    _text("Ambiguous_test.txt", "video_test_0000004  0.2 1.1\n")(labels)
    return labels


def _write_thumos_results(folder: Path) -> Path:
    _text("detclasslist.txt", "7 BaseballPitch\n9 BasketballDunk\n")(folder)
    return _text("Run-1.txt", "video_test_0000004 1.5 2.0 9 0.75\n")(folder)


def _write_e2e_spot(folder: Path) -> Path:
    _text("class.txt", "Goal\nKick-off\n")(folder)
    return _json("train.json", E2E_SPOT)(folder)


def _write_e2e_spot_results(folder: Path) -> Path:
    path = folder / "pred-test.30.recall.json.gz"
    path.write_bytes(gzip.compress(json.dumps(E2E_SPOT_RESULTS).encode(), mtime=0))
    return path


def _write_parquet(folder: Path) -> Path:
    TABLE.to_parquet(folder / "final.parquet")
    return folder / "final.parquet"


ENDS = "end of the segment"


def _fields(*names: str) -> dict[str, int]:
    return {f"field '{name}' of the source": 1 for name in names}


SAMPLES: dict[str, FormatSample] = {
    "soccernet-v2": FormatSample(
        _game("Labels-v2.json", LABELS_V2),
        _fields("gameAwayTeam", "gameDate", "gameHomeTeam", "gameScore"),
    ),
    "soccernet-ball": FormatSample(_game("Labels-ball.json", LABELS_BALL), _fields("halftime")),
    "soccernet-v1": FormatSample(
        _game("Labels.json", LABELS_V1), _fields("gameAwayTeam", "gameHomeTeam")
    ),
    "soccernet-results": FormatSample(_game("results_spotting.json", RESULTS)),
    "activitynet": FormatSample(
        _json("activity_net.v1-3.min.json", ACTIVITYNET),
        {
            ENDS: 1,
            "duration of the video": 1,
            "subset of the video": 1,
            **_fields("taxonomy", "database.*.resolution", "database.*.url"),
        },
    ),
    "activitynet-results": FormatSample(
        _json("detection.json", DETECTIONS), {ENDS: 2, **_fields("external_data")}
    ),
    "e2e-spot": FormatSample(_write_e2e_spot, _fields("[].height", "[].num_frames", "[].width")),
    "e2e-spot-results": FormatSample(_write_e2e_spot_results),
    "osl-v1": FormatSample(_json("annotations.json", OSL_V1), _fields("videos[].num_frames")),
    "osl-v2": FormatSample(
        _json("annotations.json", OSL_V2), _fields("dataset_name", "metadata.source")
    ),
    "thumos": FormatSample(_write_thumos, {ENDS: 2, "subset of the video": 2}),
    "thumos-results": FormatSample(_write_thumos_results, {ENDS: 1}),
    "audacity": FormatSample(
        _text("final.txt", "1.500000\t1.500000\tGoal\n62.25\t70.0\tAttack, left\n\\\t100\t8000\n"),
        {ENDS: 1, "frequencies of a label": 1},
    ),
    "cvat": FormatSample(
        _text("annotations.xml", CVAT), {ENDS: 2, "attribute": 1, "place in the image": 3}
    ),
    "elan": FormatSample(
        _text("final.eaf", ELAN), {ENDS: 1, "name of tier 'play' beside a value": 1}
    ),
    "fiftyone": FormatSample(
        _json("labels.json", FIFTYONE),
        {ENDS: 1, "match without actions": 1, **_fields("labels.*[].attributes.zone")},
    ),
    "fiftyone-samples": FormatSample(
        _json("samples.json", FIFTYONE_SAMPLES),
        {ENDS: 1, "duration of the video": 1, **_fields("tags", "events.zone")},
    ),
    "label-studio": FormatSample(
        _json("export.json", LABEL_STUDIO),
        {ENDS: 1, **_fields("[].annotations[].completed_by", "[].project")},
    ),
    "label-studio-min": FormatSample(
        _json("result.json", LABEL_STUDIO_MIN), {ENDS: 1, **_fields("comment")}
    ),
    "provider-events": FormatSample(
        lambda folder: write_statsbomb(folder / "events.json"),
        {
            "event of type HALF_END": 2,
            "event of type HALF_START": 2,
            "event of type PASS": 1,
            "event of type STARTING_XI": 2,
        },
    ),
    "sportscode": FormatSample(
        _text("final.xml", SPORTSCODE),
        {ENDS: 2, "colour of a row": 1, "start of the session": 1},
    ),
    "textgrid": FormatSample(
        _text("final.TextGrid", TEXT_GRID),
        {ENDS: 1, "duration of the video": 1, "name of tier 'play' beside a label": 1},
    ),
    "via3": FormatSample(_json("via_project.json", VIA3), {ENDS: 1, **_fields("metadata.*.xy")}),
    "chapters": FormatSample(_text("final.txt", "0:00 Intro\n12:34 Goal 1-0\n1:02:05 End\n")),
    "csv": FormatSample(_text("final.csv", TABLE.to_csv(index=False)), _fields("player")),
    "parquet": FormatSample(_write_parquet, _fields("player")),
}
"""Name of a format -> its sample."""
