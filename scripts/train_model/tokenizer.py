"""A byte-level BPE tokenizer, learnt from the generator's own text.

Text is cut before merging as llama.cpp does for its "smollm" vocabularies: every digit alone (which makes sums easier
to learn), then GPT-2's pattern. Both programs therefore give the same ids for the same text.
"""

import itertools
from pathlib import Path

import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

from . import corpus

PRE_TOKENIZER = "smollm"
"""What GGUF's tokenizer.ggml.pre says, so that llama.cpp cuts text in the same way."""


def assembled(bpe: models.BPE) -> tokenizers.Tokenizer:
    """`bpe` with the cutting before it and the joining of bytes after it."""
    tokenizer = tokenizers.Tokenizer(bpe)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def learn(size: int, seed: int, documents: int = 60_000) -> tokenizers.Tokenizer:
    """A tokenizer of `size` ids: the control tokens first, then the 256 bytes, then merges in order of frequency.
    The documents spell their control tokens out, so that about twenty merges go to pieces of those names."""
    tokenizer = assembled(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(corpus.CONTROL_TOKENS),
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer.train_from_iterator(itertools.islice(corpus.documents(seed, long_share=0.0), documents), trainer)
    return tokenizer


def load_or_learn(path: Path, size: int, seed: int) -> tokenizers.Tokenizer:
    if not path.exists():
        learn(size, seed).save(str(path))
    return tokenizers.Tokenizer.from_file(str(path))


def from_parts(tokens: list[str], merges: list[str]) -> tokenizers.Tokenizer:
    """The tokenizer that a GGUF file holds: its tokens in order of id, and its merges as "left right"."""
    pairs = [tuple(merge.split(" ")) for merge in merges]
    tokenizer = assembled(models.BPE(vocab={token: place for place, token in enumerate(tokens)}, merges=pairs))
    tokenizer.add_special_tokens(list(corpus.CONTROL_TOKENS))
    return tokenizer
