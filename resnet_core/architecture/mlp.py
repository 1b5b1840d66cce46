"""A multilayer perceptron on flattened pictures, whose units have the same options as a residual network's.

A convolution becomes a linear layer of `width` features, and so does a gate and what lies on a shortcut. No
shape changes between two units, so there is nothing to pad or to project. The depth counts the first layer,
those of the units and the classifier.
"""

from resnet_core.architecture.plan import Chain, Plan, Shape
from resnet_core.architecture.residual import ORDERS, UnitBuilder, classifier, dress, survival_of
from resnet_core.config import ModelConfig


def mlp_plan(model: ModelConfig, inputs: Shape, num_classes: int) -> Plan:
    """First layer, as many units as the depth gives, classifier."""
    order, blocks = ORDERS[model.order], model.blocks_per_stage
    stem = Chain(inputs).flatten().linear("linear1", model.width, model.has_bias)
    units = [dress(stem, order.stem, model).unit("stem")]
    for block in range(blocks):
        survival = survival_of(block + 1, blocks, model.survival)
        builder = UnitBuilder(f"layer1.{block}", (model.width,), model)
        units.append(builder.build(model.width, survival=survival))
    head = dress(Chain((model.width,)), order.end, model, "_end")
    return Plan(inputs, num_classes, (*units, classifier(head, model, num_classes)))
