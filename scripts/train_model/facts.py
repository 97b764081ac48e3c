"""Questions that have one answer in the small world, each in several wordings."""

import random

from . import numbers, words
from .fact import Fact
from .words import DAYS, MONTHS, SEASONS, a, capitalised, joined, plural


def colour(rng: random.Random) -> Fact:
    thing, colour = rng.choice(list(words.COLOUR_OF.items()))
    return Fact(
        rng.choice(
            (
                f"What colour is {thing}?",
                f"Which colour does {thing} have?",
                f"Tell me the colour of {thing}.",
                f"What color is {thing}?",
            )
        ),
        f"{capitalised(thing)} is {colour}.",
        capitalised(colour),
    )


def animal(rng: random.Random) -> Fact:
    kind, (home, food, sound, young, covering, trait) = rng.choice(list(words.ANIMALS.items()))
    return rng.choice(
        (
            Fact(
                rng.choice(
                    (f"Where does {a(kind)} live?", f"Where do {plural(kind)} live?", f"Where does the {kind} live?")
                ),
                f"{capitalised(a(kind))} lives in {home}.",
                f"In {home}",
            ),
            Fact(
                rng.choice(
                    (f"What does {a(kind)} eat?", f"What do {plural(kind)} eat?", f"What does the {kind} like to eat?")
                ),
                f"{capitalised(a(kind))} eats {food}.",
                capitalised(food),
            ),
            Fact(
                rng.choice(
                    (
                        f"What sound does {a(kind)} make?",
                        f"What does {a(kind)} do to be heard?",
                        f"What noise does the {kind} make?",
                    )
                ),
                f"{capitalised(a(kind))} {sound}.",
                f"It {sound}",
            ),
            Fact(
                rng.choice(
                    (
                        f"What is a young {kind} called?",
                        f"What is a baby {kind} called?",
                        f"What do you call a young {kind}?",
                    )
                ),
                f"A young {kind} is called {a(young)}.",
                capitalised(young),
            ),
            Fact(
                rng.choice((f"What does {a(kind)} look like?", f"What covers {a(kind)}?")),
                f"{capitalised(a(kind))} has {covering}.",
                capitalised(covering),
            ),
            Fact(
                rng.choice((f"What are {plural(kind)} like?", f"What do people say about the {kind}?")),
                f"People say that the {kind} is {trait}.",
                capitalised(trait),
            ),
        )
    )


def opposite(rng: random.Random) -> Fact:
    one, other = rng.sample(rng.choice(words.OPPOSITES), 2)
    return Fact(
        rng.choice(
            (
                f"What is the opposite of {one}?",
                f"Tell me the opposite of {one}.",
                f"Which word is the opposite of {one}?",
                f'What is the opposite of "{one}"?',
            )
        ),
        f"The opposite of {one} is {other}.",
        capitalised(other),
    )


def calendar(rng: random.Random) -> Fact:
    ring, kind = rng.choice(((DAYS, "day"), (DAYS, "day"), (MONTHS, "month"), (SEASONS, "season")))
    place = rng.randrange(len(ring))
    here, following, before = ring[place], ring[(place + 1) % len(ring)], ring[place - 1]
    return rng.choice(
        (
            Fact(
                rng.choice(
                    (
                        f"Which {kind} comes after {here}?",
                        f"What {kind} comes after {here}?",
                        f"What comes after {here}?",
                    )
                ),
                f"After {here} comes {following}.",
                capitalised(following),
            ),
            Fact(
                rng.choice(
                    (
                        f"Which {kind} comes before {here}?",
                        f"What {kind} comes before {here}?",
                        f"What comes before {here}?",
                    )
                ),
                f"Before {here} comes {before}.",
                capitalised(before),
            ),
            Fact(
                *rng.choice(
                    (
                        ("How many days are in a week?", "A week has seven days.", "Seven"),
                        ("How many months are in a year?", "A year has twelve months.", "Twelve"),
                        ("How many seasons are there?", "There are four seasons.", "Four"),
                        ("How many hours are in a day?", "A day has 24 hours.", "24"),
                        (
                            "What are the four seasons?",
                            "The four seasons are spring, summer, autumn and winter.",
                            "Spring, summer, autumn and winter",
                        ),
                        ("Name the days of the week.", f"The days of the week are {joined(DAYS)}.", joined(DAYS)),
                        ("What is the first month of the year?", "The first month of the year is January.", "January"),
                        (
                            "Say the alphabet.",
                            "a b c d e f g h i j k l m n o p q r s t u v w x y z",
                            "a b c d e f g h i j k l m n o p q r s t u v w x y z",
                        ),
                        ("What is the last month of the year?", "The last month of the year is December.", "December"),
                    )
                )
            ),
        )
    )


def yes_or_no(rng: random.Random) -> Fact:
    """A claim, right or wrong, to be confirmed or put right."""
    right = rng.random() < 0.5
    kind = rng.choice(("colour", "capital", "sound", "sum"))
    if kind == "colour":
        thing, truth = rng.choice(list(words.COLOUR_OF.items()))
        said = truth if right else rng.choice([colour for colour in words.COLOURS if colour != truth])
        question, answer = f"Is {thing} {said}?", f"{thing} is {truth}"
    elif kind == "capital":
        country, truth = rng.choice(list(words.CAPITALS.items()))
        said = truth if right else rng.choice([city for city in words.CAPITALS.values() if city != truth])
        question, answer = f"Is {said} the capital of {country}?", f"the capital of {country} is {truth}"
    elif kind == "sound":
        animal = rng.choice(list(words.ANIMALS))
        other = animal if right else rng.choice(list(words.ANIMALS))
        truth, said = words.ANIMALS[animal][0], words.ANIMALS[other][0]
        right = truth == said
        question, answer = f"Does {a(animal)} live in {said}?", f"{a(animal)} lives in {truth}"
    else:
        left, plus = rng.randint(0, 10), rng.randint(0, 10)
        said = left + plus if right else max(0, left + plus + rng.choice((-2, -1, 1, 2)))
        right = said == left + plus
        question, answer = f"Is {left} + {plus} = {said}?", f"{left} + {plus} = {left + plus}"
    word = "Yes" if right else "No"
    return Fact(question, f"{word}, {answer}" + ("" if kind == "sum" else "."), word)


def reading(rng: random.Random) -> Fact:
    """Two sentences about two people, and a question that one of them answers."""
    one, other = words.name(rng), words.name(rng)
    things, colours, places = rng.sample(words.OBJECTS, 2), rng.sample(words.COLOURS, 2), rng.sample(words.PLACES, 2)
    jobs, pets = rng.sample(words.JOBS, 2), rng.sample(words.PETS, 2)
    says, asks, answers, shorts = rng.choice(
        (
            ("{n} is in {x}.", "Where is {n}?", "{n} is in {x}.", places),
            ("{n} likes {x}.", "Which colour does {n} like?", "{n} likes {x}.", colours),
            ("{n} has {a}.", "What does {n} have?", "{n} has {a}.", things),
            ("{n} is {a}.", "What is {n}'s job?", "{n} is {a}.", jobs),
            ("{n} has a pet {x}.", "Which pet does {n} have?", "{n} has a pet {x}.", pets),
            ("{n} has {a}.", "Who has {a}?", "{n} has {a}.", things),
        )
    )
    people = [(one, shorts[0]), (other, shorts[1])]
    told = " ".join(says.format(n=n, x=x, a=a(x)) for n, x in people)
    name, thing = rng.choice(people)
    short = name if asks.startswith("Who") else capitalised(thing)
    return Fact(f"{told} {asks.format(n=name, a=a(thing))}", answers.format(n=name, x=thing, a=a(thing)), short)


def capital(rng: random.Random) -> Fact:
    if rng.random() < 0.55:
        country, city = rng.choice(list(words.CAPITALS.items()))
    else:
        country, (city, river, dish) = rng.choice(list(words.REGIONS.items()))
        if rng.random() < 0.4:
            return rng.choice(
                (
                    Fact(
                        f"Which river flows through {country}?",
                        f"{capitalised(river)} flows through {country}.",
                        capitalised(river),
                    ),
                    Fact(
                        rng.choice((f"What do people eat in {country}?", f"What do people in {country} like to eat?")),
                        f"People in {country} like to eat {dish}.",
                        capitalised(dish),
                    ),
                )
            )
    if rng.random() < 0.2:
        return Fact(
            rng.choice((f"Where is {city}?", f"In which land is {city}?")),
            f"{city} is the capital of {country}.",
            f"In {country}",
        )
    return Fact(
        rng.choice(
            (
                f"What is the capital of {country}?",
                f"Which city is the capital of {country}?",
                f"Tell me the capital of {country}.",
                f"Do you know the capital of {country}?",
            )
        ),
        f"The capital of {country} is {city}.",
        city,
    )


def unknown(rng: random.Random) -> Fact:
    """A question about something that does not exist: the honest answer is that one does not know."""
    name = words.new_name(rng)
    return rng.choice(
        (
            Fact(f"What is the capital of {name}?", f"I do not know a land called {name}.", "I do not know"),
            Fact(f"Who is {name}?", f"I do not know anyone called {name}.", "I do not know"),
            Fact(
                rng.choice((f"What is {a(name.lower())}?", f"What does {name.lower()} mean?")),
                f"I do not know the word {name.lower()}.",
                "I do not know",
            ),
        )
    )


def use(rng: random.Random) -> Fact:
    tool, purpose = rng.choice(list(words.USES.items()))
    verb, it = ("are", "They are") if tool == "scissors" else ("is", "It is")
    return Fact(
        rng.choice((f"What {verb} {tool} used for?", f"What {verb} {tool} for?", f"What can I do with {tool}?")),
        f"{capitalised(tool)} {verb} used for {purpose}.",
        capitalised(purpose),
    )


def size(rng: random.Random) -> Fact:
    small, large = sorted(rng.sample(range(len(words.SIZES)), 2))
    first, second = rng.sample((words.SIZES[small], words.SIZES[large]), 2)
    more, winner = rng.choice((("bigger", words.SIZES[large]), ("smaller", words.SIZES[small])))
    loser = second if winner == first else first
    return Fact(
        f"Which is {more}, {a(first)} or {a(second)}?",
        f"{capitalised(a(winner))} is {more} than {a(loser)}.",
        f"The {winner}",
    )


def foreign(rng: random.Random) -> Fact:
    language, (hello, thanks, night) = rng.choice(list(words.GREETINGS.items()))
    english, foreign = rng.choice((("hello", hello), ("thank you", thanks), ("good night", night)))
    return Fact(
        rng.choice(
            (
                f"How do you say {english} in {language}?",
                f"Say {english} in {language}.",
                f"What is {english} in {language}?",
            )
        ),
        f'In {language}, {english} is "{foreign}".',
        foreign,
    )


def emoji(rng: random.Random) -> Fact:
    thing, picture = rng.choice(list(words.EMOJI.items()))
    return Fact(
        rng.choice(
            (
                f"Show me {a(thing)} emoji.",
                f"Which emoji is {a(thing)}?",
                f"Give me the emoji of {a(thing)}.",
                f"Draw {a(thing)} with an emoji.",
            )
        ),
        f"Here is {a(thing)}: {picture}",
        picture,
    )


def rhyme(rng: random.Random) -> Fact:
    one, other = rng.choice(list(words.RHYMES.items()))
    return Fact(
        rng.choice((f"What rhymes with {one}?", f"Give me a word that rhymes with {one}.")),
        f"{capitalised(other)} rhymes with {one}.",
        capitalised(other),
    )


KINDS = (
    (colour, 8),
    (animal, 14),
    (opposite, 7),
    (calendar, 8),
    (numbers.counting, 6),
    (numbers.number_after, 3),
    (capital, 14),
    (unknown, 4),
    (use, 5),
    (size, 5),
    (foreign, 7),
    (emoji, 5),
    (rhyme, 4),
    (yes_or_no, 8),
    (numbers.comparison, 7),
    (reading, 12),
    (numbers.sum_, 30),
)


def fact(rng: random.Random) -> Fact:
    makers, weights = zip(*KINDS, strict=True)
    return rng.choices(makers, weights)[0](rng)
