"""The mixture of documents that the model learns from, and how a document becomes one string.

Control tokens are written as their names, such as `<|user|>`; the tokenizer turns each into one id.
"""

import random
import zlib
from collections.abc import Iterator

from . import chats, facts, stories, texts

BEGIN, END = "<|bos|>", "<|end|>"
ROLES = ("system", "user", "assistant")
CONTROL_TOKENS = (BEGIN, END, *(f"<|{role}|>" for role in ROLES))


def rendered(turns: list[chats.Turn], reply_to_come: bool = False) -> str:
    """A conversation in the form that the chat template gives it."""
    text = BEGIN + "".join(f"<|{role}|>{content}{END}" for role, content in turns)
    return text + "<|assistant|>" if reply_to_come else text


def plain_facts(rng: random.Random) -> str:
    """Questions and answers without roles, or statements in a row."""
    if rng.random() < 0.5:
        return "\n".join(
            f"Q: {fact.question}\nA: {fact.answer}" for fact in (facts.fact(rng) for _ in range(rng.randint(1, 4)))
        )
    kinds = (
        facts.colour,
        facts.animal,
        facts.opposite,
        facts.capital,
        facts.capital,
        facts.use,
        facts.size,
        facts.calendar,
    )
    return " ".join(rng.choice(kinds)(rng).answer for _ in range(rng.randint(2, 5)))


PLAIN = (
    (stories.story, 60),
    (texts.animal_text, 8),
    (texts.region_text, 4),
    (texts.poem, 5),
    (texts.letter, 5),
    (texts.diary, 5),
    (texts.recipe, 4),
    (plain_facts, 12),
)


def document(rng: random.Random, long: bool = False) -> str:
    """One document of the mixture, control tokens and all."""
    if long:
        return rendered(chats.chat(rng, long=True))
    if rng.random() < 0.7:
        return rendered(chats.chat(rng))
    makers, weights = zip(*PLAIN, strict=True)
    return BEGIN + rng.choices(makers, weights)[0](rng).strip() + END


def is_held_out(text: str) -> bool:
    """One document in fifty is kept from training, chosen by its own text, so that no copy of it is trained on."""
    return zlib.crc32(text.encode()) % 50 == 0


def documents(seed: int, long_share: float, held_out: bool = False) -> Iterator[str]:
    """Documents without end, of training or held out; the same seed gives the same ones."""
    rng = random.Random(seed)
    while True:
        text = document(rng, long=rng.random() < long_share)
        if is_held_out(text) == held_out:
            yield text
