"""Networks as PyTorch code that people read, and as notebooks. Text only: no torch here."""

from resnet_core.code.difference import LinePair, differing_lines
from resnet_core.code.module import model_code
from resnet_core.code.notebook import notebook

__all__ = ["LinePair", "differing_lines", "model_code", "notebook"]
