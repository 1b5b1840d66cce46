"""A notebook that trains a member of the family without the lab: Jupyter's format 4, written as plain JSON.

It makes the lab's initial values and shows the network the lab's pictures in the same order.
"""

import json

from resnet_core.architecture import Plan, plan_of
from resnet_core.code.module import OWN_DRAWS, has_chance, model_code
from resnet_core.code.pictures import drawing_code, pictures_code
from resnet_core.code.training import ACCURACY, CURVE, training_code
from resnet_core.config import DataConfig, ModelConfig, TrainingConfig
from resnet_core.members import relevant_settings
from resnet_core.named_members import member_title

_OF_TRAINING = ("steps", "batch", "learning_rate", "warmup_steps", "schedule", "momentum", "weight_decay")
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_BUNDLED = (
    "The lab's bundled set is {train:,} training and {test:,} test pictures of Fashion-MNIST. Here it is the "
    "whole set, so the losses will be others."
)
_DRAWN = (
    "Shapes, {side} pixels wide: drawn by the lab's own code, so they are the lab's pictures, byte by byte."
)
_SAME = (
    "Initial values and the pictures of each step are the lab's: on the same processor, after "
    "`torch.set_num_threads({threads})`, so are the losses."
)


def notebook(model: ModelConfig, data: DataConfig, training: TrainingConfig, seed: int) -> str:
    """The text of an .ipynb file: the network's code, its data, the training loop, accuracy, a loss curve."""
    info = data.info
    sizes = (info.channels, len(info.classes), data.side)
    plan, code = plan_of(model, *sizes), model_code(model, *sizes, seed)
    cells = [
        _cell("markdown", "title", _title(model, data, training, seed)),
        _cell("code", "network", code),
        _cell("markdown", "about-pictures", f"## The pictures\n\n{_about_pictures(data)}"),
        *([_cell("code", "drawing", drawing_code())] if info.is_drawn else []),
        _cell("code", "pictures", pictures_code(data, training, seed)),
        _cell("markdown", "about-training", f"## The training\n\n{_about_training(plan, data, training)}"),
        _cell("code", "training", training_code(training)),
        _cell("markdown", "about-result", "## What came of it"),
        _cell("code", "accuracy", ACCURACY),
        _cell("code", "curve", CURVE),
    ]
    document = {
        "cells": cells,
        "metadata": {"kernelspec": _KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, name: str, text: str) -> dict:
    cell = {"cell_type": kind, "id": name, "metadata": {}, "source": text.rstrip("\n")}
    return cell | {"execution_count": None, "outputs": []} if kind == "code" else cell


def _title(model: ModelConfig, data: DataConfig, training: TrainingConfig, seed: int) -> str:
    info = data.info
    rows = [(name, getattr(model, name)) for name in relevant_settings(model)]
    rows += [("dataset", info.title), ("side", data.side), ("augment", data.augment)]
    rows += [("difficulty", data.difficulty)] if info.is_drawn else []
    rows += [(name, getattr(training, name)) for name in _OF_TRAINING] + [("seed", seed)]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"# {member_title(model)} on {info.title}\n\n| setting | value |\n|---|---|\n{table}"


def _about_pictures(data: DataConfig) -> str:
    info = data.info
    if info.is_drawn:
        return _DRAWN.format(side=data.side)
    pooled = f", {data.side} pixels wide by 2 x 2 means" if data.side != info.native_side else ""
    numbers = {"train": info.train_images, "test": info.test_images}
    bundled = f" {_BUNDLED.format(**numbers)}" if info.is_bundled else ""
    return f"{info.title}{pooled}; torchvision downloads it if it is not there yet.{bundled}"


def _about_training(plan: Plan, data: DataConfig, training: TrainingConfig) -> str:
    kind = "Nesterov momentum" if training.momentum > 0 else "no momentum"
    said = f"Stochastic gradient descent with {kind}."
    if data.info.is_bundled:
        return said
    return f"{said} {OWN_DRAWS if has_chance(plan) else _SAME.format(threads=training.threads)}"
