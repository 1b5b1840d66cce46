"""What the signal really does: instruments for any network of the family, untrained or of a run."""

from app.views.instrument_page import Part, instrument_page
from app.views.instruments import (
    block_work,
    feature_maps,
    histograms,
    jacobians,
    read_outs,
    variances,
)

PARTS = {
    "variance": Part("Variance", variances.draw),
    "blocks": Part("How much does a block do?", block_work.draw),
    "feature-maps": Part("Feature maps", feature_maps.draw),
    "histograms": Part("Values", histograms.draw),
    "read-out": Part("If it stopped here", read_outs.draw),
    "singular-values": Part("Singular values", jacobians.draw),
}

instrument_page("signal", "What becomes of a picture on its way through?", PARTS)
