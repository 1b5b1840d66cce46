"""The first test pictures and what a network says of them."""

import numpy as np
import torch

from resnet_core.instruments.settled import settled
from resnet_core.instruments.subject import Subject
from resnet_core.saliency_findings import Gallery

AT_ONCE = 250  # pictures in one pass
NOTHING = -1


@torch.no_grad()
def gallery(subject: Subject, pictures: int = 200) -> Gallery:
    """The first `pictures` test pictures, or all if there are fewer.

    An answer that is not finite predicts -1, and its probabilities are NaN.
    """
    shown, labels = subject.images.test_images[:pictures], subject.images.test_labels[:pictures]
    network = settled(subject.network, subject.batch[0])
    logits = torch.cat([network(subject.images.normalize(part)) for part in shown.split(AT_ONCE)])
    probabilities = logits.double().softmax(1)
    is_finite = probabilities.isfinite().all(1)
    confidences, predicted = probabilities.max(1)
    return Gallery(
        numbers=np.arange(len(shown)),
        pictures=shown.cpu().numpy(),
        labels=labels.cpu().numpy(),
        predicted=torch.where(is_finite, predicted, NOTHING).cpu().numpy(),
        confidences=torch.where(is_finite, confidences, torch.nan).cpu().numpy(),
        label_probabilities=probabilities.gather(1, labels[:, None])[:, 0].cpu().numpy(),
    )
