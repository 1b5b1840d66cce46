"""A visitor's picture: from bytes that nobody has looked at to upright pixels. Pillow only, no torch."""

from resnet_core.uploads.bounds import GONE, MAX_BYTES, MAX_PIXELS, MAX_SIDE, SIDE, check_bytes
from resnet_core.uploads.decoding import decoded, decoded_file

__all__ = ["GONE", "MAX_BYTES", "MAX_PIXELS", "MAX_SIDE", "SIDE", "check_bytes", "decoded", "decoded_file"]
