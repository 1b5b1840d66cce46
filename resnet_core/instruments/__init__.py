"""What can be asked of a network: one instrument a file, tensors in and plain numbers out.

Each works on a network of its own and leaves every `.grad` as it was. `answer` finds the instrument that a
question names.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from resnet_core.data.sets import ImageSet
from resnet_core.findings import Finding
from resnet_core.instruments.blocks import blocks
from resnet_core.instruments.correlation_laws import correlation_laws
from resnet_core.instruments.feature_maps import feature_maps
from resnet_core.instruments.gradient_noise import gradient_noise
from resnet_core.instruments.path_lengths import path_lengths
from resnet_core.instruments.profile import profile
from resnet_core.instruments.read_out import read_out
from resnet_core.instruments.scalar_nets import scalar_nets
from resnet_core.instruments.settled import settled
from resnet_core.instruments.shattered import shattered
from resnet_core.instruments.singular_values import singular_values
from resnet_core.instruments.slow_motion import slow_motion
from resnet_core.instruments.subject import Subject, subject_of
from resnet_core.instruments.two_paths import two_paths
from resnet_core.instruments.variance import variance
from resnet_core.options import Options
from resnet_core.questions import INSTRUMENTS, Question
from resnet_core.saliency.block_maps import block_maps
from resnet_core.saliency.gallery import gallery
from resnet_core.saliency.imagenet import imagenet_maps
from resnet_core.saliency.perturbation import perturbed
from resnet_core.saliency.pixel_maps import pixel_map
from resnet_core.saliency.pointing import pointing_game
from resnet_core.saliency.randomization import randomized
from resnet_core.uploads import decoded_file

__all__ = ["Subject", "answer", "subject_of"]

Report = Callable[[float], None]  # is told the share that is done, 0 to 1

_ANSWERS: dict[str, Callable[[Subject, Options, Report], Finding]] = {
    "profile": lambda subject, options, report: profile(subject.network, *subject.batch),
    "variance": lambda subject, options, report: variance(
        subject.network, subject.batch[0], subject.config.model
    ),
    "two-paths": lambda subject, options, report: two_paths(subject.network, *subject.batch),
    "path-lengths": lambda subject, options, report: path_lengths(
        subject.network, *subject.batch, options.samples, lengths=options.lengths, report=report
    ),
    "slow-motion": lambda subject, options, report: slow_motion(subject.network, *subject.batch),
    "shattered": lambda subject, options, report: shattered(
        subject,
        options.first,
        options.second,
        points=options.points,
        logit=options.logit,
        report=report,
    ),
    "gradient-noise": lambda subject, options, report: gradient_noise(
        subject.network, *(part[: options.pictures] for part in subject.batch), report
    ),
    "blocks": lambda subject, options, report: blocks(subject.network, *subject.batch),
    "feature-maps": lambda subject, options, report: feature_maps(subject, options.picture, options.channels),
    "read-out": lambda subject, options, report: read_out(
        subject, options.picture, options.fit_images, options.test_images
    ),
    "singular-values": lambda subject, options, report: singular_values(
        settled(subject.network, subject.batch[0]),
        subject.images.normalize(subject.test_picture(options.picture)[0][None])[0],
        options.block,
        options.values,
    ),
    "block-maps": lambda subject, options, report: block_maps(subject, options),
    "pixel-map": lambda subject, options, report: pixel_map(subject, options),
    "randomized": randomized,
    "perturbed": perturbed,
    "pointing-game": lambda subject, options, report: pointing_game(
        subject, options.pictures, options.chosen_on, report
    ),
    "gallery": lambda subject, options, report: gallery(subject, options.pictures),
}

_ANSWERS_WITHOUT_NETWORK: dict[str, Callable[[Options, Report, Path | None], Finding]] = {
    "upload": lambda options, report, file: decoded_file(file),
    "scalar-nets": lambda options, report, file: scalar_nets(options.seeds, report),
    "correlation-laws": lambda options, report, file: correlation_laws(options.seeds, report),
    "imagenet-maps": imagenet_maps,
}


def answer(
    question: Question,
    weights: Path | None = None,
    images: ImageSet | None = None,
    report: Report = lambda share: None,
    file: Path | None = None,
) -> Finding:
    """The finding of the instrument: `weights` are those of the run and step that the question is about.

    `file` is the visitor's picture, where the question is about one: for "upload" the bytes as they came, for
    all others what "upload" has made of them. Raises ValueError where the network does not have what is
    asked for.
    """
    if not INSTRUMENTS[question.instrument].needs_network:
        return _ANSWERS_WITHOUT_NETWORK[question.instrument](question.options, report, file)
    subject = subject_of(question.config, weights, question.step, images, file=file)
    subject = replace(subject, known_as=f"{question.network_key} {weights}")
    return _ANSWERS[question.instrument](subject, question.options, report)
