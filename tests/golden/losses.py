"""Every loss, for a batch of outputs. A batch's loss is the mean over its samples, each with a loss of its own."""

import torch
import torch.nn.functional as F


def targets(case, out, generator):
    """What the samples of a case should be: `classes` (whole numbers), `targets` (singles), or both."""
    kind, *a = case["loss"]
    if case["itself"]:
        return {"targets": case["x"]}
    samples, size = case["samples"], int(out.numel())
    normal = lambda *shape: generator.standard_normal(shape).astype("float32")  # noqa: E731
    match kind:
        case "cross_entropy" | "weighted_cross_entropy":
            return {"classes": generator.integers(0, size, samples)}
        case "next_token":
            return {"classes": generator.integers(0, out.shape[-1], (samples, out.shape[0]))}
        case "binary_cross_entropy":
            if case.get("classed"):
                return {"classes": generator.integers(0, 2, samples)}
            # Labels, and for some elements a probability.
            values = generator.integers(0, 2, (samples, size)).astype("float32")
            values[:, ::3] = generator.uniform(0, 1, values[:, ::3].shape).astype("float32")
            return {"targets": values}
        case "pair":
            return {"classes": [1 - i % 2 for i in range(samples)], "targets": normal(samples, size)}
        case "triplet":
            return {"targets": normal(samples, 2, size)}
        case "info_nce":
            return {"classes": generator.integers(0, case["memory"], samples), "memory": normal(case["memory"], size)}
    return {"targets": normal(samples, size)}


def loss(case, y, classes, values, memory):
    """Loss of a batch of outputs y."""
    kind, *a = case["loss"]
    if values is not None and kind not in ("pair", "triplet", "next_token"):
        values = values.reshape(y.shape)
    match kind:
        case "cross_entropy":
            return F.cross_entropy(y, classes)
        case "weighted_cross_entropy":
            smoothing, *weights = a
            weights = torch.tensor(weights, dtype=y.dtype) if weights else None
            # `mean` would divide by the weights of the batch, and so undo them where a batch is one sample.
            return F.cross_entropy(y, classes, weights, reduction="none", label_smoothing=smoothing).mean()
        case "next_token":
            if case["itself"]:
                # Each frame is to tell the next token, and the last has none to tell.
                y, classes = y[:, :-1], values.reshape(len(y), -1)[:, 1:].long()
            return F.cross_entropy(y.flatten(0, 1), classes.flatten())
        case "binary_cross_entropy":
            values = classes.to(y.dtype)[:, None] if values is None else values
            return F.binary_cross_entropy_with_logits(y, values)
        case "squared_error":
            return F.mse_loss(y, values)
        case "absolute_error":
            return F.l1_loss(y, values)
        case "huber":
            return F.huber_loss(y, values, delta=a[0])
        case "pair":
            return pair(y, values, classes, a[0])
        case "triplet":
            margin, member = (*a, "anchor")[:2]
            first, second = values[:, 0], values[:, 1]
            members = {"anchor": (y, first, second), "positive": (first, y, second), "negative": (first, second, y)}
            return F.triplet_margin_loss(*members[member], margin)
        case "info_nce":
            return info_nce(y, memory, classes, a[0])
    raise ValueError(f"unknown loss {kind}")


def pair(y, other, same, margin):
    """Hadsell, Chopra and LeCun, 2006: ½ d² for a pair of one kind, ½ max(0, m − d)² for another; d = ‖y − other‖₂."""
    distance = (y - other).norm(dim=1)
    apart = 0.5 * F.relu(margin - distance) ** 2
    return torch.where(same.bool(), 0.5 * distance**2, apart).mean()


def info_nce(y, memory, classes, temperature):
    """Cross-entropy over the cosine similarities with what is in memory, divided by the temperature."""
    return F.cross_entropy(F.normalize(y) @ F.normalize(memory).T / temperature, classes)
