#!/bin/bash
# Renders the whole demo season, two matches at a time: 14 to train on, 3 to validate, 5 to test.
#
#   tools/season/render_season.sh FOLDER OUT
#
# FOLDER is where build_engine.sh worked. Finished matches are left alone, so that a stopped run can go on.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
folder=$(cd "${1:?usage: render_season.sh FOLDER OUT}" && pwd)
out=${2:?usage: render_season.sh FOLDER OUT}

matches() {
  # The test matches come first: without them nothing can be reported.
  for seed in $(seq 5001 5005); do echo "test $seed"; done
  for seed in $(seq 4001 4003); do echo "valid $seed"; done
  for seed in $(seq 3001 3014); do echo "train $seed"; done
}

render() {
  local target="$out/$1/match_$2"
  if [ -e "$target/events.json" ]; then return; fi
  nice -n 15 xvfb-run -a -s '-screen 0 640x480x24' "$folder/venv/bin/python" "$here/generate.py" "$target" \
    --engine-data "$folder/engine/third_party/gfootball_engine/data" --seed "$2"
}

export here folder out
export -f render
matches | xargs -P "${JOBS:-2}" -L 1 bash -c 'render "$0" "$1"'
