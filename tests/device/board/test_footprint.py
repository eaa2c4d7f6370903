import subprocess
import sys

PRELUDE = "from device.board import footprint; footprint.apply(); import sys, numpy; "


def ask(code):
    command = [sys.executable, "-c", PRELUDE + code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


def test_numpy_comes_without_what_is_not_used():
    assert ask("print('numpy.random.mtrand' in sys.modules, 'secrets' in sys.modules)") == "False False"


def test_what_is_left_for_later_works_when_it_is_used():
    assert ask("print(numpy.random.default_rng(1).integers(5, 6), numpy.fft.fft([1])[0].real)") == "5 1.0"
    assert ask("import pickle; print(pickle.loads(pickle.dumps([1, 2])))") == "[1, 2]"


def test_checksums_are_the_same_without_openssl():
    import hashlib

    code = "import hashlib; print(hashlib.sha256(b'kiosk').hexdigest(), '_ssl' in sys.modules)"
    assert ask(code) == f"{hashlib.sha256(b'kiosk').hexdigest()} False"
