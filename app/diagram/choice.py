"""Which networks can be looked at: members by their settings, well-known ones, and the forms of ImageNet.

In a link a network is `identity-56~width:16@cifar10-32`, an arm's text and its pictures, or a name of the
ImageNet forms such as `resnet152`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.figures.theme import arm_names, full_name
from resnet_core.architecture import Plan, plan_of
from resnet_core.architecture.imagenet import IMAGENET, imagenet_plan
from resnet_core.arms import SHAREABLE, arms_from_text, arms_to_text
from resnet_core.config import RunConfig, SettingsError, field_of, from_flat, to_flat
from resnet_core.race import differing_settings

PICTURES = "@cifar10-32"  # of the well-known members with convolutions
WELL_KNOWN: dict[str, str] = {
    f"none-56~width:16{PICTURES}": "plain-56",
    f"identity-20~width:16{PICTURES}": "ResNet-20",
    f"identity-56~width:16{PICTURES}": "ResNet-56",
    f"identity-110~width:16{PICTURES}": "ResNet-110",
    f"identity-110~order:pre~width:16{PICTURES}": "ResNet-110 v2 (full pre-activation)",
    f"identity-164~order:pre~block:bottleneck~width:16~shortcut:B{PICTURES}": "ResNet-164 v2 (bottleneck)",
    f"identity-1202~width:16{PICTURES}": "ResNet-1202",
    f"gated-20-nobn~block:single~width:16{PICTURES}": "Highway, 20 layers",
    f"dense-40{PICTURES}": "DenseNet-40 (k = 12)",
    f"dense-100~compression:0.5~block:bottleneck{PICTURES}": "DenseNet-BC-100 (k = 12)",
    "mlp-50~width:50@mnist-28": "MLP-50 with skips",
    f"alexnet-8-nobn~width:16{PICTURES}": "AlexNet for small pictures",
    f"vgg-19-nobn~width:16{PICTURES}": "VGG-19 for small pictures",
    f"googlenet-22-nobn~width:16{PICTURES}": "GoogLeNet for small pictures",
}


@dataclass(frozen=True)
class Network:
    """One network to look at; `config` is None for the forms of ImageNet, which are not trained here."""

    text: str
    name: str
    plan: Plan
    config: RunConfig | None = None

    @property
    def kind(self) -> str:
        return "residual" if self.plan.skip_units else "plain"


def network_of(text: str) -> Network:
    """The network that a link means. Raises `SettingsError`, a sentence a mistake."""
    if text in IMAGENET:
        return Network(text, imagenet_name(text), imagenet_plan(text))
    config = _config_of(text)
    info = config.data.info
    plan = plan_of(config.model, info.channels, len(info.classes), config.data.side)
    text = text_of(config)
    return Network(text, WELL_KNOWN.get(text) or full_name(to_flat(config)), plan, config)


def told_apart(networks: Sequence[Network]) -> list[Network]:
    """The same networks; where two have one name, what they differ in is added to it."""
    if len({network.name for network in networks}) == len(networks):
        return list(networks)
    names = arm_names([to_flat(network.config) for network in networks])
    return [replace(network, name=name) for network, name in zip(networks, names, strict=True)]


def imagenet_name(name: str) -> str:
    return f"{IMAGENET[name].title} (ImageNet)"


def text_of(config: RunConfig) -> str:
    """A config's network and pictures as a link has them."""
    own = {
        name: value
        for name, value in config.model.model_dump().items()
        if name not in SHAREABLE or value != field_of(name).default
    }
    return f"{arms_to_text([own])}@{config.data.name}-{config.data.side}"


def _config_of(text: str) -> RunConfig:
    network, at, pictures = text.partition("@")
    dataset, dash, side = pictures.rpartition("-")
    if at and not (dash and side.isdecimal()):
        raise SettingsError([f"pictures: {pictures[:40]!r} is not understood; they are like cifar10-32"])
    arms = arms_from_text(network)
    if len(arms) != 1:
        raise SettingsError([f"network: {network[:60]!r} are {len(arms)} networks; one is shown here"])
    return from_flat({**arms[0], **({"dataset": dataset, "side": side} if at else {})})


def differing(networks: Sequence[Network]) -> dict[str, list[str]]:
    """The settings in which members differ, each with the value of every one; "–" where it has no effect."""
    configs = [network.config for network in networks if network.config]
    found = differing_settings(configs) if len(configs) == len(networks) else {}
    return {
        name: ["–" if value is None else str(value) for value in values] for name, values in found.items()
    }
