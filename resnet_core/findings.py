"""What the instruments find, as plain numbers: one type an instrument. No torch.

L = layers with a weight, as a run's `Layout` has them, U = units of the plan, B = units with a skip
("blocks"), C = classes. Every field is a numpy array, or a tuple of them where shapes differ; text is str.
Depths count from 1, next to the picture. NaN and infinity are content; NaN also stands for "there is none".
"""

from typing import Any, NamedTuple, Protocol

import numpy as np


class Finding(Protocol):
    """What any instrument finds: one of the types below."""

    def _asdict(self) -> dict[str, Any]: ...


class Profile(NamedTuple):
    """The gradient of the loss at every weight and at what every layer hands on (`instruments.profile`)."""

    layers: np.ndarray  # (L,) str
    kinds: np.ndarray  # (L,) str: conv, linear, projection, gate or parallel
    depths: np.ndarray  # (L,)
    gradients: np.ndarray  # (L,) L2 norm of the gradient of each weight
    weights: np.ndarray  # (L,) L2 norm of each weight
    sizes: np.ndarray  # (L,) how many numbers each weight has
    signal_gradients: np.ndarray  # (L,) L2 norm of the gradient of what each layer hands on
    signals: np.ndarray  # (L,) L2 norm of that itself
    signal_sizes: np.ndarray  # (L,) how many numbers that has, over the batch
    loss: np.ndarray  # ()


class TwoPaths(NamedTuple):
    """The gradient at the input of every block, split into its two ways (`instruments.two_paths`)."""

    blocks: np.ndarray  # (B,) str
    depths: np.ndarray  # (B,) of the last layer of each block
    is_identity: np.ndarray  # (B,) bool: the shortcut is x itself; else it pads, projects, scales or is gated
    shortcut: np.ndarray  # (B,) L2 norm of the part that comes through the shortcut
    branch: np.ndarray  # (B,) L2 norm of the part that comes through the branch, gates included
    whole: np.ndarray  # (B,) L2 norm of the gradient that autograd itself finds there
    cosine: np.ndarray  # (B,) between the two parts
    error: np.ndarray  # (B,) ||shortcut + branch - whole|| / ||whole||; 0 where all are 0


class PathLengths(NamedTuple):
    """The gradient at the picture by how many branches it has crossed (`instruments.path_lengths`)."""

    lengths: np.ndarray  # (K,) 0 .. B up to 30 blocks, else those that were sampled
    counts: np.ndarray  # (K,) float: paths of this length, B over length; infinity above 1.8e308
    carried: np.ndarray  # (K,) L2 norm of the sum over all paths of this length; NaN where not computed
    one_path: np.ndarray  # (K,) mean L2 norm of the gradient along one path, over the sampled ones, else NaN
    samples: np.ndarray  # (K,) how many paths were sampled, each another one; 0: this length was not
    blocks: np.ndarray  # () B
    whole: np.ndarray  # () L2 norm of the gradient that autograd itself finds at the picture
    error: np.ndarray  # () ||sum over lengths - whole|| / ||whole||; NaN where only sampled


class Motion(NamedTuple):
    """One training step through every unit, forward and then backward (`instruments.slow_motion`).

    All are L2 norms over the batch. Where a unit has no skip, its shortcut is NaN and all goes the branch.
    """

    units: np.ndarray  # (U,) str: the name of the unit, or of its first operation
    stages: np.ndarray  # (U,) str
    has_skip: np.ndarray  # (U,) bool
    inputs: np.ndarray  # (U,) ||x||, where both ways begin
    shortcuts: np.ndarray  # (U,) what the shortcut brings to the merge
    branches: np.ndarray  # (U,) what the branch brings to the merge
    outputs: np.ndarray  # (U,) ||y||
    gradients_out: np.ndarray  # (U,) of the loss, at y
    through_shortcut: np.ndarray  # (U,) of the loss, at x, by the shortcut
    through_branch: np.ndarray  # (U,) ... by the branch
    cosines: np.ndarray  # (U,) between those two; NaN without a skip
    gradients_in: np.ndarray  # (U,) of the loss, at x
    weight_layers: np.ndarray  # (L,) str
    weight_gradients: np.ndarray  # (L,) L2 norm of each weight's gradient
    weight_units: np.ndarray  # (L,) index of the unit that each layer is in
    loss: np.ndarray  # ()


class Shattered(NamedTuple):
    """How the gradient at the picture changes on the way from one to another (`instruments.shattered`)."""

    places: np.ndarray  # (P,) 0 .. 1 along the line
    logits: np.ndarray  # (P,) the logit that is followed
    slopes: np.ndarray  # (P,) its derivative along the line, for the whole way as 1
    norms: np.ndarray  # (P,) L2 norm of its gradient at the picture
    cosines: np.ndarray  # (P, P) between the gradients at two places; NaN where one is 0
    lags: np.ndarray  # (G,) 1 .. P - 1, in steps of the line
    autocorrelation: np.ndarray  # (G,) mean cosine of gradients this far apart
    logit: np.ndarray  # () the class whose logit it is
    labels: np.ndarray  # (2,) of the two pictures
    ends: tuple[np.ndarray, ...]  # the two pictures, (C, S, S) uint8


class ScalarNets(NamedTuple):
    """The networks of one number that Balduzzi et al. 2017 show (`instruments.scalar_nets`)."""

    names: np.ndarray  # (N,) str such as plain, BN
    depths: np.ndarray  # (N,) layers, or blocks of a ResNet
    grid: np.ndarray  # (P,) inputs
    outputs: np.ndarray  # (N, P) y with the first seed
    slopes: np.ndarray  # (N, P) dy/dx with the first seed
    lags: np.ndarray  # (G,) in steps of the grid
    autocorrelation: np.ndarray  # (N, G) of dy/dx, mean over the seeds
    spread: np.ndarray  # (N, G) standard deviation over the seeds
    seeds: np.ndarray  # () how many


class CorrelationLaws(NamedTuple):
    """Correlation of the gradients at two unlike inputs, by depth (`instruments.correlation_laws`)."""

    names: np.ndarray  # (N,) str such as residual, BN
    depths: np.ndarray  # (D,) layers or blocks
    measured: np.ndarray  # (N, D) in real networks, mean over the seeds
    spread: np.ndarray  # (N, D) standard deviation over the seeds
    laws: np.ndarray  # (N, D) what is expected when the ReLUs at the two inputs are open independently
    corrected: np.ndarray  # (N, D) the same with the variance that BN divides by; NaN where it is no other
    formulas: np.ndarray  # (N,) str such as 1/2^L
    seeds: np.ndarray  # ()


class GradientNoise(NamedTuple):
    """How much of the pictures' gradients is common to them (`instruments.gradient_noise`)."""

    layers: np.ndarray  # (L,) str
    depths: np.ndarray  # (L,)
    mean_norms: np.ndarray  # (L,) norm of the mean gradient
    single_norms: np.ndarray  # (L,) mean norm of one picture's gradient
    common: np.ndarray  # (L,) the first over the second; 1: all agree, 1/sqrt(batch): as if by chance
    common_of_all: np.ndarray  # () the same for all weights together
    pictures: np.ndarray  # ()


class Variance(NamedTuple):
    """How the variance of the signal grows through the depth (`instruments.variance`)."""

    places: np.ndarray  # (V,) str: units whose outputs they are; without skips layers before norm and ReLU
    depths: np.ndarray  # (V,)
    variances: np.ndarray  # (V,) over pictures, channels and pixels
    branch_variances: np.ndarray  # (V,) of what the branch brings; NaN without a skip
    law: np.ndarray  # (V,) what is expected from the first place on; NaN where no law is known
    law_name: np.ndarray  # () str such as l + 1; empty where none is known
    law_about: np.ndarray  # () str: the law in words, or why none is known


class Blocks(NamedTuple):
    """How much each block does (`instruments.blocks`)."""

    blocks: np.ndarray  # (B,) str
    depths: np.ndarray  # (B,) of the last layer of each block
    ratios: np.ndarray  # (B,) mean over the pictures of ||F(x)|| / ||x||, x what the shortcut delivers
    cosines: np.ndarray  # (B,) mean cosine of F(x) and the loss gradient at the input; NaN: other shapes
    shortcut_shares: np.ndarray  # (B,) S / (S + R), the standard deviations of shortcut and branch
    gains: np.ndarray  # (B,) |alpha| or mean |gamma| of the last norm; NaN without either
    alphas: np.ndarray  # (B,) the learned number behind the branch, signed; NaN without one
    gamma_lows: np.ndarray  # (B,) smallest gamma of the branch's last norm, signed; NaN without one
    gamma_highs: np.ndarray  # (B,) largest
    gamma_sizes: np.ndarray  # (B,) mean |gamma|


class FeatureMaps(NamedTuple):
    """What every unit makes of one picture (`instruments.feature_maps`)."""

    units: np.ndarray  # (U,) str
    stages: np.ndarray  # (U,) str
    maps: tuple[np.ndarray, ...]  # one a unit: (channels shown, h, w) float32, or all (features, 1, 1)
    picture: np.ndarray  # (C, S, S) uint8
    label: np.ndarray  # ()
    logits: np.ndarray  # (C,)
    bins: np.ndarray  # (U, 33) edges of the histogram of all values of the unit over the batch
    counts: np.ndarray  # (U, 32) values in each bin, over the batch
    values: np.ndarray  # (U,) how many there are
    zeros: np.ndarray  # (U,) exactly 0
    nans: np.ndarray  # (U,)
    infinities: np.ndarray  # (U,)
    dead: np.ndarray  # (U,) channels that are 0 for every picture everywhere
    channels: np.ndarray  # (U,)


class Readout(NamedTuple):
    """What the network would say if it ended behind each unit (`instruments.read_out`).

    U = units in front of the classifier.
    """

    units: np.ndarray  # (U,) str
    stages: np.ndarray  # (U,) str
    fitted_accuracy: np.ndarray  # (U,) of a linear read-out fitted to training pictures, on test pictures
    head_accuracy: np.ndarray  # (U,) of the network's own last layer; NaN where it does not fit
    fitted_logits: np.ndarray  # (U, C) for the chosen picture
    head_logits: np.ndarray  # (U, C); NaN where the head does not fit
    label: np.ndarray  # () of the chosen picture
    picture: np.ndarray  # (C, S, S) uint8
    fitted_on: np.ndarray  # () training pictures
    tested_on: np.ndarray  # () test pictures
    chance: np.ndarray  # () accuracy of always naming the class that is most frequent in fitting
    ridge: np.ndarray  # () lambda, as a share of the mean square of the centred channel means


class SingularValues(NamedTuple):
    """The largest singular values of one block's Jacobian at a picture (`instruments.singular_values`)."""

    block: np.ndarray  # () str
    values: np.ndarray  # (k,) of dy/dx, largest first
    branch_values: np.ndarray  # (k,) of dF/dx alone
    has_skip: np.ndarray  # () bool; without one, branch_values equal values
    inputs: np.ndarray  # () how many numbers x has
    outputs: np.ndarray  # () how many y has
    mean_square: np.ndarray  # () mean of all squared singular values of dy/dx, estimated
    branch_mean_square: np.ndarray  # () the same of dF/dx
