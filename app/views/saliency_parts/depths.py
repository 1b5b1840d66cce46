"""Class activation maps of every unit of one or two networks, from the first to the last."""

from app.views.instrument_page import Scene


def draw(scene: Scene) -> None:
    scene.ask([])
