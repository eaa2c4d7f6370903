import pytest

from device.config.loader import changed
from device.errors import ConfigError, OutputLostError
from device.outputs.isolated import Isolated
from device.outputs.open import declared_bytes, open_outputs

SIZE = (64, 48)


@pytest.fixture
def opened(settings):
    """Opens outputs, remembers what they said, and closes them at the end."""
    outputs, said = [], []

    def start(*specs):
        chosen = changed(settings, output={"use": specs})
        outputs.extend(open_outputs(chosen, SIZE, 30.0, said.append, lambda: None))
        return [output.name for output in outputs], said

    yield start
    for output in outputs:
        output.close()


def test_none_is_nothing(opened):
    assert opened("none") == ([], [])


def test_several_at_once_each_once(opened, tmp_path, free_port):
    page, film = f"web:{free_port}", f"file:{tmp_path}/a.mp4"
    names, said = opened(page, film, page)
    assert names == [page, film]
    assert said == [f"The picture is at http://127.0.0.1:{free_port}/"]


@pytest.mark.parametrize("spec", ["screen", "file:", "file", "windows", "web:x", "web:0", "web:99999"])
def test_what_is_no_output_is_refused(opened, spec):
    with pytest.raises(ConfigError, match=r"allowed are .*web:HOST:PORT"):
        opened(spec)


def test_a_machine_without_a_screen_gets_the_page(opened, monkeypatch, free_port):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr("device.outputs.web.output.DEFAULT", ("127.0.0.1", free_port))
    assert opened("auto") == (["web"], [f"The picture is at http://127.0.0.1:{free_port}/"])


def test_a_window_asked_for_in_vain_is_said(opened, monkeypatch, free_port):
    monkeypatch.delenv("DISPLAY", raising=False)
    names, said = opened("window", f"web:{free_port}")
    assert names == [f"web:{free_port}"]
    assert "DISPLAY is not set" in said[0]


def test_auto_besides_a_page_is_that_page(opened, monkeypatch, free_port):
    monkeypatch.delenv("DISPLAY", raising=False)
    assert opened("auto", f"web:{free_port}")[0] == [f"web:{free_port}"]


def test_a_screen_without_its_library_names_the_remedy(opened, monkeypatch, free_port):
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("ctypes.CDLL", Missing)
    _, said = opened("window", f"web:{free_port}")
    assert "sudo apt install libx11-6" in said[0]


def test_what_was_opened_is_closed_when_the_next_cannot_be(opened, free_port, tmp_path):
    for _ in range(2):  # were the port still taken, the second try would say that instead
        with pytest.raises(ConfigError, match="cannot be written"):
            opened(f"web:{free_port}", f"file:{tmp_path}/missing/film.mp4")


def test_declared_without_opening_anything(settings, tmp_path):
    use = ("web:8080", f"file:{tmp_path}/a.mp4", f"file:{tmp_path}/pictures", "none")
    sums = declared_bytes(changed(settings, output={"use": use}), (640, 480))
    assert tuple(sums) == use[:3]
    assert all(2**20 < number < 2**26 for number in sums.values())
    assert list(tmp_path.iterdir()) == []


class Missing:
    def __init__(self, name):
        raise OSError(f"{name}: cannot open shared object file")


class Broken:
    name, optional = "broken", True
    closed = 0

    def wanted(self):
        return True

    def show(self, image, persons, t):
        raise OSError("the disk is full")

    def close(self):
        self.closed += 1
        raise OSError("still full")


def test_an_output_that_fails_is_closed_once_and_the_loop_goes_on():
    said, broken = [], Broken()
    output = Isolated(broken, said.append)
    assert output.wanted()
    for _ in range(3):
        output.show(None, [], 0.0)
    output.close()
    assert not output.wanted()
    assert broken.closed == 1
    assert output.lost is True
    assert said[0] == "--output broken: the disk is full. This output is closed; the others go on."
    assert len(said) == 2


class Working(Broken):
    optional = False
    answer = True

    def wanted(self):
        if self.answer is None:
            raise OSError("the screen is gone")
        return self.answer

    def show(self, image, persons, t):
        self.shown = image, persons, t

    def close(self):
        self.closed += 1


def test_an_isolated_output_is_the_output_itself_while_it_works():
    said, inner = [], Working()
    output = Isolated(inner, said.append)
    assert (output.name, output.optional, Isolated(Broken(), said.append).optional) == ("broken", False, True)
    assert output.wanted() is True
    output.show("image", ["person"], 1.5)
    assert inner.shown == ("image", ["person"], 1.5)
    inner.answer = False
    assert output.wanted() is False
    output.close()
    assert output.wanted() is False
    assert (inner.closed, said) == (1, [])


def test_an_output_that_fails_when_asked_wants_nothing_more():
    said, inner = [], Working()
    inner.answer = None
    output = Isolated(inner, said.append)
    assert output.wanted() is False
    assert output.wanted() is False
    assert inner.closed == 1
    assert said == ["--output broken: the screen is gone. This output is closed; the others go on."]


def test_an_output_counts_as_lost_while_it_says_so_itself_and_not_for_being_closed():
    inner = Working()
    output = Isolated(inner, print)
    assert output.lost is False
    inner.lost = True
    assert output.lost is True
    output.close()
    assert output.lost is False


def test_a_screen_away_for_good_ends_the_program_not_the_output():
    said, inner = [], Working()

    def wanted():
        raise OutputLostError("away")

    inner.wanted = wanted
    output = Isolated(inner, said.append)
    with pytest.raises(OutputLostError, match="away"):
        output.wanted()
    assert (inner.closed, said, output.lost) == (0, [], False)


def test_a_failure_in_closing_is_said():
    said = []
    Isolated(Broken(), said.append).close()
    assert said == ["--output broken: could not be closed properly: still full"]
