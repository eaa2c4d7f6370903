#!/bin/sh
# Makes .venv-train, the workstation's environment, after saying what it will take. PyTorch's CPU build is taken where
# pip finds it; the index that pip asks by default has only CUDA builds for Linux, several gigabytes that a machine
# without such a card never uses.
#
#   deploy/training.sh       PYTHON=python3.12 chooses the interpreter, TORCH=cpu or TORCH=cuda the build
set -eu
cd "$(dirname "$0")/.."
dir=.venv-train
TORCH=${TORCH:-}
PYTHON=${PYTHON:-}
[ -n "$PYTHON" ] || ! python3.11 -c 'import venv, ensurepip' 2>/dev/null || PYTHON=python3.11 # the CPU build's
export PYTHON

kept=$dir/torch # which build was chosen
if [ -f "$dir/ready" ] && [ -f "$kept" ]; then TORCH=${TORCH:-$(cat "$kept")}; fi
if [ -z "$TORCH" ]; then
    if ${PYTHON:-python3} -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
        --only-binary :all: --requirement models/torch-cpu.txt --dest "${TMPDIR:-/tmp}/torch-cpu.$$" \
        >/dev/null 2>&1; then TORCH=cpu; else TORCH=cuda; fi
    rm -rf "${TMPDIR:-/tmp}/torch-cpu.$$"
fi
case $TORCH in
    cpu) takes="0.8 GB to download, 2.4 GB on disk, about 2 minutes" ;;
    cuda) takes="3 GB to download, 6 GB on disk, 5 minutes or more: pip finds no CPU build of
  PyTorch here (models/torch-cpu.txt; Python 3.11 on x86-64). PyTorch's site names an index that has it; put it into
  PIP_EXTRA_INDEX_URL and run this again to save two thirds" ;;
    *) echo "setup: TORCH=$TORCH; allowed: cpu, cuda" >&2; exit 2 ;;
esac
[ -f "$dir/ready" ] || echo "setup: TensorFlow and PyTorch go into $dir: $takes"
# Neither bytecode of what is never imported, nor the headers for extensions in C++, nor PyTorch's own tests: 0.6 GB
COMPILE=--no-compile deploy/venv.sh $dir models/requirements.txt "models/torch-$TORCH.txt" tests/requirements.txt
echo "$TORCH" > "$kept"
packages=$(echo $dir/lib/python3*/site-packages)
rm -rf "$packages/tensorflow/include" "$packages/torch/include" "$packages/torch/test"
