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

# Splits take turns, so that a run that is stopped early leaves some matches of each.
matches() {
  for i in $(seq 1 14); do
    if [ "$i" -le 5 ]; then echo "test $((5000 + i))"; fi
    if [ "$i" -le 3 ]; then echo "valid $((4000 + i))"; fi
    echo "train $((3000 + i))"
  done
}

render() {
  local target="$out/$1/match_$2"
  if [ -e "$target/events.json" ]; then return; fi
  nice -n 3 xvfb-run -a -s '-screen 0 640x480x24' "$folder/venv/bin/python" "$here/generate.py" "$target" \
    --engine-data "$folder/engine/third_party/gfootball_engine/data" --seed "$2"
}

export here folder out
export -f render
matches | xargs -P "${JOBS:-2}" -L 1 bash -c 'render "$0" "$1"'
