"""The model itself: a small decoder of the llama family, as pure functions over a dictionary of arrays.

The arithmetic follows llama.cpp's "llama" graph so that the exported file computes the same logits: RMSNorm before
each block, rotary positions over *neighbouring* pairs of a head's values (llama.cpp's "normal" rope), grouped-query
attention, a SwiGLU feed-forward block, and an output layer that shares the embedding matrix.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class Shape:
    """The sizes that fix the architecture. Every matrix row is a multiple of 256 long, so that the file can be
    quantised to any of llama.cpp's types."""

    vocabulary: int = 2048
    width: int = 256
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    hidden: int = 512
    context: int = 1024
    rope_base: float = 10_000.0
    epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        return self.width // self.heads


def initialise(shape: Shape, seed: int) -> dict[str, jax.Array]:
    """Fresh parameters, named as in GGUF. Matrices are stored [outputs, inputs], GGUF's order too."""
    rng = np.random.default_rng(seed)
    kv_width = shape.kv_heads * shape.head_width

    def matrix(outputs: int, inputs: int, scale: float = 1.0) -> jax.Array:
        return jnp.asarray(rng.normal(0, scale * inputs**-0.5, (outputs, inputs)), jnp.float32)

    ones = jnp.ones(shape.width, jnp.float32)
    parameters = {
        "token_embd.weight": jnp.asarray(rng.normal(0, 0.02, (shape.vocabulary, shape.width)), jnp.float32),
        "output_norm.weight": ones,
    }
    towards_residual = (2 * shape.layers) ** -0.5
    for layer in range(shape.layers):
        parameters |= {
            f"blk.{layer}.attn_norm.weight": ones,
            f"blk.{layer}.attn_q.weight": matrix(shape.width, shape.width),
            f"blk.{layer}.attn_k.weight": matrix(kv_width, shape.width),
            f"blk.{layer}.attn_v.weight": matrix(kv_width, shape.width),
            f"blk.{layer}.attn_output.weight": matrix(shape.width, shape.width, towards_residual),
            f"blk.{layer}.ffn_norm.weight": ones,
            f"blk.{layer}.ffn_gate.weight": matrix(shape.hidden, shape.width),
            f"blk.{layer}.ffn_up.weight": matrix(shape.hidden, shape.width),
            f"blk.{layer}.ffn_down.weight": matrix(shape.width, shape.hidden, towards_residual),
        }
    return parameters


def rms_norm(x: jax.Array, weight: jax.Array, epsilon: float) -> jax.Array:
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + epsilon) * weight


def rotate(x: jax.Array, cosine: jax.Array, sine: jax.Array) -> jax.Array:
    """Rotary position embedding of x [batch, time, heads, head_width], pairing values 2i and 2i + 1."""
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = jnp.stack([even * cosine - odd * sine, even * sine + odd * cosine], axis=-1)
    return turned.reshape(x.shape)


def rotary_tables(positions: jax.Array, shape: Shape) -> tuple[jax.Array, jax.Array]:
    """Cosines and sines for `positions` [batch, time], with an axis of length 1 for the heads."""
    pairs = np.arange(0, shape.head_width, 2) / shape.head_width
    angles = positions[:, :, None, None] * jnp.asarray(shape.rope_base**-pairs, jnp.float32)
    return jnp.cos(angles), jnp.sin(angles)


def attend(q: jax.Array, k: jax.Array, v: jax.Array, documents: jax.Array, block: int = 128) -> jax.Array:
    """Causal attention within each document of a packed window.

    q is [batch, time, heads, head_width]; k and v have fewer heads, each shared by a group of query heads. Queries
    are taken a block at a time, so that no score is computed for keys that a whole block cannot see.
    """
    batch, time, heads, width = q.shape
    groups = k.shape[2]
    q = (q * width**-0.5).reshape(batch, time, groups, -1, width).transpose(0, 2, 3, 1, 4)
    k, v = k.transpose(0, 2, 3, 1), v.transpose(0, 2, 1, 3)
    outputs = []
    for start in range(0, time, block):
        end = min(start + block, time)
        causal = np.arange(end)[None, :] <= np.arange(start, end)[:, None]
        same = documents[:, start:end, None] == documents[:, None, :end]
        # The query heads of a group are rows of one matrix product.
        rows = q[:, :, :, start:end].reshape(batch, groups, -1, width)
        scores = (rows @ k[..., :end]).reshape(batch, groups, -1, end - start, end)
        scores = jnp.where((causal & same)[:, None, None], scores, -1e30)
        shares = jax.nn.softmax(scores, axis=-1).reshape(batch, groups, -1, end)
        outputs.append((shares @ v[:, :, :end]).reshape(batch, groups, -1, end - start, width))
    joined = jnp.concatenate(outputs, axis=3)
    return joined.transpose(0, 3, 1, 2, 4).reshape(batch, time, heads * width)


def logits(
    parameters: dict[str, jax.Array], tokens: jax.Array, documents: jax.Array, positions: jax.Array, shape: Shape
) -> jax.Array:
    """Next-token logits [batch, time, vocabulary] for packed windows.

    `tokens`, `documents` and `positions` are [batch, time] integers: the ids, which document of the window each id
    belongs to, and its place within that document.
    """
    batch, time = tokens.shape
    tables = rotary_tables(positions, shape)
    x = parameters["token_embd.weight"][tokens]
    for layer in range(shape.layers):

        def weight(name: str, layer: int = layer) -> jax.Array:
            return parameters[f"blk.{layer}.{name}.weight"]

        h = rms_norm(x, weight("attn_norm"), shape.epsilon)
        q = (h @ weight("attn_q").T).reshape(batch, time, shape.heads, shape.head_width)
        k = (h @ weight("attn_k").T).reshape(batch, time, shape.kv_heads, shape.head_width)
        v = (h @ weight("attn_v").T).reshape(batch, time, shape.kv_heads, shape.head_width)
        x = x + attend(rotate(q, *tables), rotate(k, *tables), v, documents) @ weight("attn_output").T
        h = rms_norm(x, weight("ffn_norm"), shape.epsilon)
        gated = jax.nn.silu(h @ weight("ffn_gate").T) * (h @ weight("ffn_up").T)
        x = x + gated @ weight("ffn_down").T
    return rms_norm(x, parameters["output_norm.weight"], shape.epsilon) @ parameters["token_embd.weight"].T


def loss(parameters: dict[str, jax.Array], window: dict[str, jax.Array], shape: Shape) -> jax.Array:
    """Mean cross-entropy, in nats a token, over the places of `window` that have a target (`weights` 1, not 0)."""
    scores = logits(parameters, window["tokens"], window["documents"], window["positions"], shape)
    chosen = jnp.take_along_axis(scores, window["targets"][..., None], axis=-1)[..., 0]
    surprise = jax.nn.logsumexp(scores, axis=-1) - chosen
    return jnp.sum(surprise * window["weights"]) / jnp.sum(window["weights"])
