"""What the page calls each method, and what the numbers of its maps are numbers of."""

from resnet_core.options import METHODS

LOGIT, ACTIVATION = "logit", "activation of the unit"
SLOPE = "logit per unit of the normalised pixel value"

NAMES = {
    "grad-cam": "Grad-CAM",
    "grad-cam++": "Grad-CAM++",
    "hires-cam": "HiResCAM",
    "layer-cam": "LayerCAM",
    "xgrad-cam": "XGrad-CAM",
    "eigen-cam": "Eigen-CAM",
    "saliency": "Gradient",
    "smooth-grad": "SmoothGrad",
    "integrated-gradients": "Integrated gradients",
    "guided-backprop": "Guided backprop",
    "guided-grad-cam": "Guided Grad-CAM",
    "deep-lift": "DeepLIFT",
    "occlusion": "Occlusion",
    "feature-ablation": "Feature ablation",
    "score-cam": "Score-CAM",
}
UNITS = dict.fromkeys(METHODS, LOGIT) | {
    "grad-cam++": "logit times the pixels of the unit",
    "eigen-cam": ACTIVATION,
    "score-cam": ACTIVATION,
    "saliency": SLOPE,
    "smooth-grad": SLOPE,
    "guided-backprop": SLOPE,
    "guided-grad-cam": f"{LOGIT} × {SLOPE}",
}
OF_A_UNIT = ("grad-cam", "grad-cam++", "hires-cam", "layer-cam", "xgrad-cam", "eigen-cam", "score-cam")
OF_PIXELS = tuple(method for method in METHODS if method not in OF_A_UNIT)
