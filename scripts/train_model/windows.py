"""Packing: documents of many lengths into windows of one length, none cut and little room left over."""

from collections.abc import Iterator

import numpy as np
import tokenizers

from . import corpus

Window = dict[str, np.ndarray]


def packed(lengths: list[int], room: int) -> list[list[int]]:
    """First-fit decreasing: groups of places in `lengths` whose sums fit `room`."""
    groups: list[tuple[int, list[int]]] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        for index, (left, group) in enumerate(groups):
            if lengths[place] <= left:
                group.append(place)
                groups[index] = (left - lengths[place], group)
                break
        else:
            groups.append((room - lengths[place], [place]))
    return [group for _, group in groups]


def batch(groups: list[list[list[int]]], length: int) -> Window:
    """Arrays [windows, length] from groups of documents (lists of ids): see `model.logits` for what each one means.
    Documents are numbered from 1; the padding, numbered 0, has weight 0."""
    shape = (len(groups), length)
    window = {name: np.zeros(shape, np.int32) for name in ("tokens", "targets", "documents", "positions")}
    window["weights"] = np.zeros(shape, np.float32)
    for row, group in enumerate(groups):
        start = 0
        for number, ids in enumerate(group, 1):
            end = start + len(ids) - 1
            window["tokens"][row, start:end] = ids[:-1]
            window["targets"][row, start:end] = ids[1:]
            window["documents"][row, start:end] = number
            window["positions"][row, start:end] = np.arange(end - start)
            window["weights"][row, start:end] = 1
            start = end
    return window


def batches(
    tokenizer: tokenizers.Tokenizer, seed: int, length: int, rows: int, long_share: float, held_out: bool = False
) -> Iterator[Window]:
    """Batches of `rows` windows without end. Documents longer than a window are left out, not cut: half a
    conversation would teach the model to recall what was never said."""
    source = corpus.documents(seed, long_share, held_out)
    rng = np.random.default_rng(seed)
    while True:
        texts = [next(source) for _ in range(max(256, 12 * rows * length // 256))]
        encoded = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
        encoded = [ids for ids in encoded if len(ids) <= length + 1]
        groups = [[encoded[place] for place in group] for group in packed([len(ids) - 1 for ids in encoded], length)]
        rng.shuffle(groups)
        for start in range(0, len(groups) - rows + 1, rows):
            yield batch(groups[start : start + rows], length)
