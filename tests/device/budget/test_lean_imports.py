"""What a start of the main job with its page loads: each module more is time that an update is dark."""

from __future__ import annotations

import subprocess
import sys

START = """
import sys
from device.board import footprint
footprint.apply()
from device.config.loader import defaults
from device.outputs.web.output import Web
page = Web(sys.argv[1], (64, 48), defaults(), print)
page.close()
unused = ("click", "multiprocessing", "uvicorn.main", "email.parser", "logging.handlers", "html.entities")
print("loaded:", *(name for name in unused if name in sys.modules))
import http.client, uvicorn.main
print(http.client.responses[404], uvicorn.main.Server.__name__)
"""


def test_the_page_loads_no_command_line_and_no_mail_and_both_can_be_had_later(free_port):
    command = [sys.executable, "-c", START, str(free_port)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == ["loaded:", "Not Found Server"]
