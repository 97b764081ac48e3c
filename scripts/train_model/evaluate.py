"""Measuring a GGUF file: what it says to ten prompts, what it remembers, copies, adds up, and how well it predicts text
that was kept from training. All writing is greedy."""

import itertools
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

from . import chats, corpus, exercises, facts, numbers
from .decoder import Decoder
from .memory import Memory

PROMPTS = (
    "Once upon a time",
    "The little fox",
    "Near the old mill there lived",
    "Dear Anna,",
    "The capital of France is",
    "How to make apple pie:",
    "One day a brave knight named Otto",
    "The penguin is",
    "It was a cold winter day.",
    "Q: What colour is the sky?\nA:",
)
CHAT_PROMPTS = (
    "Hello!",
    "Tell me a story about a dragon and a silver key.",
    "What is the capital of Sunfold?",
    "List three animals.",
    "Write a JSON object with name Mia, age 7 and pet cat.",
    "What is 7 + 5?",
    "How do you say thank you in Japanese?",
    "Write a poem about the moon.",
    "Repeat: blue pear Otto 42 fox",
    "What is my name?",
)


def asked(decoder: Decoder, turns: list[chats.Turn], limit: int = 200) -> tuple[str, bool]:
    return decoder.greedy(corpus.rendered(turns, reply_to_come=True), limit)


def rate(tries: int, attempt: Callable[[random.Random], bool], seed: int = 77) -> str:
    rng = random.Random(seed)
    right = sum(attempt(rng) for _ in range(tries))
    return f"{right}/{tries}"


def recalls(decoder: Decoder, held_out: bool, distractors: int) -> Callable[[random.Random], bool]:
    """One conversation: a name is told, `distractors` other questions are asked *and answered by the model*, then the
    name is asked for. Right means that the reply holds it, and ends."""

    def attempt(rng: random.Random) -> bool:
        memory = Memory(rng, held_out)
        says, _, asks, _ = memory.topics["name"]
        questions = [rng.choice(says)] + [facts.fact(rng).question for _ in range(distractors)]
        turns: list[chats.Turn] = []
        for question in questions:
            turns.append(("user", question))
            turns.append(("assistant", asked(decoder, turns)[0]))
        reply, ended = asked(decoder, turns + [("user", rng.choice(asks))])
        return ended and re.search(rf"\b{re.escape(memory.name)}\b", reply) is not None

    return attempt


def admits_ignorance(decoder: Decoder) -> Callable[[random.Random], bool]:
    def attempt(rng: random.Random) -> bool:
        asks = Memory(rng).topics["name"][2]
        return asked(decoder, [("user", rng.choice(asks))]) == ("You have not told me your name.", True)

    return attempt


def does(
    decoder: Decoder, exercise: Callable[..., tuple[str, str]], judge: Callable[[str, str], bool], **options
) -> Callable[[random.Random], bool]:
    """One exercise, whose reply `judge` compares with the right one."""

    def attempt(rng: random.Random) -> bool:
        ask, right = exercise(rng, **options)
        reply, ended = asked(decoder, [("user", ask)])
        return ended and judge(reply, right)

    return attempt


def is_json(reply: str, _: str = "") -> bool:
    try:
        json.loads(reply)
        return True
    except json.JSONDecodeError:
        return False


def same_json(reply: str, right: str) -> bool:
    return is_json(reply) and json.loads(reply) == json.loads(right)


def json_from_values(rng: random.Random) -> tuple[str, str]:
    """A request whose object can be told from its words; an invented person or list has no one right answer."""
    while (pair := exercises.json_object(rng, held_out=True))[0].startswith(
        ("Invent", "Make up", "Give me a JSON array")
    ):
        pass
    return pair


def question(rng: random.Random) -> tuple[str, str]:
    while (fact := facts.fact(rng)).answer.find(" = ") >= 0:
        pass
    return fact.question, fact.answer


def sum_(rng: random.Random) -> tuple[str, str]:
    fact = numbers.sum_(rng)
    return fact.question, fact.answer


def list_form(reply: str, right: str) -> bool:
    """As many items as asked for, in the asked form, none twice."""
    marks = r"^(- |\d+\. )"
    items, wanted = [re.split(r"\n|, | and ", text) for text in (reply, right)]
    same_marks = [bool(re.match(marks, item)) for item in items] == [bool(re.match(marks, item)) for item in wanted]
    return same_marks and len({re.sub(marks, "", item).strip(". ").lower() for item in items}) == len(wanted)


def held_out_loss(decoder: Decoder, documents: int) -> tuple[float, float]:
    """Nats a token, and bits a byte, over documents that training leaves out."""
    texts = list(itertools.islice(corpus.documents(4242, long_share=0.0, held_out=True), documents))
    measured = [decoder.surprise(text) for text in texts]
    nats = sum(nats for nats, _ in measured)
    plain = [re.sub(r"<\|\w+\|>", "", text) for text in texts]
    return nats / sum(count for _, count in measured), nats / 0.6931 / sum(len(text.encode()) for text in plain)


def report(path: Path, tries: int = 100) -> None:
    """Prints everything that the model card quotes."""
    decoder = Decoder(path)
    print(f"{path.name}: {path.stat().st_size:,} bytes, {sum(t.size for t in decoder.tensors.values()):,} parameters\n")
    for prompt in PROMPTS:
        text, ended = decoder.greedy(corpus.BEGIN + prompt)
        print(f"> {prompt}\n{text.strip()}{'' if ended else ' […]'}\n")
    for prompt in CHAT_PROMPTS:
        text, ended = asked(decoder, [("user", prompt)])
        print(f"user: {prompt}\nassistant: {text}{'' if ended else ' […]'}\n")
    nats, bits = held_out_loss(decoder, 500)
    print(f"held-out loss: {nats:.3f} nats a token, {bits:.3f} bits a byte (500 documents)", flush=True)
    for line, attempt in (
        ("two-turn recall, names of training", recalls(decoder, False, 0)),
        ("two-turn recall, names never trained on", recalls(decoder, True, 0)),
        ("recall after two questions, names never trained on", recalls(decoder, True, 2)),
        ("recall after six questions, names never trained on", recalls(decoder, True, 6)),
        ("says that it was not told a name", admits_ignorance(decoder)),
        ("questions about the world, word for word", does(decoder, question, str.__eq__)),
        ("simple sums", does(decoder, sum_, str.__eq__)),
        ("copying, word for word, new names", does(decoder, exercises.copy, str.__eq__, held_out=True)),
        ("JSON that parses", does(decoder, exercises.json_object, is_json, held_out=True)),
        ("JSON equal to the request, new names", does(decoder, json_from_values, same_json)),
        ("lists of the asked form and length", does(decoder, exercises.list_, list_form)),
    ):
        print(f"{line}: {rate(tries, attempt)}", flush=True)
