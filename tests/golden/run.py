"""What PyTorch makes of one case."""

import numpy as np
import torch

import layers
import losses
import rules

STEPS = 20
COMMON = dict(
    batch=1, gain=1.0, frozen=(), bias_only=(), adapters={}, schedule=("constant",), warmup=(), steps=STEPS, memory=0, itself=False
)  # fmt: skip


def single(value):
    return float(np.float32(value))


def rounded(words):
    """Settings as singles; whole numbers and words stay what they are."""
    return tuple(single(word) if isinstance(word, float) else word for word in words)


def finish(case, seed):
    """Adds what is common to cases, the starting values, and the tensors' places; rounds settings to singles."""
    case = COMMON | case
    if case["optimizer"][0] == "sgd" and len(case["optimizer"]) == 5:
        case["optimizer"] += (0,)  # no dampening
    case["layers"] = [rounded(layer) for layer in case["layers"]]
    for key in ("loss", "optimizer", "schedule", "warmup", "clip"):
        if key in case:
            words = case[key] if isinstance(case[key], tuple) else (case[key],)
            case[key] = rounded(words)
    generator = np.random.default_rng(seed)
    size = int(np.prod(case["input"]))
    if "tokens" in case:
        x = generator.integers(0, case["tokens"], (case["samples"], size))
    else:
        x = generator.standard_normal((case["samples"], size))
    case["x"] = x.astype(np.float32)
    case["tensors"], out = tensors(case)
    case |= losses.targets(case, out, generator)
    values = [start(case, tensor, generator) for tensor in case["tensors"]]
    case["parameters"] = np.concatenate([np.zeros(0), *values]).astype(np.float32)
    return case


def tensors(case):
    """(layer, name, state, dims, fan_in) of each parameter tensor, and a sample's output. State: see `make.py`."""
    listed, parameters = [], []
    outputs = [torch.zeros(1, *case["input"])]
    for index, layer in enumerate(case["layers"]):
        layer, x = layers.taken(layer, outputs)
        own = layers.tensors(layer, list(x.shape[1:]))
        base = len(own)
        if index in case["adapters"]:
            own += layers.adapter(case["adapters"][index], own)
        for place, (name, dims, fan_in) in enumerate(own):
            kept = index in case["frozen"] or index in case["bias_only"] and "weight" in name
            kept = kept or index in case["adapters"] and place < base
            state = "statistic" if name in layers.STATISTICS else "frozen" if kept else "trained"
            listed.append((index, name, state, dims, fan_in))
        parameters.append({name: torch.ones(dims) for name, dims, _ in own})
        outputs.append(layers.forward(layer, parameters[-1], x, outputs, False))
    return listed, outputs[-1][0]


def start(case, tensor, generator):
    index, name, _, dims, fan_in = tensor
    return layers.start(name, dims, fan_in, case["gain"], generator, case["layers"][index][0])


def leaves(case, dtype):
    """The parameter tensors, and for each layer a dictionary of them."""
    flat, at = torch.tensor(case["parameters"], dtype=dtype), 0
    listed, by_layer = [], [{} for _ in case["layers"]]
    for index, name, state, dims, _ in case["tensors"]:
        count = int(np.prod(dims))
        leaf = flat[at : at + count].reshape(dims).clone().requires_grad_(state == "trained")
        at += count
        listed.append(leaf)
        by_layer[index][name] = leaf
    return listed, by_layer


def flat(values):
    values = [value.detach().numpy().ravel() for value in values]
    return np.concatenate(values) if values else np.zeros(0)


def run(case, dtype):
    """The results of a case, by name."""
    count, batch = case["samples"], case["batch"]
    x = torch.tensor(case["x"], dtype=dtype).reshape(count, *case["input"])
    classes = torch.tensor(case["classes"]) if "classes" in case else None
    targets = torch.tensor(case["targets"], dtype=dtype) if "targets" in case else None
    memory = torch.tensor(case["memory"], dtype=dtype) if case["loss"][0] == "info_nce" else None
    listed, by_layer = leaves(case, dtype)
    trained = [leaf for leaf in listed if leaf.requires_grad]
    results, curve, rates = {}, [], []
    if case["steps"]:
        optim = rules.optimizer(case["optimizer"], trained)
        schedule = rules.schedule(case, optim)
    for step in range(case["steps"]):
        picked = [(step * batch + i) % count for i in range(batch)]
        optim.zero_grad()
        output = layers.model(case, by_layer, x[picked])
        pick = lambda values: values[picked] if values is not None else None  # noqa: E731
        loss = losses.loss(case, output, pick(classes), pick(targets), memory)
        loss.backward()
        if step == 0:
            results["output"], results["loss"] = flat([output]), flat([loss])
            results["gradients"] = flat([leaf.grad for leaf in trained])
        curve.append(loss.item())
        if "clip" in case:
            rules.clip(case["clip"], trained)
        rates.append(step_with_single_rate(optim))
        schedule(single(loss.item()))
    if case["steps"]:
        results["curve"] = np.array(curve, dtype=x.numpy().dtype)
        results["final"] = flat(listed)
        if case["schedule"] != ("constant",) or case["warmup"]:
            results["rates"] = np.array(rates, dtype=x.numpy().dtype)
    with torch.no_grad():
        results["inference"] = flat([layers.model(case, by_layer, x[:batch], learns=False)])
    return results


def step_with_single_rate(optim):
    """A step with the scheduled rate as a single, which is what kilograd has; the schedule keeps its own digits."""
    (group,) = optim.param_groups
    rate = group["lr"]
    group["lr"] = single(rate)
    optim.step()
    group["lr"] = rate
    return single(rate)
