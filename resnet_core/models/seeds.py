"""Seeds that depend on a text and on nothing else: what is drawn for a name and a step can be drawn again."""

import hashlib


def seed_of(text: str) -> int:
    """The same for the same text, 0 <= seed < 2^63."""
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
