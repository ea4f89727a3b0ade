#!/bin/sh
# The study of docs/study.md on one GPU: benchmarks/study_gpu.sh DATA OUT [SECONDS] [PROCESSES]
#
# Several processes share the GPU, each trains every nth stack of the plan. Results that lie in
# OUT/study.tar.* already are unpacked first, so that a second call goes on. OUT then holds the
# packed results in parts of 15 MB, and a log per process.
set -eu
data=$1 out=$2 seconds=${3:-200} processes=${4:-3}
python=${PYTHON:-python3}
plan=${PLAN:-$(dirname "$0")/study.json}
work=$(mktemp -d)
export OMP_NUM_THREADS=1 PYTHONPATH="$(dirname "$0")/../src${PYTHONPATH:+:$PYTHONPATH}"
mkdir -p "$work/results" "$work/packed"
if ls "$out"/study.tar.* > /dev/null 2>&1; then
  cat "$out"/study.tar.* | tar -xf - -C "$work/results"
fi

# nproc itself counts what OMP_NUM_THREADS allows.
jobs=$(($(nproc --all) / processes))
[ "$jobs" -ge 1 ] || jobs=1
for part in $(seq "$processes"); do
  "$python" -m spotkick study "$plan" --data "$data" --out "$work/results" --device auto \
    --jobs "$jobs" --shard "$part/$processes" --stop-after-s "$seconds" > "$out/study-$part.log" 2>&1 &
done
wait
"$python" -m spotkick study "$plan" --data "$data" --out "$work/results" --pack "$work/packed"
tar -cf - -C "$work/packed" . | split -b 15000000 - "$out/study.tar."
tail -n 3 "$out"/study-*.log
ls -l "$out"
