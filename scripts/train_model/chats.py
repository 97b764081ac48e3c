"""Conversations: lists of (role, text) turns in which the assistant answers, remembers, and obeys its system prompt."""

import random

from . import exercises, facts, stories, texts, words
from .memory import NOT_TOLD, Memory
from .small_talk import SMALL_TALK
from .words import a

Turn = tuple[str, str]


PLAIN_SYSTEM = (
    "You are a helpful assistant.",
    "You are a friendly assistant.",
    "You are Freshet, a small language model.",
    "Answer the user's questions.",
)


def casual(rng: random.Random, text: str) -> str:
    """`text` as a hurried user may type it: without its capital, or without its last stop."""
    if rng.random() < 0.1:
        text = text[0].lower() + text[1:]
    if rng.random() < 0.15 and text[-1] in ".?!":
        text = text[:-1]
    return text


def small_talk(rng: random.Random) -> list[Turn]:
    asks, replies = rng.choice(SMALL_TALK)
    return [("user", casual(rng, rng.choice(asks))), ("assistant", rng.choice(replies))]


def question(rng: random.Random) -> list[Turn]:
    fact = facts.fact(rng)
    return [("user", casual(rng, fact.question)), ("assistant", fact.answer)]


def exercise(rng: random.Random) -> list[Turn]:
    ask, reply = rng.choice(
        (exercises.list_, exercises.json_object, exercises.json_object, exercises.copy, exercises.copy)
    )(rng)
    return [("user", ask), ("assistant", reply)]


def tale(rng: random.Random) -> list[Turn]:
    """A request for a story that names some of what shall be in it, and such a story."""
    verb = rng.choice(("Tell me", "Write", "Please write", "Please tell me", "Can you tell me"))
    hero, friend = stories.hero(rng), stories.hero(rng)
    thing, place = rng.choice(words.OBJECTS), rng.choice(words.PLACES)
    kind = a(hero.kind)
    about, fixed = rng.choice(
        (
            ("", {}),
            (f" about {kind}", {"h": hero}),
            (f" about {kind}", {"h": hero}),
            (f" about {kind} named {hero.name}", {"h": hero}),
            (f" about {kind} and {a(thing)}", {"h": hero, "thing": thing}),
            (f" about {a(thing)}", {"thing": thing}),
            (f" about {kind} and {a(friend.kind)}", {"h": hero, "friend": friend}),
            (f" about {hero.name}", {"h": hero}),
            (f" about {hero.name} and {friend.name}", {"h": hero, "friend": friend}),
            (f" about {kind} who lives near {place}", {"h": hero, "place": place}),
        )
    )
    sort, chapters = rng.choice(
        (
            ("story", 1),
            ("story", 1),
            ("story", 1),
            ("short story", 1),
            ("fairy tale", 1),
            ("bedtime story", 1),
            ("long story", 2),
        )
    )
    stop = "?" if verb.startswith("Can") else "."
    return [
        ("user", casual(rng, f"{verb} a {sort}{about}{stop}")),
        ("assistant", stories.story(rng, chapters=chapters, **fixed)),
    ]


def telling(rng: random.Random) -> list[Turn]:
    """A request for a story, a poem, or another text about something, and the text."""
    kind = rng.choices(("tale", "poem", "animal", "region", "letter", "recipe"), (60, 12, 12, 6, 5, 5))[0]
    if kind == "tale":
        return tale(rng)
    if kind == "poem":
        subject = rng.choice(texts.POEM_SUBJECTS)
        ask = rng.choice(
            (
                f"Write a poem about the {subject}.",
                f"Tell me a poem about the {subject}.",
                f"Please write a short poem about {a(subject)}.",
                f"Sing me a song about the {subject}.",
            )
        )
        return [("user", casual(rng, ask)), ("assistant", texts.poem(rng, subject))]
    if kind == "animal":
        animal = rng.choice(list(words.ANIMALS))
        many = words.plural(animal)
        ask = rng.choice(
            (
                f"Tell me about the {animal}.",
                f"Tell me about {many}.",
                f"What do you know about {many}?",
                f"What is {a(animal)}?",
                f"Tell me something about {many}.",
                f"Describe {a(animal)}.",
            )
        )
        return [("user", casual(rng, ask)), ("assistant", texts.animal_text(rng, animal))]
    if kind == "region":
        region = rng.choice(list(words.REGIONS))
        return [
            (
                "user",
                casual(
                    rng,
                    rng.choice((f"Tell me about {region}.", f"What do you know about {region}?", f"What is {region}?")),
                ),
            ),
            ("assistant", texts.region_text(rng, region)),
        ]
    if kind == "letter":
        reader = words.name(rng)
        return [("user", casual(rng, f"Write a letter to {reader}.")), ("assistant", texts.letter(rng, reader))]
    food, dish = rng.choice(words.FRUITS + words.VEGETABLES), rng.choice(texts.DISHES)
    return [
        ("user", casual(rng, rng.choice((f"Give me a recipe for {food} {dish}.", f"How do I make {food} {dish}?")))),
        ("assistant", texts.recipe(rng, food, dish)),
    ]


def distractor(rng: random.Random, long: bool) -> list[Turn]:
    return rng.choices((question, exercise, small_talk, telling), (6, 3, 2, 3 if long else 0.4))[0](rng)


def recall(
    rng: random.Random, distractors: int | None = None, held_out: bool = False, long: bool = False
) -> list[Turn]:
    """The user tells one to three things about themselves and asks for them later, with other turns in between; now and
    then also for one that was never told."""
    memory = Memory(rng, held_out)
    told = (["name"] if rng.random() < 0.8 else []) + rng.sample(
        [t for t in memory.topics if t != "name"], rng.choice((0, 0, 1, 1, 2))
    )
    told = told or ["name"]
    turns: list[Turn] = []
    together = rng.random() < 0.5
    for topic in told[:1] if together else told:
        says, replies, _, _ = memory.topics[topic]
        turns += [("user", rng.choice(says)), ("assistant", rng.choice(replies))]
    if "name" in told and rng.random() < 0.06:
        first, memory = memory, Memory(rng, held_out)
        memory.topics = first.topics | {"name": memory.topics["name"]}
        turns += [
            (
                "user",
                rng.choice(("Sorry, my name is {}.", "No, my name is {}.", "Actually, my name is {}.")).format(
                    memory.name
                ),
            ),
            ("assistant", f"Hello, {memory.name}!"),
        ]
    if together:
        turns[0] = ("user", " ".join([turns[0][1]] + [rng.choice(memory.topics[topic][0]) for topic in told[1:]]))
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3)) if distractors is None else distractors):
        turns += distractor(rng, long)
    asked = told[:] + (rng.sample([t for t in memory.topics if t not in told], 1) if rng.random() < 0.25 else [])
    rng.shuffle(asked)
    for topic in asked:
        _, _, asks, answer = memory.topics[topic]
        if topic not in told:
            answer = f"You have not told me {NOT_TOLD[topic]}."
        turns += [("user", casual(rng, rng.choice(asks))), ("assistant", answer)]
        if rng.random() < 0.1:
            turns += distractor(rng, long)
    return turns


def at_once(rng: random.Random) -> list[Turn]:
    """A name given together with a question, or in the system prompt."""
    memory, fact = Memory(rng), facts.fact(rng)
    says, _, asks, answer = memory.topics["name"]
    kind = rng.choice(("fact", "asked", "system", "both"))
    if kind == "system":
        return [
            ("system", rng.choice((f"The user's name is {memory.name}.", f"You are talking with {memory.name}."))),
            ("user", rng.choice(asks)),
            ("assistant", answer),
        ]
    if kind == "asked":
        return [("user", f"{rng.choice(says)} {rng.choice(asks)}"), ("assistant", answer)]
    turns = [("user", f"{rng.choice(says)} {fact.question}"), ("assistant", f"Hello, {memory.name}! {fact.answer}")]
    return turns + ([("user", rng.choice(asks)), ("assistant", answer)] if kind == "both" else [])


def not_told(rng: random.Random) -> list[Turn]:
    """A question about the user that nothing before has answered."""
    turns = [turn for _ in range(rng.choice((0, 0, 1, 2))) for turn in distractor(rng, False)]
    topic = rng.choice(["name"] * 5 + list(NOT_TOLD))
    return turns + [
        ("user", casual(rng, rng.choice(Memory(rng).topics[topic][2]))),
        ("assistant", f"You have not told me {NOT_TOLD[topic]}."),
    ]


def obedient(rng: random.Random) -> list[Turn]:
    """Answers whose form the system prompt decides."""
    name = words.name(rng)
    rules = {
        "capitals": (
            ("Answer in capitals.", "Write everything in capital letters.", "Always answer in capitals."),
            lambda fact: fact.answer.upper(),
        ),
        "short": (
            (
                "Answer in as few words as possible.",
                "Be brief.",
                "Give short answers.",
                "Answer with one word if you can.",
            ),
            lambda fact: fact.short + ".",
        ),
        "pirate": (
            ("You are a pirate.", "Talk like a pirate.", "Answer as a pirate."),
            lambda fact: f"Arr! {fact.answer} Aye, matey!",
        ),
        "polite": (
            ("Be very polite.", "Be extremely polite."),
            lambda fact: f"Thank you for asking. {fact.answer} I hope this helps you, dear friend.",
        ),
        "star": (
            ("End every answer with a star.", "Put a star at the end of each answer."),
            lambda fact: f"{fact.answer} ⭐",
        ),
        "json": (
            ("Answer in JSON.", 'Answer only with JSON that has the key "answer".'),
            lambda fact: '{"answer": "' + fact.short.replace('"', "'") + '"}',
        ),
        "name": (
            (
                f"You are {name}.",
                f"Your name is {name}.",
                f"You are called {name}.",
                f"You are {name}, a helpful assistant.",
            ),
            lambda fact: fact.answer,
        ),
    }
    rule = rng.choice(list(rules))
    says, form = rules[rule]
    turns: list[Turn] = [("system", rng.choice(says))]
    for _ in range(rng.choice((1, 1, 2, 3))):
        if rule == "name" and rng.random() < 0.6:
            turns += [
                ("user", rng.choice(("Who are you?", "What is your name?", "What's your name?"))),
                ("assistant", rng.choice((f"I am {name}.", f"My name is {name}."))),
            ]
        else:
            fact = facts.fact(rng)
            while rule == "capitals" and fact.short.isascii() and len(fact.answer) > 60:
                fact = facts.fact(rng)
            turns += [("user", casual(rng, fact.question)), ("assistant", form(fact))]
    return turns


def chat(rng: random.Random, long: bool = False) -> list[Turn]:
    """Any conversation; a `long` one may fill the whole context."""
    if long:
        turns = recall(rng, distractors=rng.randint(4, 14), long=True)
    else:
        kind = rng.choices(("recall", "at once", "not told", "obedient", "single", "mixed"), (30, 5, 5, 12, 36, 10))[0]
        if kind == "at once":
            return at_once(rng)
        if kind == "obedient":
            return obedient(rng)
        if kind == "single":
            turns = rng.choices((question, exercise, telling, small_talk), (9, 8, 6, 4))[0](rng)
        elif kind == "mixed":
            turns = [turn for _ in range(rng.randint(2, 4)) for turn in distractor(rng, False)]
        else:
            turns = recall(rng) if kind == "recall" else not_told(rng)
    if rng.random() < 0.25:
        turns = [("system", rng.choice(PLAIN_SYSTEM))] + turns
    return turns
