"""The training run: two phases, one learning-rate curve, a checkpoint and a GGUF every few minutes."""

import itertools
import pickle
import time
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import tokenizers

from . import export, model, windows
from .model import Shape


@dataclass(frozen=True)
class Plan:
    """How long to train, and on what. Phase one reads short windows, which are cheap; phase two reads windows as long
    as the context, with long conversations among them. The learning rate rises, stays, and falls to nothing from
    `decay_start` on."""

    steps: int
    seed: int = 1
    tokens_per_step: int = 4096
    short: int = 256
    short_share: float = 0.85
    long_documents: float = 0.12
    warm_up: int = 60
    decay_start: float = 0.35
    muon_rate: float = 4e-3
    adam_rate: float = 2e-3

    @property
    def short_steps(self) -> int:
        return int(self.steps * self.short_share)

    def rate(self, peak: float) -> optax.Schedule:
        start = int(self.steps * self.decay_start)
        return optax.join_schedules(
            [
                optax.linear_schedule(0, peak, self.warm_up),
                optax.constant_schedule(peak),
                optax.linear_schedule(peak, 0, self.steps - start),
            ],
            [self.warm_up, start],
        )


def optimiser(plan: Plan) -> optax.GradientTransformation:
    """Muon for the matrices within the blocks, Adam for the embedding and the norms."""

    def matrices(parameters: dict[str, jax.Array]) -> dict[str, optax.contrib.MuonDimensionNumbers | None]:
        return {
            name: optax.contrib.MuonDimensionNumbers() if name.startswith("blk") and "norm" not in name else None
            for name in parameters
        }

    return optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.contrib.muon(
            plan.rate(plan.muon_rate),
            adam_learning_rate=plan.rate(plan.adam_rate),
            adam_b2=0.98,
            weight_decay=0.02,
            consistent_rms=0.2,
            muon_weight_dimension_numbers=matrices,
        ),
    )


def held_out_windows(tokenizer: tokenizers.Tokenizer, shape: Shape) -> list[windows.Window]:
    source = windows.batches(tokenizer, seed=9_001, length=shape.context, rows=4, long_share=0.05, held_out=True)
    return list(itertools.islice(source, 12))


def run(plan: Plan, shape: Shape, tokenizer: tokenizers.Tokenizer, workspace: Path, output: Path) -> None:
    """Trains from the checkpoint in `workspace`, or from the beginning, until `plan.steps`; writes `output` as it
    goes, and prints a line every 20 steps. A run that ends removes its checkpoint, so that the next one starts anew."""
    checkpoint = workspace / "checkpoint.pickle"
    transform = optimiser(plan)
    if checkpoint.exists():
        step, parameters, state = jax.tree.map(jnp.asarray, pickle.loads(checkpoint.read_bytes()))
        step = int(step)
        print(f"continuing at step {step}", flush=True)
    else:
        step, parameters = 0, model.initialise(shape, plan.seed)
        state = transform.init(parameters)

    @jax.jit
    def update(parameters, state, window):
        value, gradient = jax.value_and_grad(model.loss)(parameters, window, shape)
        change, state = transform.update(gradient, state, parameters)
        return optax.apply_updates(parameters, change), state, value

    held_out_loss = jax.jit(lambda parameters, window: model.loss(parameters, window, shape))
    held_out = held_out_windows(tokenizer, shape)

    def save() -> None:
        parts = jax.tree.map(np.asarray, (step, parameters, state))
        partial = checkpoint.with_suffix(".partial")
        partial.write_bytes(pickle.dumps(parts))
        partial.replace(checkpoint)
        export.write(output, parts[1], tokenizer, shape)
        losses = [float(held_out_loss(parameters, window)) for window in held_out]
        print(f"step {step}: held-out loss {np.mean(losses):.4f}; wrote {output}", flush=True)

    count = sum(array.size for array in parameters.values())
    print(f"{count:,} parameters, {plan.steps} steps of about {plan.tokens_per_step} tokens", flush=True)
    # A continued run takes other text than the run it continues: the step is part of the seed.
    phases = ((plan.short_steps, plan.short, 0.0), (plan.steps, shape.context, plan.long_documents))
    began, first_step, last_save, recent, tokens = time.time(), step, time.time(), [], 0
    for end, length, long_documents in phases:
        rows = plan.tokens_per_step // length
        for window in windows.batches(tokenizer, plan.seed * 1_000_000 + step, length, rows, long_documents):
            if step >= end:
                break
            parameters, state, value = update(parameters, state, window)
            step += 1
            recent.append(float(value))
            tokens += int(window["weights"].sum())
            if step % 20 == 0:
                spent = time.time() - began
                left = spent / (step - first_step) * (plan.steps - step)
                print(
                    f"step {step}/{plan.steps}  loss {np.mean(recent):.4f}  {tokens / spent:,.0f} tokens/s  "
                    f"{left / 60:.0f} min left",
                    flush=True,
                )
                recent = []
            if time.time() - last_save > 300:
                save()
                last_save = time.time()
    save()
    checkpoint.unlink()
