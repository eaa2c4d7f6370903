"""Scenes depend on their seed alone, and hold what the figures need."""

from itertools import pairwise

from models.tracks.fit_error_model import KINDS as ALONE
from models.tracks.fit_error_model import solo_scenes
from models.tracks.scenes import script


def test_a_hundred_scenes_have_more_than_sixty_changes_of_person_with_nobody_between():
    changes = [
        pair
        for scene in script(100, 50, seed=1)
        if scene.kind == "replaced"
        for pair in pairwise(scene.walkers)
    ]
    assert len(changes) > 60
    assert all(0.2 <= after.start - before.end <= 1.5 for before, after in changes)


def test_the_same_seed_makes_the_same_scenes():
    first, again = (script(10, 20, seed=3)[-1].walkers[0].pose(1.0) for _ in range(2))
    assert first == again


def test_the_error_model_is_fitted_to_every_actor_and_all_kinds_of_one_person():
    scenes = solo_scenes(40, seed=2)
    assert [scene.walkers[0].actor for scene in scenes] == list(range(40))
    assert {scene.kind for scene in scenes} == set(ALONE)
