"""The cells of a notebook that train the network, measure its accuracy and draw its losses."""

from resnet_core.code.pieces import indented
from resnet_core.config import TrainingConfig

_LOOP = """device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
network = build_network(SEED).to(device)
optimizer = torch.optim.SGD(network.parameters(), {settings})
losses = []
for step, (images, labels) in enumerate(batches()):
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(step)
    optimizer.zero_grad()
    loss = cross_entropy(network(normalized(images)), labels.to(device))
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    if (step + 1) % {told_every} == 0:
        print(f"step {{step + 1}}: loss {{losses[-1]:.4f}}")"""

ACCURACY = '''@torch.no_grad()
def accuracy(images: Tensor, labels: Tensor) -> float:
    """The share of pictures that the network names rightly."""
    network.eval()
    parts = zip(images.split(250), labels.split(250), strict=True)
    right = sum(int((network(normalized(x)).argmax(1).cpu() == y).sum()) for x, y in parts)
    network.train()
    return right / len(labels)


print(f"test accuracy {accuracy(test_images, test_labels):.4f}")'''

CURVE = """try:
    import matplotlib.pyplot as plt
except ImportError:
    print("The curve needs matplotlib: pip install matplotlib")
else:
    plt.plot(losses)
    plt.xlabel("step")
    plt.ylabel("training loss")
    plt.show()"""

_SHAPES = {"linear": "a line down to 0", "cosine": "half a cosine down to 0", "constant": "the same rate"}


def training_code(training: TrainingConfig) -> str:
    """The learning rate of each step, the optimizer, the loop."""
    nesterov = ", nesterov=True" if training.momentum > 0 else ""
    settings = f"momentum={training.momentum}{nesterov}, weight_decay={training.weight_decay}"
    loop = _LOOP.format(settings=settings, told_every=training.eval_every)
    return f"{_learning_rate(training)}\n\n\n{loop}"


def _learning_rate(training: TrainingConfig) -> str:
    peak, warmup, shape = training.learning_rate, training.warmup_steps, _SHAPES[training.schedule]
    lines = [f'"""{"A warm-up, then" if warmup else "From the start"} {shape}."""']
    if warmup:
        lines += [f"if step < {warmup}:", f"    return {peak} * (step + 1) / {warmup}"]
    if training.schedule != "constant":
        lines.append(f"share = (step - {warmup}) / (STEPS - {warmup})" if warmup else "share = step / STEPS")
    factor = {"linear": " * (1 - share)", "cosine": " * (1 + math.cos(math.pi * share)) / 2", "constant": ""}
    lines.append(f"return {peak}{factor[training.schedule]}")
    return "\n".join(["def learning_rate(step: int) -> float:", *indented(lines)])
