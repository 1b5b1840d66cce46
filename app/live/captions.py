"""What each panel of the stage shows, in a title and one or two sentences that hold for every run.

Shares of He et al. 2015 (arXiv:1512.03385, section 4.1) and Yang et al. 2019 (arXiv:1902.08129) in them.
"""

from resnet_core.config import RunConfig
from resnet_core.results import SMOOTHING

EXTRAS = {
    "activation_std": "spread of activations",
    "activation_mean": "mean of activations",
    "dead_share": "dead units",
    "branch_ratio": "‖F(x)‖ / ‖x‖",
    "shortcut_gradient": "two paths",
    "path_cosine": "their cosine",
    "update_ratio": "update to weight",
    "gate": "gates",
    "branch_gain": "gains",
}  # the order of the buttons


def captions(config: RunConfig, has_layers_beside: bool = False) -> dict[str, dict[str, str]]:
    """Title and caption by panel or quantity, for a race whose first arm has this `config`.

    `has_layers_beside` is whether any arm has layers that are not on its main path.
    """
    training = config.training
    numbers = {"batch": training.batch, "images": training.eval_images, "smoothing": SMOOTHING}
    beside = {"gradient_norm": _BESIDE} if has_layers_beside else {}
    return {
        name: {"title": title, "caption": caption.format(**numbers) + beside.get(name, "")}
        for name, (title, caption) in _CAPTIONS.items()
    }


_BESIDE = " Hollow marks are layers beside the main path: on shortcuts, in gates, on parallel ways."


_CAPTIONS = {
    "curves": (
        "Loss and accuracy",
        "Loss of each batch of {batch}, and its exponential moving average (constant {smoothing}). Accuracy "
        "on {images} test pictures, at the last step on all of them. A loss above four times that of "
        "guessing leaves the chart at the top.",
    ),
    "gradient_norm": (
        "Gradient norm by depth",
        "Length of the gradient of each layer's weights, in training mode. No threshold makes it vanishing: "
        "compare with the other arm, and with step 0. In a deep network with batch norm and no skips, it "
        "grows towards the picture at step 0.",
    ),
    "heat": (
        "Gradient norm by depth and step",
        "Every layer of the main path at every step (very many of them share cells), all arms on one colour "
        "scale; at most 0.5\u202f% of cells lie beyond each of its ends. Layer 1 is next to the picture.",
    ),
    "activation_std": (
        "Spread of activations by depth",
        "Standard deviation of what each layer hands on, behind its activation, over the batch. In a "
        "residual network the last layer of a block hands on a sum, so the line zigzags.",
    ),
    "activation_mean": (
        "Mean of activations by depth",
        "Mean of what each layer hands on, behind its activation, over the batch. In a residual network "
        "the last layer of a block hands on a sum, so the line zigzags.",
    ),
    "dead_share": (
        "Dead units by depth",
        "Share of channels that are zero everywhere, for every picture of the batch.",
    ),
    "branch_ratio": (
        "What a block adds, by block",
        "Length of what a block adds, over the length of what its shortcut carries. A plain network adds "
        "nothing and has no line.",
    ),
    "update_ratio": (
        "Update to weight by depth",
        "How far one step moves each layer's weights, as a share of their length.",
    ),
    "shortcut_gradient": (
        "Gradient at x by its two ways, by block",
        "Length of the gradient of the loss that reaches the start of a block through its shortcut, with the "
        "padding or projection on it, and through its branch, with its gate. Their vectors add up to the "
        "whole; a plain network has one way only.",
    ),
    "path_cosine": (
        "Cosine of the two ways, by block",
        "Between the gradient that comes through the shortcut and the one that comes through the branch: 1 "
        "means that they point the same way, 0 that they are at right angles, below 0 that parts cancel.",
    ),
    "gate": (
        "Mean gate, by block",
        "Mean of the gate g over the pictures, channels and pixels of a batch; 1 − g is the share of x that "
        "the shortcut lets through. At step 0 it is σ(b), b the bias of the gates. Without gates, no bars.",
    ),
    "branch_gain": (
        "Gain of a branch, by block",
        "The last learned factor of a branch: |α| of SkipInit and ReZero, |scale| of Fixup, else the mean "
        "size of the γ of its last norm. At 0 a branch carries nothing of x.",
    ),
    "pictures": (
        "The pictures being trained on",
        "The first of a batch, as the networks see them, and what each said before it learned from them.",
    ),
}
