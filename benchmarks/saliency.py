"""Class activation maps of all blocks in one pass, against loops of two libraries; and one question.

B = pictures, h, w = height and width of a block's output.
"""

from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.peers import network_of, one_batch
from benchmarks.settings import endless_run
from benchmarks.table import Row
from benchmarks.turns import middle, take_turns
from resnet_core.attribution import CAMS, watched
from resnet_core.config import RunConfig, from_flat
from resnet_core.data.sets import load_images
from resnet_core.device import make_deterministic, pick_device
from resnet_core.instruments import answer
from resnet_core.questions import Question, question

NETWORK = {"depth": 56, "width": 16, "dataset": "shapes", "side": 32, "batch": 16}
QUESTION = {"depth": 56, "dataset": "shapes", "side": 32}
FACTOR, QUESTION_BOUND = 5.0, 0.3
SECONDS, QUICK_SECONDS = 30.0, 3.0

Asked = tuple[nn.Module, list[nn.Module], Tensor, Tensor]  # network, blocks, pictures, classes


def measure(quick: bool = False) -> list[Row]:
    make_deterministic(threads=1)
    seconds = QUICK_SECONDS if quick else SECONDS
    return [*all_blocks(endless_run(**NETWORK), seconds), one_question(from_flat(QUESTION), seconds / 3)]


def all_blocks(config: RunConfig, seconds: float) -> list[Row]:
    """Grad-CAM of every block of a residual network for a batch."""
    asked = subject(config)
    sides = [partial(side, *asked) for side in (ours, captum_loop, grad_cam_loop)]
    turns = take_turns(sides, seconds, pick_device(), calls=1)
    ours_seconds = middle(turns.wall[:, 0]).median
    what = f"Grad-CAM of all {len(asked[1])} blocks for {len(asked[2])} pictures"
    note = f"ours takes {1000 * ours_seconds:.0f} ms; ResNet-{config.model.depth}, {config.data.side} px."
    rows = []
    for side, peer in ((1, "a loop of Captum's LayerGradCam"), (2, "a loop of grad-cam's GradCAM")):
        ratio = turns.ratio(side, 0)
        rows.append(Row(f"{what}, {peer} over ours", ratio.median, " x", ratio.half, FACTOR, "higher", note))
    return rows


def one_question(config: RunConfig, seconds: float) -> Row:
    """All maps of every unit for one picture, by an analyst that is warm."""
    device = pick_device()
    images = load_images(config.data, device)
    numbers = iter(range(10**6))
    turns = take_turns([lambda: answer(_question(config, next(numbers)), images=images)], seconds, device, 1)
    found = middle(turns.wall[:, 0])
    note = f"ResNet-{config.model.depth}, width {config.model.width}, from settings to numbers; one thread."
    what = f"one question for block maps at {config.data.side} pixels, warm"
    return Row(what, found.median, " s", found.half, QUESTION_BOUND, note=note)


def _question(config: RunConfig, number: int) -> Question:
    return question("block-maps", config, options={"picture": f"shapes:{number}"})


def subject(config: RunConfig) -> Asked:
    """The network, its residual blocks, and a batch with its labels."""
    device = pick_device()
    network = network_of(config, device).eval()
    pairs = zip(network.plan.units, network.units, strict=True)
    blocks = [module for unit, module in pairs if unit.has_skip]
    pictures, labels = next(one_batch(config, device))
    return network, blocks, pictures, labels


def ours(network: nn.Module, blocks: list[nn.Module], pictures: Tensor, labels: Tensor) -> list[Tensor]:
    """(B, h, w) of every block, >= 0."""
    return [CAMS["grad-cam"](*found).relu() for found in watched(network, blocks, pictures, labels)]


def captum_loop(
    network: nn.Module, blocks: list[nn.Module], pictures: Tensor, labels: Tensor
) -> list[Tensor]:
    """The same, block by block."""
    from captum.attr import LayerGradCam

    return [
        LayerGradCam(network, block).attribute(pictures, labels, relu_attributions=True)[:, 0].detach()
        for block in blocks
    ]


def grad_cam_loop(
    network: nn.Module, blocks: list[nn.Module], pictures: Tensor, labels: Tensor
) -> list[Tensor]:
    """Block by block; what the package returns is scaled to 0 .. 1 and as large as the picture."""
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    chosen = [ClassifierOutputTarget(int(label)) for label in labels]
    found = []
    for block in blocks:
        with GradCAM(network, [block]) as method:
            found.append(torch.from_numpy(method(pictures, chosen)))
    return found
