"""What the gradient really does: instruments for any network of the family, untrained or of a run."""

from app.views.instrument_page import Part, instrument_page
from app.views.instruments import families, profiles, two_paths

PARTS = {
    "profile": Part("Profile", profiles.draw),
    "families": Part("Depths 8 to 110", families.draw, has_steps=False),
    "two-paths": Part("Two paths", two_paths.draw),
}

instrument_page("gradients", "What does the gradient do on its way back?", PARTS)
