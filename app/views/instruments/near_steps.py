"""The steps beside the one that is looked at, which are worth asking ahead where an answer takes long."""

from app.views.instrument_page import Scene


def near_steps(scene: Scene) -> list[int]:
    """The kept step that is shown, the one before and the one behind it."""
    steps = scene.all_steps()
    shown = max((i for i, step in enumerate(steps) if step <= scene.step), default=0)
    return steps[max(shown - 1, 0) : shown + 2]
