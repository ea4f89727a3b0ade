#!/bin/bash
# Builds the game engine of the demo season: gfootball 2.10.2 from its source on PyPI, with the edits of engine.patch.
#
#   tools/season/build_engine.sh FOLDER
#
# makes FOLDER/venv, a Python environment that generate.py runs in, and FOLDER/engine with the compiled engine.
# The Debian packages that README.md lists must be installed. It takes 10 to 15 minutes of one core.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "${1:?usage: build_engine.sh FOLDER}" && cd "$1" && pwd)
python=${PYTHON:-/usr/bin/python3} # must be the Python that Debian's libboost-python is built for
version=2.10.2

"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'setuptools==65.5.0' wheel psutil 'numpy<2' pillow 'av>=14'

mkdir -p "$folder/source"
"$folder/venv/bin/pip" download --quiet --no-deps --no-build-isolation --no-binary :all: \
  --dest "$folder/source" "gfootball==$version"
rm -rf "$folder/engine"
mkdir "$folder/engine"
tar -xzf "$folder/source/gfootball-$version.tar.gz" -C "$folder/engine" --strip-components=1
patch -d "$folder/engine" -p1 < "$here/engine.patch"

cd "$folder/engine/third_party"
cp -r fonts gfootball_engine/
cd gfootball_engine
cmake . -DPython_EXECUTABLE="$python"
make -j "${JOBS:-$(nproc)}"
ln -sf libgame.so _gameplayfootball.so

site=$("$folder/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$folder/engine/third_party" > "$site/gfootball_engine.pth"
"$folder/venv/bin/python" -c 'import gfootball_engine; print("engine ready:", gfootball_engine.__file__)'
