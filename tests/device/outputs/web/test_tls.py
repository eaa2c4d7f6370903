"""The page over TLS: its own, and nginx's with the configuration that lies ready in deploy/proxy."""

import re
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from device.config.loader import changed
from device.errors import ConfigError
from device.outputs.web.output import Web

ROOT = Path(__file__).resolve().parents[4]
TOKEN = "correct horse battery"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A certificate for localhost and its key, made for these tests."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl: apt install openssl")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "kiosk.pem", folder / "kiosk.key"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    )
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-subj", "/CN=localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    return certificate, key


def get(url, certificate):
    context = ssl.create_default_context(cafile=certificate)
    try:
        with urllib.request.urlopen(url, timeout=5, context=context) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read()


def test_the_page_over_tls(serve, free_port, pair):
    certificate, key = pair
    web, _ = serve(certificate=str(certificate), key=str(key))
    assert web.url == f"https://127.0.0.1:{free_port}/"
    assert get(web.url, certificate)[0] == 200
    assert get(web.url + "picture.jpg", certificate)[1].startswith(b"\xff\xd8")


def test_the_cookie_of_a_page_over_tls_is_for_tls_only(serve, free_port, pair):
    certificate, key = pair
    serve(certificate=str(certificate), key=str(key), token=TOKEN)
    context = ssl.create_default_context(cafile=certificate)
    form = b"token=correct+horse+battery"
    request = b"POST /login HTTP/1.0\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(form) + form
    with (
        socket.create_connection(("127.0.0.1", free_port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(request)
        assert b"; Secure" in connection.recv(4096)


def test_greetings_that_never_end_leave_the_page_answered(serve, free_port, pair):
    certificate, key = pair
    web, _ = serve(certificate=str(certificate), key=str(key))
    mute = [socket.create_connection(("127.0.0.1", free_port), timeout=5) for _ in range(200)]
    for _ in range(20):
        assert get(web.url + "health", certificate)[0] == 200
    for connection in mute:
        connection.close()
    assert len(web._server._listener.connections()) <= web._server._listener.limit


def test_one_of_the_two_files_is_refused(settings, pair):
    certificate, key = map(str, pair)
    for given in ({"certificate": certificate}, {"key": key}):
        with pytest.raises(ConfigError, match="belong together"):
            Web("", (320, 240), changed(settings, web=given), print)


def test_a_bad_pair_is_one_line(settings, pair, tmp_path):
    certificate, key = map(str, pair)
    other, locked = str(tmp_path / "other.key"), str(tmp_path / "locked.key")
    curve = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"
    subprocess.run([*curve.split(), "-out", other], check=True, capture_output=True)
    lock = ["-aes256", "-pass", "pass:x", "-out", locked]
    subprocess.run([*curve.split(), *lock], check=True, capture_output=True)
    pairs = ((certificate, other), (key, certificate), (certificate, locked), (certificate, "/nonexistent"))
    for first, second in pairs:
        with pytest.raises(ConfigError, match=r"web\.certificate = .* are no pair") as refused:
            Web("", (320, 240), changed(settings, web={"certificate": first, "key": second}), print)
        assert "\n" not in str(refused.value)


@pytest.fixture
def nginx(tmp_path, free_port, pair):
    """Starts nginx from Debian with the ready configuration, its ports and files changed: its port."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        pytest.skip("no nginx: apt install nginx-light")
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    certificate, key = pair
    text = (ROOT / "deploy/proxy/kiosk.conf").read_text(encoding="utf-8")
    for old, new in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "    listen [::]:443 ssl;\n": "",
        "kiosk.example": "localhost",
        "/etc/ssl/certs/kiosk.pem": str(certificate),
        "/etc/ssl/private/kiosk.key": str(key),
        "127.0.0.1:8080": f"127.0.0.1:{free_port}",
    }.items():
        assert old in text
        text = text.replace(old, new)
    temporary = "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy"))
    whole = f"daemon off; pid {tmp_path}/pid; error_log stderr; events {{}}\nhttp {{\n"
    (tmp_path / "nginx.conf").write_text(f"{whole}access_log off;\n{temporary}{text}}}\n", encoding="utf-8")
    command = [program, "-p", str(tmp_path), "-e", "stderr", "-c", str(tmp_path / "nginx.conf")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield port
    process.terminate()
    _, said = process.communicate(timeout=10)
    assert not re.search(r"\[(emerg|alert|crit)\]", said), said


def test_the_ready_configuration_of_nginx(serve, free_port, pair, nginx):
    serve(token=TOKEN, health=lambda: {"status": "ok", "camera": "well"})
    certificate, _ = pair
    url = f"https://localhost:{nginx}/"
    status, page = get(url, certificate)
    assert status == 401
    assert b'type="password"' in page
    assert get(url + "people.json", certificate)[0] == 401
    assert get(url + "health", certificate)[0] == 200
    context = ssl.create_default_context(cafile=certificate)
    request = urllib.request.Request(url + "picture.mjpg", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=5, context=context) as pictures:
        assert b"image/jpeg" in pictures.read(200)
