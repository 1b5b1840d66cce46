"""Where a network looks, asked of a run's weights: one question a file, tensors in and plain numbers out.

Each works on a copy in evaluation mode whose BN is held at the statistics of the batch that comes next
(`instruments.settled`), and leaves every `.grad` as it was.
"""

import resnet_core.instruments  # noqa: F401 the instruments know these questions, and these their subject
