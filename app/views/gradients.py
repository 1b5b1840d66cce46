"""What the gradient really does: instruments for any network of the family, untrained or of a run."""

from app.views.instrument_page import Part, instrument_page
from app.views.instruments import families, path_lengths, profiles, shattered, slow_motion, two_paths, updates

PARTS = {
    "profile": Part("Profile", profiles.draw),
    "families": Part("Depths 8 to 110", families.draw, has_steps=False),
    "two-paths": Part("Two paths", two_paths.draw),
    "slow-motion": Part("Slow motion", slow_motion.draw),
    "path-lengths": Part("Path lengths", path_lengths.draw),
    "shattered": Part("Shattered gradients", shattered.draw),
    "updates": Part("Updates and noise", updates.draw),
}

instrument_page("gradients", "What does the gradient do on its way back?", PARTS)
