"""Short texts of the small world that are no stories: descriptions, poems, letters, diaries, recipes."""

import random

from . import words
from .words import a, capitalised


def animal_text(rng: random.Random, animal: str | None = None) -> str:
    """A few true sentences about one animal."""
    animal = animal or rng.choice(list(words.ANIMALS))
    home, food, sound, young, covering, trait = words.ANIMALS[animal]
    start = f"The {animal}"
    sentences = [
        f"It lives in {home}." if home[0] != "a" else f"Its home is {home}.",
        f"It eats {food}.",
        f"The {animal} {sound}.",
        f"A young {animal} is called {a(young)}.",
        f"It has {covering}.",
        f"People say that it is {trait}.",
    ]
    rng.shuffle(sentences)
    return (
        rng.choice(
            (f"{start} is {a(trait)} animal.", f"{start} is an animal with {covering}.", f"{start} has {covering}.")
        )
        + " "
        + " ".join(s for s in sentences[: rng.randint(3, 5)])
    )


def region_text(rng: random.Random, region: str | None = None) -> str:
    """A few sentences about one region of the invented land."""
    region = region or rng.choice(list(words.REGIONS))
    capital, river, dish = words.REGIONS[region]
    sentences = [
        f"The capital of {region} is {capital}.",
        f"{capitalised(river)} flows through {region}.",
        f"People in {region} like to eat {dish}.",
        f"Many travellers come to {capital} in {rng.choice(words.SEASONS)}.",
    ]
    rng.shuffle(sentences)
    return f"{region} is a region of the land of Freshet. " + " ".join(sentences)


POEM_SUBJECTS = list(words.ANIMALS) + ["moon", "sun", "river", "rain", "snow", "sea", "wind", "star", "garden", "cloud"]


def poem(rng: random.Random, subject: str | None = None) -> str:
    """Four or eight short lines about one subject, in rhyming pairs."""
    subject = subject or rng.choice(POEM_SUBJECTS)
    lines = {
        "night": (f"The {subject} is with me in the night,", "and all the world is calm and light."),
        "day": (f"I saw the {subject} again today,", "it smiled at me along the way."),
        "tree": (f"The {subject} sleeps beneath the tree,", "as quiet as a thing can be."),
        "sky": (f"The {subject} looks up to the sky,", "where little clouds are drifting by."),
        "snow": (f"The {subject} is waiting in the snow,", "and in the house the candles glow."),
        "sea": (f"Oh {subject}, oh {subject}, come to the sea,", "come and sing a song with me."),
        "hill": (f"The {subject} is dreaming on the hill,", "the wind is soft, the air is still."),
        "rain": (f"I hear the {subject} in the rain,", "it sings its song and sings again."),
    }
    chosen = rng.sample(list(lines.values()), rng.choice((2, 2, 3)))
    return "\n".join(capitalised(line) for pair in chosen for line in pair)


def letter(rng: random.Random, reader: str | None = None) -> str:
    writer, reader = words.name(rng), reader or words.name(rng)
    return (
        f"Dear {reader},\n\n"
        + rng.choice(("Thank you for your letter.", "How are you?", "I hope that you are well."))
        + " "
        + f"I am writing to you from {rng.choice(words.PLACES)}. "
        + rng.choice(
            (
                f"Yesterday I saw {a(rng.choice(list(words.ANIMALS)))} here. ",
                f"The weather is {rng.choice(('fine', 'cold', 'warm', 'rainy', 'windy'))}. ",
                f"I am learning {rng.choice(words.HOBBIES)}. ",
            )
        )
        + f"I am sending you {a(rng.choice(words.OBJECTS))}. "
        + rng.choice(("Please write soon.", "I miss you very much.", "Come and visit me in the summer."))
        + f"\n\nYour friend,\n{writer}"
    )


def diary(rng: random.Random) -> str:
    weather = rng.choice(
        (
            "The sun was shining.",
            "It rained all day.",
            "It was snowing.",
            "There was a strong wind.",
            "It was a warm day.",
        )
    )
    return " ".join(
        (
            f"{rng.choice(words.DAYS)}. {weather}",
            f"In the morning I went to {rng.choice(words.PLACES)} and met my friend {words.name(rng)}.",
            f"We ate {rng.choice(words.FOODS)} and talked about {rng.choice(words.HOBBIES)}.",
            f"In the afternoon I found {a(rng.choice(words.OBJECTS))}.",
            rng.choice(("I was tired in the evening.", "It was a good day.", "Tomorrow I will go there again.")),
        )
    )


DISHES = ("soup", "pie", "salad", "cake")


def recipe(rng: random.Random, fruit: str | None = None, dish: str | None = None) -> str:
    fruit, dish = fruit or rng.choice(words.FRUITS + words.VEGETABLES), dish or rng.choice(DISHES)
    other = rng.choice([food for food in words.FRUITS + words.VEGETABLES if food != fruit])
    finish = {
        "soup": "Boil it slowly for half an hour.",
        "pie": "Bake it in a hot oven until it is golden.",
        "salad": "Add some oil and salt.",
        "cake": "Bake it for an hour.",
    }[dish]
    steps = (
        f"Wash {words.NUMBERS[rng.randint(2, 9)]} {words.plural(fruit)}.",
        "Cut them into small pieces.",
        f"Mix them with {words.NUMBERS[rng.randint(2, 5)]} {words.plural(other)}.",
        finish,
        f"Serve the {dish} with {rng.choice(('bread', 'cream', 'honey', 'cheese'))}.",
    )
    return f"How to make {fruit} {dish}:\n" + "\n".join(f"{place}. {step}" for place, step in enumerate(steps, 1))
