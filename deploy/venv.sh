#!/bin/sh
# Makes the virtual environment DIR with exactly what the requirement files pin, or says what is missing and which
# command mends it. Once made, and until a requirement file changes, another call costs a blink.
#
#   deploy/venv.sh DIR REQUIREMENTS...       PYTHON=python3.12 chooses the interpreter; COMPILE=--no-compile leaves
#                                            out the bytecode, which Python then makes of what it imports
set -eu
dir=$1
shift
PYTHON=${PYTHON:-}

stop() { echo "setup: $*" >&2; exit 1; }
version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
suits() { case $(version "$1") in 3.11 | 3.12 | 3.13) ;; *) return 1 ;; esac; }
has_venv() { "$1" -c 'import venv, ensurepip' 2>/dev/null; }

# The Pi camera's library is there as a Debian package only, for the system's own Python: on such a machine that
# Python is the one, and the environment sees its packages. What is pinned here still comes first on the path,
# NumPy too: it is newer than Debian's and of the same major version, so what was built for Debian's runs with it.
camera=
if [ -d /usr/lib/python3/dist-packages/picamera2 ] && suits /usr/bin/python3; then camera=/usr/bin/python3; fi

choose() {
    if [ -n "$camera" ]; then echo $camera; return; fi
    without_venv=
    for python in python3.13 python3.12 python3.11 python3; do
        suits $python || continue
        if has_venv $python; then echo $python; return; fi
        without_venv=${without_venv:-$python}
    done
    echo "$without_venv"
}

# The stamp: a checksum of all that decides what is installed, and the PYTHON asked for, if any.
wanted=$({ echo "camera=$camera"; cat "$@"; } | cksum)
asked=
if [ -f "$dir/ready" ]; then { read -r made && read -r asked; } < "$dir/ready" || true; fi
if [ "${made:-}" = "$wanted" ] && [ "${PYTHON:-$asked}" = "$asked" ] && "$dir/bin/python" -c '' 2>/dev/null; then
    exit 0
fi

PYTHON=${PYTHON:-$asked}
python=${PYTHON:-$(choose)}
[ -n "$python" ] || stop "no Python 3.11, 3.12 or 3.13 here (python3 is $(version python3 || echo absent)).
  Debian 12, Raspberry Pi OS:  sudo apt install python3 python3-venv
  Ubuntu 22.04:                sudo apt install python3.11 python3.11-venv
  or name one that you have:   make setup PYTHON=/path/to/python3.12"
suits "$python" || stop "PYTHON=$python is not a Python 3.11, 3.12 or 3.13 (it says: $(version "$python" || echo nothing))."
"$python" -c 'import sys; sys.exit(sys.maxsize < 2**32)' || stop "$python is a 32-bit program, and the models'
  interpreter exists for 64 bits only. Put the 64-bit Raspberry Pi OS on the card."
has_venv "$python" || stop "$python has no venv module.  sudo apt install python$(version "$python")-venv"

site=
if [ "$("$python" -c 'import sys; print(sys.prefix)')" = /usr ] && [ -n "$camera" ]; then site=--system-site-packages; fi
quiet=--quiet
if [ -t 1 ]; then quiet=; fi

echo "setup: making $dir with Python $(version "$python")"
"$python" -m venv --clear $site "$dir"
for file in "$@"; do set -- "$@" -r "$file"; shift; done
"$dir/bin/python" -m pip install $quiet --disable-pip-version-check --retries 2 --timeout 20 \
    ${COMPILE:-} --require-hashes --only-binary :all: "$@" || stop "pip could not install the packages; its own words are above.
  If it found no connection or no versions at all: mend the network (behind a proxy, set HTTPS_PROXY), then run
  the same command again."
printf '%s\n%s\n' "$wanted" "$PYTHON" > "$dir/ready"
