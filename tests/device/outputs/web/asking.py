"""Asks a page of this machine, in HTTP's words or in bytes that may be none."""

import http.client
import socket


def ask(port, path, method="GET", body=None, **headers):
    """The answer, read whole: `status`, `headers` and `body`. Headers are named with _ for -."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.body = answer.read()
        return answer
    finally:
        connection.close()


def status(port, request, timeout=5.0):
    """The status that is answered to these bytes; None when we are hung up on without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        try:
            connection.sendall(request)
            answer = connection.recv(64)
        except OSError:
            return None
    return int(answer.split()[1]) if answer else None
