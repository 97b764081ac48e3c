"""What a user says about themselves in a chat, and how it is asked for later."""

import random
from typing import NamedTuple

from . import words
from .words import a, capitalised


class Topic(NamedTuple):
    """One thing to be remembered."""

    says: tuple[str, ...]
    """Ways in which the user tells it."""
    replies: tuple[str, ...]
    """What the assistant may say on hearing it."""
    asks: tuple[str, ...]
    """Ways in which the user asks for it later."""
    answer: str


class Memory:
    """One user: a name, and a topic for each thing that they may tell."""

    def __init__(self, rng: random.Random, held_out: bool = False):
        name, pet_name = words.name(rng, held_out), words.name(rng, held_out)
        colour, pet = rng.choice(words.COLOURS), rng.choice(words.PETS)
        city = rng.choice(list(words.CAPITALS.values()) + [capital for capital, _, _ in words.REGIONS.values()])
        food, job, age, hobby = (
            rng.choice(words.FOODS),
            rng.choice(words.JOBS),
            rng.randint(5, 90),
            rng.choice(words.HOBBIES),
        )
        relatives = {relative: words.name(rng, held_out) for relative in ("sister", "brother", "friend")}
        self.name = name
        self.topics: dict[str, Topic] = {
            "name": Topic(
                (
                    f"My name is {name}.",
                    f"I am {name}.",
                    f"I'm {name}.",
                    f"Hello, my name is {name}.",
                    f"Hi, I am {name}!",
                    f"Hello! I'm {name}.",
                    f"Call me {name}.",
                    f"They call me {name}.",
                    f"Hi! My name is {name}. Nice to meet you.",
                ),
                (
                    f"Nice to meet you, {name}!",
                    f"Hello, {name}! How can I help you?",
                    f"Hello {name}, it is good to meet you.",
                ),
                (
                    "What is my name?",
                    "What's my name?",
                    "Do you remember my name?",
                    "Who am I?",
                    "Can you tell me my name?",
                    "Please say my name.",
                    "What was my name?",
                    "Do you know my name?",
                ),
                f"Your name is {name}.",
            ),
            "colour": Topic(
                (
                    f"My favourite colour is {colour}.",
                    f"I like the colour {colour} best.",
                    f"My favorite color is {colour}.",
                ),
                (f"{capitalised(colour)} is a beautiful colour.",),
                ("What is my favourite colour?", "Which colour do I like best?", "What is my favorite color?"),
                f"Your favourite colour is {colour}.",
            ),
            "pet": Topic(
                (
                    f"I have {a(pet)} named {pet_name}.",
                    f"My {pet} is called {pet_name}.",
                    f"I have a pet {pet}. Its name is {pet_name}.",
                ),
                (f"{pet_name} is a good name for {a(pet)}.",),
                ("What is the name of my pet?", f"What is my {pet} called?", f"What is my {pet}'s name?"),
                f"Your {pet} is called {pet_name}.",
            ),
            "city": Topic(
                (f"I live in {city}.", f"My home is in {city}."),
                (f"I have heard that {city} is a fine place.",),
                ("Where do I live?", "Which city do I live in?"),
                f"You live in {city}.",
            ),
            "food": Topic(
                (f"I like {food}.", f"My favourite food is {food}."),
                (f"I would like to try {food} too.",),
                ("What do I like to eat?", "What is my favourite food?"),
                f"You like {food}.",
            ),
            "job": Topic(
                (f"I am {a(job)}.", f"I work as {a(job)}."),
                (f"It must be interesting to be {a(job)}.",),
                ("What is my job?", "What do I do for work?"),
                f"You are {a(job)}.",
            ),
            "age": Topic(
                (f"I am {age} years old.",),
                (f"{age} is a good age.",),
                ("How old am I?", "What is my age?"),
                f"You are {age} years old.",
            ),
            **{
                relative: Topic(
                    (
                        f"My {relative} is called {other}.",
                        f"My {relative}'s name is {other}.",
                        f"I have a {relative} named {other}.",
                    ),
                    (f"{other} must be happy to have you.",),
                    (
                        f"What is my {relative} called?",
                        f"What is my {relative}'s name?",
                        f"What is the name of my {relative}?",
                    ),
                    f"Your {relative} is called {other}.",
                )
                for relative, other in relatives.items()
            },
            "hobby": Topic(
                (f"My hobby is {hobby}.", f"I love {hobby}."),
                (f"{capitalised(hobby)} is a good hobby.",),
                ("What is my hobby?", "What do I love to do?"),
                f"Your hobby is {hobby}.",
            ),
        }


NOT_TOLD = {
    "name": "your name",
    "colour": "your favourite colour",
    "pet": "the name of your pet",
    "city": "where you live",
    "food": "what you like to eat",
    "sister": "your sister's name",
    "brother": "your brother's name",
    "friend": "your friend's name",
    "job": "your job",
    "age": "your age",
    "hobby": "your hobby",
}
"""How the assistant names each topic when it has not been told."""
