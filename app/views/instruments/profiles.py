"""The gradient profile."""

from app.figures.depth import Line, by_depth
from app.views.charts import chart, palette
from app.views.instrument_page import Scene


def draw(scene: Scene) -> None:
    found = scene.ask([look.question("profile", scene.step) for look in scene.looks])
    lines = [
        Line(look.arm, profile.depths, profile.gradients, profile.layers)
        for look, profile in zip(scene.looks, found, strict=True)
        if profile is not None
    ]
    chart(by_depth(lines, "gradient norm", palette()), key="profile", alt="gradient norm by depth")
    scene.ask.ahead([look.question("profile", step) for look in scene.looks for step in scene.all_steps()])
