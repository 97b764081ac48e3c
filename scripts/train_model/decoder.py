"""Reading a GGUF file back and writing text with it, in numpy alone: a second, independent path through the model, so
that what is measured is the exported file and not the trainer's memory of it."""

from pathlib import Path

import gguf
import numpy as np

from . import corpus, tokenizer
from .model import Shape


class Decoder:
    """One model and, for the text being written, its keys and values so far."""

    def __init__(self, path: Path):
        reader = gguf.GGUFReader(path)
        fields = {name: field.contents() for name, field in reader.fields.items()}
        self.shape = Shape(
            vocabulary=fields["llama.vocab_size"],
            width=fields["llama.embedding_length"],
            layers=fields["llama.block_count"],
            heads=fields["llama.attention.head_count"],
            kv_heads=fields["llama.attention.head_count_kv"],
            hidden=fields["llama.feed_forward_length"],
            context=fields["llama.context_length"],
            rope_base=fields["llama.rope.freq_base"],
            epsilon=fields["llama.attention.layer_norm_rms_epsilon"],
        )
        self.tensors = {tensor.name: np.asarray(tensor.data, np.float32) for tensor in reader.tensors}
        self.tokenizer = tokenizer.from_parts(fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.merges"])
        self.end = self.tokenizer.token_to_id(corpus.END)

    def tokens(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def logits(self, ids: list[int], cache: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        """Logits [new, vocabulary] of `ids`, which follow what `cache` holds; the cache grows by them."""
        shape, tensors = self.shape, self.tensors
        past, new, width = (cache[0][0].shape[0] if cache else 0), len(ids), shape.head_width
        angles = np.arange(past, past + new)[:, None, None] * shape.rope_base ** -(np.arange(0, width, 2) / width)
        cosine, sine = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
        hidden_keys = np.arange(past + new)[None, :] > np.arange(past, past + new)[:, None]

        def norm(x: np.ndarray, name: str) -> np.ndarray:
            return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + shape.epsilon) * tensors[name]

        def rotated(x: np.ndarray) -> np.ndarray:
            even, odd = x[..., 0::2], x[..., 1::2]
            return np.stack([even * cosine - odd * sine, even * sine + odd * cosine], axis=-1).reshape(x.shape)

        x = tensors["token_embd.weight"][ids]
        for layer in range(shape.layers):

            def weight(name: str, layer: int = layer) -> np.ndarray:
                return tensors[f"blk.{layer}.{name}.weight"].T

            h = norm(x, f"blk.{layer}.attn_norm.weight")
            q = rotated((h @ weight("attn_q")).reshape(new, shape.heads, width))
            k = rotated((h @ weight("attn_k")).reshape(new, shape.kv_heads, width))
            v = (h @ weight("attn_v")).reshape(new, shape.kv_heads, width)
            if layer < len(cache):
                k, v = np.concatenate([cache[layer][0], k]), np.concatenate([cache[layer][1], v])
                cache[layer] = (k, v)
            else:
                cache.append((k, v))
            q = q.reshape(new, shape.kv_heads, -1, width)
            scores = np.einsum("qghd,kgd->ghqk", q, k) * width**-0.5
            scores = np.where(hidden_keys, -np.inf, scores)
            scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
            scores /= scores.sum(axis=-1, keepdims=True)
            x = x + np.einsum("ghqk,kgd->qghd", scores, v).reshape(new, shape.width) @ weight("attn_output")
            h = norm(x, f"blk.{layer}.ffn_norm.weight")
            gate = h @ weight("ffn_gate")
            x = x + (gate / (1 + np.exp(-gate)) * (h @ weight("ffn_up"))) @ weight("ffn_down")
        return norm(x, "output_norm.weight") @ tensors["token_embd.weight"].T

    def greedy(self, prompt: str, limit: int = 200) -> tuple[str, bool]:
        """The likeliest continuation of `prompt` (control tokens and all), and whether it ended by itself."""
        ids, cache, written = self.tokens(prompt), [], []
        for _ in range(min(limit, self.shape.context - len(ids))):
            choice = int(self.logits(ids, cache)[-1].argmax())
            if choice == self.end:
                return self.tokenizer.decode(written), True
            written.append(choice)
            ids = [choice]
        return self.tokenizer.decode(written), False

    def surprise(self, text: str) -> tuple[float, int]:
        """The summed negative log-likelihood of `text` in nats, and over how many tokens."""
        ids = self.tokens(text)
        scores = self.logits(ids[:-1], []).astype(np.float64)
        scores -= scores.max(axis=-1, keepdims=True)
        chosen = scores[np.arange(len(ids) - 1), ids[1:]]
        return float(np.sum(np.log(np.exp(scores).sum(axis=-1)) - chosen)), len(ids) - 1
