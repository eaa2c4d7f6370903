"""What ssh says, in one sentence with the remedy: `deploy/ssh/connection.py`."""

import pytest

from deploy.errors import DeployError
from deploy.ssh.connection import Connection

SAID = {  # OpenSSH 9.2's own words
    "ssh: Could not resolve hostname kiosk.local: Name or service not known":
        "there is no kiosk.local on this network",
    "ssh: connect to host kiosk.local port 2222: Connection refused":
        "kiosk.local is there and no SSH on it: run `sudo systemctl enable --now ssh` on it",
    "ssh: connect to host kiosk.local port 2222: Connection timed out": "kiosk.local does not answer",
    "ssh: connect to host kiosk.local port 2222: No route to host": "kiosk.local cannot be reached",
    "pi@kiosk.local: Permission denied (publickey).":
        "pi@kiosk.local does not take this key: copy it with `ssh-copy-id pi@kiosk.local`",
    "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.":
        "kiosk.local shows another host key than before: "
        "after a new card run `ssh-keygen -R '[kiosk.local]:2222'`, else",
    "kex_exchange_identification: read: Connection reset by peer": "kiosk.local cannot be reached: kex_",
    "": "kiosk.local cannot be reached: ssh said nothing",
}  # fmt: skip


@pytest.mark.parametrize("words", SAID)
def test_ssh_s_words_are_one_sentence(words):
    said = Connection("pi@kiosk.local", 2222)._explain(words)
    assert SAID[words] in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "host", ["-oProxyCommand=evil", "pi@", "pi@-x", "pi kiosk", "pi@kiosk;rm", "", "a@b@c"]
)
def test_what_is_no_name_is_refused(host):
    with pytest.raises(DeployError, match="is no name: say USER@NAME"):
        Connection(host, 22)


@pytest.mark.parametrize("host", ["pi@kiosk.local", "kiosk", "pi@192.168.0.7", "pi@fe80::1%eth0", "::1"])
def test_names_and_addresses_are_taken(host):
    assert Connection(host, 22).host == host


def test_a_key_that_is_not_there(tmp_path):
    with pytest.raises(DeployError, match=r"KEY=.*none is not there"):
        Connection("pi@kiosk", 22, tmp_path / "none")
