"""One method's map of the pixels of one picture. S = side."""

import numpy as np

from resnet_core.attribution import chosen_unit, convergence_delta, method_map
from resnet_core.attribution.maps import OF_A_LAYER
from resnet_core.instruments.subject import Subject
from resnet_core.options import PixelMapOptions
from resnet_core.saliency.explained import explained
from resnet_core.saliency_findings import PixelMap

UNSIGNED = ("saliency", "smooth-grad")
COMPLETE = ("integrated-gradients", "deep-lift")  # maps that add up to a difference of logits


def pixel_map(subject: Subject, options: PixelMapOptions) -> PixelMap:
    """The map of the method that the options name.

    A method that looks at a layer looks at the last unit with at least 4 x 4 pixels. Raises ValueError for a
    picture or class that is not there, and where the method cannot be used with the network.
    """
    asked, method = explained(subject, options), options.method
    number = chosen_unit(asked.network) if method in OF_A_LAYER else None
    layer = None if number is None else asked.network.units[number]
    found = method_map(asked.network, layer, method, asked.images, asked.targets)
    delta = np.nan
    if method in COMPLETE:
        delta = convergence_delta(asked.network, found, asked.images, asked.targets).item()
    return PixelMap(
        method=np.array(method),
        map=found[0].cpu().numpy(),
        is_signed=np.bool_(method not in UNSIGNED),
        delta=np.float64(delta),
        unit=np.array("" if number is None else asked.network.plan.unit_names[number]),
        **asked.facts,
    )
