"""Stories of the small world. A story keeps one hero, with one set of pronouns, and the things named at its start come
back at its end."""

import random
from dataclasses import dataclass

from . import words
from .words import a, capitalised


@dataclass(frozen=True)
class Hero:
    """Whom a story is about: "a little fox named Tilo", she."""

    kind: str
    name: str
    he: str
    him: str
    his: str
    trait: str

    @property
    def introduction(self) -> str:
        return f"{a(f'{self.trait} {self.kind}')} named {self.name}"


PEOPLE = {
    "girl": "she",
    "boy": "he",
    "old woman": "she",
    "old man": "he",
    "princess": "she",
    "prince": "he",
    "king": "he",
    "queen": "she",
    "knight": "",
    "baker": "",
    "sailor": "",
    "gardener": "",
    "teacher": "",
    "painter": "",
    "farmer": "",
    "robot": "",
    "wizard": "he",
    "witch": "she",
    "giant": "",
    "fisher": "",
    "miller": "",
}
KINDS = list(PEOPLE) + list(words.ANIMALS)
TRAITS = "brave kind shy curious clever cheerful quiet lonely gentle lazy proud patient little young hungry".split()


def hero(rng: random.Random) -> Hero:
    kind = rng.choice(["girl", "boy", "girl", "boy"] + KINDS)
    she = (PEOPLE.get(kind) or rng.choice(("he", "she"))) == "she"
    name = rng.choice(words.GIRLS if she else words.BOYS) if rng.random() < 0.6 else words.new_name(rng)
    return Hero(kind, name, *(("she", "her", "her") if she else ("he", "him", "his")), rng.choice(TRAITS))


def opening(rng: random.Random, h: Hero, place: str) -> str:
    weather = rng.choice(("a cold winter", "a warm summer", "a sunny", "a rainy", "a windy"))
    return rng.choice(
        (
            f"Once upon a time there was {h.introduction}. {h.name} lived near {place}.",
            f"Once upon a time, near {place}, there lived {h.introduction}.",
            f"Once upon a time, in a small house by {place}, lived {h.introduction}.",
            f"Once upon a time, {h.introduction} lived close to {place}.",
            f"Once there was {h.introduction} who lived near {place}.",
            f"There once was {h.introduction}. {capitalised(h.he)} lived not far from {place}.",
            f"Long ago, {h.introduction} lived by {place}.",
            f"One day {h.introduction} was walking to {place}.",
            f"{capitalised(h.introduction)} lived near {place}.",
            f"{h.name} was {a(f'{h.trait} {h.kind}')}. {capitalised(h.he)} lived near {place}.",
            f"The {h.trait} {h.kind} {h.name} lived near {place}.",
            f"It was {weather} day. {capitalised(h.introduction)} sat by {place}.",
            f"This is the story of {h.introduction} who lived near {place}.",
            f"Near {place} there lived {h.introduction}.",
            f"In a land far away there lived {h.introduction}. {capitalised(h.his)} home was near {place}.",
        )
    )


def habit(rng: random.Random, h: Hero) -> str:
    he = capitalised(h.he)
    return rng.choice(
        (
            f"{he} liked to sing in the morning.",
            f"{he} loved {rng.choice(words.HOBBIES)} more than anything.",
            f"Every day {h.he} ate {rng.choice(words.FOODS)} and went for a walk.",
            f"Everyone knew {h.him} and liked {h.him}.",
            f"{he} had many friends but no brother or sister.",
            f"{he} always wore {a(rng.choice(words.COLOURS))} hat.",
            f"In the evening {h.he} looked at the stars and thought about the world.",
            f"{he} was never in a hurry.",
            "",
        )
    )


def ending(rng: random.Random, h: Hero) -> str:
    he = capitalised(h.he)
    return rng.choice(
        (
            f"{h.name} was very happy, and {h.he} slept well that night.",
            f"From that day on, {h.name} was never lonely again.",
            f"And {h.name} never forgot that day.",
            f"{he} smiled all the way home.",
            f"{he} told everyone in the village about it.",
            f"And so {h.name} lived happily ever after.",
            f"Since then, everyone calls {h.him} {h.name} the {h.trait}.",
            f"That evening {h.name} ate {rng.choice(words.FOODS)} and laughed with {h.his} friends.",
        )
    ) + rng.choice((" The end.", ""))


def sentences(*parts: str) -> str:
    return " ".join(parts)


def lost_thing(rng: random.Random, h: Hero, friend: Hero, thing: str, place: str) -> str:
    first, second = rng.sample([p for p in words.PLACES if p != place], 2)
    he, helper = capitalised(h.he), friend.kind
    it, him = ("it", "it") if helper in words.ANIMALS else (friend.he, friend.him)
    grief = (
        f'"Where is my {thing}?" cried {h.name}.',
        f"{h.name} was very sad.",
        f"{he} looked under the bed, but it was not there.",
    )
    news = (
        f'"I saw your {thing} at {place}," said the {helper}.',
        f"The {helper} said that {it} had seen the {thing} at {place}.",
    )
    find = (
        f"{h.name} ran to {place}, and there was the {thing}.",
        f"Together they went to {place} and found the {thing}.",
    )
    return sentences(
        f"{h.name} had {a(thing)} and took it everywhere. One morning the {thing} was gone.",
        rng.choice(grief),
        f"{he} looked at {first}, but it was not there. {he} looked at {second}, but it was not there either.",
        f"Then {h.he} met {a(helper)}.",
        rng.choice(news),
        rng.choice(find),
        rng.choice(
            (
                f'"Thank you!" said {h.name} to the {helper}.',
                f"{h.name} thanked the {helper} and gave {him} some {rng.choice(words.FOODS)}.",
            )
        ),
    )


FEARS = (
    ("the dark", "the dark is full of stars"),
    ("the thunder", "thunder is only a noise"),
    ("the deep water", "water carries those who trust it"),
    ("the tall tower", "the view from the top is the best in the land"),
    ("the big wolf", "the wolf only wanted a friend"),
    ("the wind", "the wind only wants to play"),
)


def fear(rng: random.Random, h: Hero, friend: Hero, thing: str, place: str) -> str:
    what, truth = rng.choice(FEARS)
    shame = (
        f"{capitalised(h.he)} told nobody about it.",
        f"The others laughed at {h.him}.",
        f"So {h.he} stayed at home every evening.",
    )
    advice = (
        f'"Hold the {thing} and be brave," said {friend.name}.',
        f'"When you are afraid, look at this {thing}," said {friend.name}.',
    )
    return sentences(
        f"But {h.name} was afraid of {what}.",
        rng.choice(shame),
        f"One day {friend.introduction} came to {place} and gave {h.him} {a(thing)}.",
        rng.choice(advice),
        f"That night {h.name} took the {thing} and went out alone.",
        f"{capitalised(h.his)} heart beat fast, but {h.he} did not turn back.",
        f"Then {h.he} learned that {truth}.",
        f"{h.name} was not afraid of {what} any more.",
    )


def gift(rng: random.Random, h: Hero, friend: Hero, thing: str, place: str) -> str:
    obstacles = (
        ("had no money", "worked for three days at the bakery"),
        ("did not know how to make one", "asked the old carpenter for help"),
        ("could not find one in the market", f"made one with {h.his} own hands"),
        ("was too shy to ask", "took a deep breath and asked"),
    )
    problem, answer = rng.choice(obstacles)
    arrival = (
        f"On the day of the party {h.he} walked to {place} with the {thing} in {h.his} hands.",
        f"At last the {thing} was ready, and {h.he} carried it to {place}.",
    )
    joy = (f'"It is beautiful!" said {friend.name}.', f"{friend.name} had never seen such a fine {thing}.")
    return sentences(
        f"{capitalised(h.his)} best friend was {friend.introduction}.",
        f"Soon it was {friend.name}'s birthday, and {h.name} wanted to give {friend.him} {a(thing)}.",
        f"But {h.he} {problem}. So {h.he} {answer}.",
        rng.choice(arrival),
        rng.choice(joy),
        f"They ate {rng.choice(words.FOODS)} and danced until the moon came up.",
    )


def journey(rng: random.Random, h: Hero, friend: Hero, thing: str, place: str) -> str:
    region, (capital, river, dish) = rng.choice(list(words.REGIONS.items()))
    road = (f"{capitalised(h.he)} walked along {river} for two days.", f"The road beside {river} was long and dusty.")
    trouble = (
        "Then it began to rain, and the path was gone.",
        "In the evening a thick fog came down.",
        "At the crossing there was no sign.",
    )
    guide = friend.kind
    return sentences(
        f"{capitalised(h.his)} wish was to see {capital}, the capital of {region}.",
        f"One morning {h.he} packed {a(thing)} and some bread and left {place}.",
        rng.choice(road),
        rng.choice(trouble),
        f"{h.name} met {a(guide)} who knew the way.",
        rng.choice((f'"Follow me," said the {guide}.', f"The {guide} walked ahead and {h.name} followed.")),
        f"In the morning they stood before {capital}. There {h.he} ate {dish} and showed everyone {h.his} {thing}.",
    )


def sharing(rng: random.Random, h: Hero, friend: Hero, thing: str, place: str) -> str:
    claim = (
        f'"It is mine!" said {h.name}. "No, it is mine!" said {friend.name}.',
        f"Both of them wanted to keep the {thing}.",
    )
    quarrel = (
        "They quarrelled until the sun went down.",
        "They pulled and pulled, and neither would let go.",
        "They did not speak to each other for a whole day.",
    )
    idea = (
        f'"You keep the {thing} today, and I keep it tomorrow," {h.he} said.',
        f'"Let us share the {thing}," {h.he} said.',
    )
    return sentences(
        f"One day {h.name} and {h.his} friend {friend.name} found {a(thing)} at {place}.",
        rng.choice(claim),
        rng.choice(quarrel),
        f"Then {h.name} had an idea.",
        rng.choice(idea),
        f"{friend.name} smiled and said yes.",
        f"After that the {thing} belonged to both of them, and they were better friends than before.",
    )


def seed(rng: random.Random, h: Hero, friend: Hero, thing: str, place: str) -> str:
    plant = rng.choice(words.FLOWERS + words.TREES + ["pumpkin", "cherry tree", "beanstalk"])
    return sentences(
        f"One spring day {h.name} found a tiny seed in {a(thing)}.",
        f"{capitalised(h.he)} planted it near {place} and gave it water every day.",
        rng.choice(("A week went by, and nothing happened.", "For a long time there was only brown earth.")),
        rng.choice((f'"Be patient," said {a(friend.kind)}.', f"{h.name} wanted to give up, but {h.he} waited.")),
        "Then a small green leaf came out of the ground.",
        f"In the summer it was {a(plant)}, the most beautiful {plant} in the land.",
        f"People came from far away to {place} to see it.",
    )


def race(rng: random.Random, h: Hero, friend: Hero, thing: str, place: str) -> str:
    rescue = (
        f"{h.name} stopped and helped {friend.him}.",
        f"{h.name} did not run past. {capitalised(h.he)} gave {friend.him} a hand.",
    )
    return sentences(
        f"Every year there was a race to {place}, and the prize was {a(thing)}. {h.name} wanted to win the {thing}.",
        f"But {friend.name}, {a(f'{friend.trait} {friend.kind}')}, was the fastest of all.",
        f"The race began, and soon {friend.name} was far ahead.",
        f"Then {friend.name} fell into a ditch and could not get out.",
        rng.choice(rescue),
        f"They reached {place} together.",
        rng.choice((f'"We both won," said {h.name}.', "So both of them won the race.")),
        f"{friend.name} let {h.name} keep the {thing}.",
    )


def night_sound(rng: random.Random, h: Hero, friend: Hero, thing: str, place: str) -> str:
    animal = friend.kind if friend.kind in words.ANIMALS else rng.choice(list(words.ANIMALS))
    he = capitalised(h.he)
    return sentences(
        f"One night {h.name} heard a strange sound from {place}.",
        rng.choice((f'"Who is there?" {h.he} called. Nobody answered.', f"{he} could not sleep.")),
        f"{he} took {a(thing)} and went to look. There, in the grass, sat a small {animal}. It was hungry and cold.",
        f"{h.name} gave it {rng.choice(words.FOODS)} and kept it warm until morning.",
        f"Now the {animal} comes back every night, and it always brings {h.him} a present.",
        f"Once it even brought {h.him} {a(rng.choice(words.OBJECTS))}.",
    )


# A plot takes the hero, a second one, a thing and a place, and writes the middle of a story.
PLOTS = (lost_thing, fear, gift, journey, sharing, seed, race, night_sound)
PLOTS_FOR_TWO = (fear, gift, sharing, race)
"""Those in which the second hero appears by name."""


def story(
    rng: random.Random,
    h: Hero | None = None,
    friend: Hero | None = None,
    thing: str | None = None,
    place: str | None = None,
    chapters: int = 1,
) -> str:
    """One story of five to twelve sentences a chapter, in one or more paragraphs. What is given appears in it."""
    h = h or hero(rng)
    plots = PLOTS_FOR_TWO if friend else PLOTS
    friend = friend or hero(rng)
    while friend.name == h.name:
        friend = hero(rng)
    thing, place = thing or rng.choice(words.OBJECTS), place or rng.choice(words.PLACES)
    gap = rng.choice((" ", " ", "\n\n")) if chapters == 1 else "\n\n"
    parts = [sentences(*filter(None, (opening(rng, h, place), habit(rng, h))))]
    for plot in rng.sample(plots, chapters):
        later = (
            rng.choice(("Then came the winter. ", "A year went by. ", "But that was not all. ")) if parts[1:] else ""
        )
        parts.append(later + plot(rng, h, friend, thing, place))
        friend, thing = hero(rng), rng.choice(words.OBJECTS)
    return gap.join(parts + [ending(rng, h)])
