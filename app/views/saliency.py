"""Where the two networks look: maps of what speaks for a class, and whether they are worth believing."""

from app.views.instrument_page import Part, instrument_page

PARTS: dict[str, Part] = {}

instrument_page("saliency", "Where does it look, and is the map worth believing?", PARTS)
