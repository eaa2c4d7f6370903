"""The doctor notes an error model that was learnt from another network, and is silent otherwise."""

from device.__main__ import main
from device.age.error_model import belongs_to


def test_an_error_model_of_another_network_is_a_note(monkeypatch, capsys):
    monkeypatch.setattr("device.age.error_model.belongs_to", lambda model: False)
    main(["doctor", "--source", "demo"])
    assert "note errors" in capsys.readouterr().out.replace("   ", " ").replace("  ", " ")


def test_the_shipped_error_models_are_their_networks():
    assert belongs_to("age")
    assert belongs_to("age-wide")
