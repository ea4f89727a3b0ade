#!/usr/bin/env bash
# Make .venv in the repository root with everything that tests, demo and development need. Runs again only when something changed.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
stamp=.venv/.installed
wanted=$(cat pyproject.toml constraints.txt tools/setup.sh | sha256sum | cut -d' ' -f1)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ]; then
    exit 0
fi

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "spotkick needs Python 3.11 or later; name one with PYTHON=python3.12 make ..." >&2
    exit 1
}
[ -x .venv/bin/python ] || "$python" -m venv .venv
pip=".venv/bin/python -m pip --disable-pip-version-check --quiet"

# On Linux the default torch brings gigabytes of CUDA. Without an NVIDIA card the CPU build is taken from torch's own index, and the
# default index answers where that one cannot be reached.
if ! .venv/bin/python -c 'import torch' 2>/dev/null; then
    echo "installing torch ..."
    torch_requirement=$(grep '^torch==' constraints.txt)
    if [ "$(uname -s)" = Linux ] && ! command -v nvidia-smi >/dev/null 2>&1; then
        $pip install --retries 0 --timeout 15 --index-url https://download.pytorch.org/whl/cpu "$torch_requirement" 2>/dev/null ||
            $pip install "$torch_requirement"
    else
        $pip install "$torch_requirement"
    fi
fi
echo "installing spotkick and its development tools ..."
$pip install --constraint constraints.txt --editable '.[dev]'
echo "$wanted" >"$stamp"
