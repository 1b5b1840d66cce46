"""Where the two networks look: maps of what speaks for a class, and whether they are worth believing."""

from app.views.instrument_page import Part, instrument_page
from app.views.saliency_parts import (
    believable,
    depths,
    gallery,
    imagenet,
    methods,
    over_training,
    pointing_game,
)

PARTS: dict[str, Part] = {
    "depths": Part("Every depth", depths.draw),
    "over-training": Part("Over training", over_training.draw),
    "methods": Part("Methods", methods.draw),
    "believable": Part("Worth believing?", believable.draw),
    "pointing-game": Part("Pointing game", pointing_game.draw),
    "pictures": Part("Pictures", gallery.draw),
    "imagenet": Part("ImageNet networks", imagenet.draw, has_steps=False),
}

instrument_page("saliency", "Where does it look, and is the map worth believing?", PARTS)
