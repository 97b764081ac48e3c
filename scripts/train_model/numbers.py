"""Questions about numbers: counting, comparing, sorting, simple sums."""

import random

from .fact import Fact
from .words import NUMBERS, capitalised


def counting(rng: random.Random) -> Fact:
    first = rng.choice((1, 1, 1, rng.randint(2, 10)))
    last = first + rng.randint(2, rng.choice((6, 10, 20)))
    numbers = list(range(first, last + 1))
    start = "" if first == 1 else f"from {first} "
    if rng.random() < 0.25:
        question, numbers = (
            rng.choice((f"Count down from {last} to {first}.", f"Count backwards from {last} to {first}.")),
            numbers[::-1],
        )
    elif first == 1 and last <= 12 and rng.random() < 0.5:
        words_ = [NUMBERS[n] for n in numbers]
        return Fact(
            f"Count to {NUMBERS[last]} in words.", ", ".join(words_).capitalize() + ".", ", ".join(words_).capitalize()
        )
    else:
        question = rng.choice(
            (f"Count {start}to {last}.", f"Please count {start}to {last}.", f"Can you count {start}to {last}?")
        )
    answer = ", ".join(map(str, numbers))
    return Fact(question, answer + ".", answer)


def comparison(rng: random.Random) -> Fact:
    """Numbers compared, sorted, or called even or odd."""
    numbers = rng.sample(range(100), rng.randint(3, 5))
    first, second = numbers[:2]
    listed, ordered = (", ".join(map(str, order)) for order in (numbers, sorted(numbers)))
    return rng.choice(
        (
            Fact(
                f"Which number is bigger, {first} or {second}?",
                f"{max(first, second)} is bigger than {min(first, second)}.",
                str(max(first, second)),
            ),
            Fact(
                f"Is {first} even or odd?",
                f"{first} is {'odd' if first % 2 else 'even'}.",
                "Odd" if first % 2 else "Even",
            ),
            Fact(
                rng.choice((f"Sort these numbers: {listed}", f"Put these numbers in order: {listed}")), ordered, ordered
            ),
        )
    )


def number_after(rng: random.Random) -> Fact:
    number = rng.randint(1, 98)
    before = rng.random() < 0.4
    answer, side = (number - 1, "before") if before else (number + 1, "after")
    return Fact(f"Which number comes {side} {number}?", f"{capitalised(side)} {number} comes {answer}.", str(answer))


def sum_(rng: random.Random) -> Fact:
    """A simple sum: addition to 40, subtraction within 20, multiplication to ten times ten."""
    sign = rng.choice("+++--×")
    left, right = (rng.randint(0, 20), rng.randint(0, 20)) if sign != "×" else (rng.randint(1, 10), rng.randint(1, 10))
    if sign == "-" and right > left:
        left, right = right, left
    result = {"+": left + right, "-": left - right, "×": left * right}[sign]
    word = {"+": "plus", "-": "minus", "×": "times"}[sign]
    tight = rng.random() < 0.2
    formula = f"{left}{sign}{right}" if tight else f"{left} {sign} {right}"
    question = rng.choice(
        (
            f"What is {formula}?",
            f"What is {formula}?",
            f"How much is {formula}?",
            f"{formula} =",
            f"What is {left} {word} {right}?",
            f"Calculate {formula}.",
        )
    )
    return Fact(question, f"{left} {sign} {right} = {result}", str(result))
