"""A method that is put to a test, at one picture and one class."""

from typing import NamedTuple

from app.views.looks import Look
from app.views.saliency_parts.cam_unit import unit_of
from app.views.saliency_parts.method_names import NAMES
from app.views.saliency_parts.picture_choice import Explained
from resnet_core.questions import Question
from resnet_core.saliency_findings import Perturbed, Randomized


class Tested(NamedTuple):
    """`unit` is the one that was chosen; empty for the usual one, or where the method looks at none."""

    explained: Explained
    method: str
    unit: str

    def question(self, instrument: str, look: Look, step: int) -> Question:
        """A network without the chosen unit is asked about its usual one."""
        unit = self.unit if self.unit and unit_of(look, self.unit) == self.unit else ""
        return look.question(instrument, step, method=self.method, unit=unit, **self.explained.options)

    def title(self, found: Randomized | Perturbed) -> str:
        """ "Grad-CAM at layer3.2"."""
        return NAMES[self.method] + (f" at {found.unit}" if str(found.unit) else "")
