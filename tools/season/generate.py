"""Renders one football match with exact event times.

Run it under Xvfb with the Python of the environment that `build_engine.sh` makes; see README.md
beside this file.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import numpy as np
from bursts import Plan, Situation, plan_burst
from kits import write_data_folder
from numpy.typing import NDArray

from events import TEAMS, MatchState, Mode, Team, find_events, to_labels_v2

STEP_MS = 100  # the engine is asked ten times a second; event times are exact to this
PHYSICS_MS = 10
RENDERED_SIZE = (400, 224)  # the engine needs a width that is a multiple of 4
SIZE = (398, 224)
METRES_X, METRES_Y = 54.4, 83.6  # of one unit of the engine's positions
FIRST_KICK_OFF_MS = 2000
X264_OPTIONS = {"crf": "16", "preset": "veryfast", "g": "20"}

# x, y and role of eleven players, own half negative; the layout of the engine's
# 11_vs_11_competition.
FORMATION = (
    (-1.0, 0.0, "GK"),
    (0.0, 0.02, "RM"),
    (0.0, -0.02, "CF"),
    (-0.422, -0.19576, "LB"),
    (-0.5, -0.06356, "CB"),
    (-0.5, 0.063559, "CB"),
    (-0.422, 0.19576, "RB"),
    (-0.184212, -0.10568, "CM"),
    (-0.267574, 0.0, "CM"),
    (-0.184212, 0.10568, "CM"),
    (-0.01, -0.2161, "LM"),
)
SECOND_TEAM_FORWARDS = {1: (-0.05, 0.0), 2: (-0.01, 0.216102)}
MODES: dict[str, Mode] = {
    "e_GameMode_Normal": "normal",
    "e_GameMode_KickOff": "kick_off",
    "e_GameMode_GoalKick": "goal_kick",
    "e_GameMode_FreeKick": "free_kick",
    "e_GameMode_Corner": "corner",
    "e_GameMode_ThrowIn": "throw_in",
    "e_GameMode_Penalty": "penalty",
}


@dataclass(frozen=True)
class MatchPlan:
    """Everything that decides a match."""

    seed: int
    duration_s: int
    frame_rate: int
    left_skill: float
    right_skill: float


def plan_match(seed: int, duration_s: int, frame_rate: int) -> MatchPlan:
    """Draws the skills of a match from its seed; the engine's scale ends at 1."""
    rng = np.random.default_rng([seed, 1])
    left, right = rng.uniform(0.6, 1.0, 2).round(2)
    return MatchPlan(seed, duration_s, frame_rate, float(left), float(right))


def load_engine(data: Path) -> ModuleType:
    """Imports the engine with the settings it reads from the environment.

    Args:
        data: Data folder of this match.

    Returns:
        The engine's module.
    """
    os.environ["GFOOTBALL_DATA_DIR"] = str(data)
    os.environ["LIBGL_ALWAYS_SOFTWARE"] = "1"
    # Anisotropic filtering in software stalls for seconds a frame.
    os.environ["MESA_EXTENSION_OVERRIDE"] = "-GL_EXT_texture_filter_anisotropic"
    os.environ.setdefault("LP_NUM_THREADS", "1")
    import gfootball_engine  # here, because the settings above must stand first

    return gfootball_engine


def make_scenario(engine: ModuleType, plan: MatchPlan) -> Any:
    """Describe eleven against eleven to the engine, one player a side under outside control."""
    scenario = engine.ScenarioConfig.make()
    for team, players in enumerate((scenario.left_team, scenario.right_team)):
        for index, (x, y, role) in enumerate(FORMATION):
            place = SECOND_TEAM_FORWARDS.get(index, (x, y)) if team else (x, y)
            players.append(
                engine.FormationEntry(
                    *place, getattr(engine.e_PlayerRole, f"e_PlayerRole_{role}"), False, True
                )
            )
    scenario.left_agents = scenario.right_agents = 1
    scenario.real_time = False
    scenario.deterministic = False
    scenario.offsides = True
    scenario.game_engine_random_seed = plan.seed
    scenario.reverse_team_processing = bool(plan.seed % 2)
    scenario.left_team_difficulty = plan.left_skill
    scenario.right_team_difficulty = plan.right_skill
    scenario.game_duration = 1_000_000
    scenario.second_half = 1_000_000  # no half-time: a match is one half
    return scenario


def read_state(info: Any, time_ms: int) -> MatchState:
    """Reads what the events need out of the engine's report."""
    ball = (info.ball_position[0], info.ball_position[1])
    teams = (info.left_team, info.right_team)
    distance = [
        min(
            np.hypot((p.position[0] - ball[0]) * METRES_X, (p.position[1] - ball[1]) * METRES_Y)
            if p.is_active
            else np.inf
            for p in players
        )
        for players in teams
    ]
    return MatchState(
        time_ms=time_ms,
        # The engine says "in play" for one instant before the first kick-off.
        in_play=bool(info.is_in_play) and time_ms >= FIRST_KICK_OFF_MS,
        mode=MODES[str(info.game_mode)],
        score=(info.left_goals, info.right_goals),
        ball=ball,
        nearest_team=TEAMS[int(np.argmin(distance))],
        cards=(
            tuple(bool(p.has_card) for p in teams[0]),
            tuple(bool(p.has_card) for p in teams[1]),
        ),
        active=(
            tuple(bool(p.is_active) for p in teams[0]),
            tuple(bool(p.is_active) for p in teams[1]),
        ),
    )


def read_situation(info: Any, team: Team) -> Situation | None:
    """What the controlled player of a team sees; None when nobody is controlled."""
    players, controllers = (
        (info.left_team, info.left_controllers)
        if team == "left"
        else (info.right_team, info.right_controllers)
    )
    number = controllers[0].controlled_player
    if not 0 <= number < len(players):
        return None
    player = players[number]
    forward = 1.0 if team == "left" else -1.0
    owner: Team | None = TEAMS[info.ball_owned_team] if info.ball_owned_team in {0, 1} else None
    return Situation(
        x=player.position[0] * METRES_X * forward,
        y=-player.position[1] * METRES_Y,
        ball_dx=(info.ball_position[0] - player.position[0]) * METRES_X * forward,
        ball_dy=-(info.ball_position[1] - player.position[1]) * METRES_Y,
        attacks_right=team == "left",
        has_ball=owner == team and info.ball_owned_player == number,
        opponent_has_ball=owner is not None and owner != team,
        players=sum(bool(p.is_active) for p in players),
    )


class Puppeteer:
    """Presses the buttons of one side: the computer player, except in bursts."""

    def __init__(self, engine: ModuleType, game: Any, team: Team, seed: int) -> None:
        """Starts with the computer player in charge."""
        self.actions = engine.e_BackendAction
        self.game = game
        self.team: Team = team
        self.rng = np.random.default_rng([seed, 2 + TEAMS.index(team)])
        self.burst: Plan = ()

    def press(self, name: str) -> None:
        """Performs one of the engine's actions."""
        self.game.perform_action(int(self.actions.names[name]), self.team == "left", 0)

    def step(self, info: Any) -> None:
        """Acts for the next tenth of a second."""
        playing = bool(info.is_in_play) and str(info.game_mode) == "e_GameMode_Normal"
        if not playing:
            self.burst = ()
        elif not self.burst:
            situation = read_situation(info, self.team)
            self.burst = (plan_burst(situation, self.rng) if situation else None) or ()
        if self.burst:
            for name in self.burst[0]:
                self.press(name)
            self.burst = self.burst[1:]
        else:
            self.press("builtin_ai")


def read_frame(game: Any) -> NDArray[np.uint8]:
    """Renders a frame and crops it.

    Args:
        game: The engine.

    Returns:
        (224, 398, 3) RGB.
    """
    game.game_config.render = True
    game.render(True)
    game.game_config.render = False
    width, height = RENDERED_SIZE
    frame = np.frombuffer(game.get_frame(), np.uint8).reshape(height, width, 3)[::-1]
    return np.ascontiguousarray(frame[:, 1 : 1 + SIZE[0]])


def render_match(engine: ModuleType, plan: MatchPlan, video: Path) -> list[MatchState]:
    """Plays a match and writes its video.

    Args:
        engine: The engine's module.
        plan: The match.
        video: File to write.

    Returns:
        The states of the match, ten a second.
    """
    game = engine.GameEnv()
    game.game_config.physics_steps_per_frame = STEP_MS // PHYSICS_MS
    game.game_config.render_resolution_x, game.game_config.render_resolution_y = RENDERED_SIZE
    game.game_config.render = True
    game.start_game()
    game.reset(make_scenario(engine, plan), True)
    game.game_config.render = False  # the engine would render every step
    puppeteers = [Puppeteer(engine, game, team, plan.seed) for team in TEAMS]
    frame_ms = 1000 // plan.frame_rate
    states: list[MatchState] = []
    with av.open(str(video), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(plan.frame_rate))
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.options = X264_OPTIONS
        stream.codec_context.thread_count = 1
        for time_ms in range(0, plan.duration_s * 1000, STEP_MS):
            info = game.get_info()
            states.append(read_state(info, time_ms))
            if time_ms % frame_ms == 0:
                frame = av.VideoFrame.from_ndarray(read_frame(game), format="rgb24")
                container.mux(stream.encode(frame))
            for puppeteer in puppeteers:
                puppeteer.step(info)
            game.step()
        container.mux(stream.encode())
    return states


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Writes JSON with two-space indents."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Renders the match that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "out",
        type=Path,
        help="folder of the match; 1_224p.mp4, Labels-v2.json and events.json go there",
    )
    parser.add_argument("--engine-data", type=Path, required=True, help="data folder of the engine")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument(
        "--frame-rate", type=int, default=2, choices=(1, 2, 5, 10), help="frames a second"
    )
    arguments = parser.parse_args()
    plan = plan_match(arguments.seed, round(arguments.minutes * 60), arguments.frame_rate)
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        left, right = write_data_folder(arguments.engine_data, Path(folder), plan.seed)
        partial = out / "partial.mp4"
        states = render_match(load_engine(Path(folder)), plan, partial)
    partial.rename(out / "1_224p.mp4")
    events = find_events(states)
    write_json(out / "Labels-v2.json", to_labels_v2(events, out.name))
    write_json(
        out / "events.json",
        {
            **asdict(plan),
            "kits": {"left": asdict(left), "right": asdict(right)},
            "score": states[-1].score,
            "render_s": round(time.monotonic() - began, 1),
            "events": [asdict(event) for event in events],
        },
    )
    print(f"{out}: {len(events)} events, {time.monotonic() - began:.0f} s")
    sys.stdout.flush()
    os._exit(0)  # the engine may hang when the interpreter tears it down


if __name__ == "__main__":
    main()
