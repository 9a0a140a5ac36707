"""Optimizers, schedules of the learning rate, and clipping."""

import torch
from torch.optim import lr_scheduler as schedules


def optimizer(words, parameters):
    kind, rate, *a = words
    match kind:
        case "sgd":
            momentum, nesterov, decay, dampening = a
            return torch.optim.SGD(parameters, rate, momentum, dampening, decay, bool(nesterov))
        case "adam" | "adamw":
            beta1, beta2, epsilon, decay = a
            made = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
            return made(parameters, rate, (beta1, beta2), epsilon, decay)
        case "rmsprop":
            alpha, epsilon, decay, momentum, centered = a
            return torch.optim.RMSprop(parameters, rate, alpha, epsilon, decay, momentum, bool(centered))
    raise ValueError(f"unknown optimizer {kind}")


def clip(words, parameters):
    kind, limit = words
    if kind == "norm":
        torch.nn.utils.clip_grad_norm_(parameters, limit)
    else:
        torch.nn.utils.clip_grad_value_(parameters, limit)


def schedule(case, optimizer):
    """A function to call after each step with its loss; it changes the optimizer's rate."""
    kind, *a = case["schedule"]
    if kind == "plateau":
        factor, patience, delta, floor = a
        made = schedules.ReduceLROnPlateau(optimizer, "min", factor, patience, delta, "abs", 0, floor, eps=0)
        return made.step
    match kind:
        case "constant":
            made = schedules.ConstantLR(optimizer, 1.0)
        case "step":
            made = schedules.StepLR(optimizer, *a)
        case "exponential":
            made = schedules.ExponentialLR(optimizer, *a)
        case "cosine":
            made = schedules.CosineAnnealingLR(optimizer, *a)
    if case["warmup"]:
        steps, share = case["warmup"]
        warm = schedules.LinearLR(optimizer, share, total_iters=steps)
        made = schedules.SequentialLR(optimizer, [warm, made], [steps])
    return lambda _loss: made.step()
