"""Tasks with a checkable form: lists, JSON objects, copying. Each returns a request and the right reply."""

import json
import random

from . import words
from .words import NUMBERS, plural

CATEGORIES = {
    "animal": list(words.ANIMALS),
    "colour": words.COLOURS,
    "fruit": words.FRUITS,
    "vegetable": words.VEGETABLES,
    "day of the week": words.DAYS,
    "month": words.MONTHS,
    "tool": words.TOOLS,
    "instrument": words.INSTRUMENTS,
    "flower": words.FLOWERS,
    "tree": words.TREES,
    "job": words.JOBS,
    "hobby": words.HOBBIES,
    "piece of clothing": words.CLOTHES,
    "country": [c for c in words.CAPITALS if not c.startswith("the")],
    "city": list(words.CAPITALS.values()),
    "season": words.SEASONS,
    "pet": words.PETS,
}
CATEGORY_PLURALS = {
    "day of the week": "days of the week",
    "hobby": "hobbies",
    "piece of clothing": "pieces of clothing",
    "country": "countries",
    "city": "cities",
}


def list_(rng: random.Random) -> tuple[str, str]:
    category, members = rng.choice(list(CATEGORIES.items()))
    count = rng.randint(2, min(6, len(members)))
    items = rng.sample(members, count)
    many = CATEGORY_PLURALS.get(category, plural(category))
    number = rng.choice((NUMBERS[count], str(count)))
    style = rng.choice(("bullets", "bullets", "numbered", "numbered", "commas"))
    if style == "commas":
        return rng.choice((f"Name {number} {many}.", f"Tell me {number} {many}.")), words.capitalised(
            words.joined(items)
        ) + "."
    if style == "numbered":
        ask = rng.choice(
            (
                f"Make a numbered list of {number} {many}.",
                f"Write a numbered list of {number} {many}.",
                f"Number {number} {many}.",
            )
        )
        return ask, "\n".join(f"{place}. {item}" for place, item in enumerate(items, 1))
    ask = rng.choice(
        (
            f"List {number} {many}.",
            f"Make a list of {number} {many}.",
            f"Give me a list of {number} {many}.",
            f"Write a list with {number} {many}.",
        )
    )
    return ask, "\n".join(f"- {item}" for item in items)


def json_object(rng: random.Random, held_out: bool = False) -> tuple[str, str]:
    """A request for a JSON object whose values stand in the request, and the object."""
    name = words.name(rng, held_out)
    fields: dict[str, tuple[object, str]] = {
        "name": (name, f"name {name}"),
        "age": (age := rng.randint(2, 90), f"age {age}"),
        "colour": (colour := rng.choice(words.COLOURS), f"colour {colour}"),
        "pet": (pet := rng.choice(words.PETS), f"pet {pet}"),
        "job": (job := rng.choice(words.JOBS), f"job {job}"),
        "city": (city := rng.choice(list(words.CAPITALS.values())), f"city {city}"),
        "happy": (happy := rng.random() < 0.5, f"happy {str(happy).lower()}"),
        "hobbies": (hobbies := rng.sample(words.HOBBIES, rng.randint(1, 3)), f"hobbies {words.joined(hobbies)}"),
    }
    chosen = (["name"] if rng.random() < 0.7 else []) + rng.sample(
        [f for f in fields if f != "name"], rng.randint(1, 3)
    )
    value = json.dumps({field: fields[field][0] for field in chosen}, ensure_ascii=False)
    described = words.joined([fields[field][1] for field in chosen])
    natural = rng.random()
    if natural < 0.25:
        chosen = ["name", "age"] + ([] if rng.random() < 0.5 else [rng.choice(("pet", "job", "colour", "city"))])
        value = json.dumps({field: fields[field][0] for field in chosen}, ensure_ascii=False)
        tail = {
            "pet": f" and has {words.a(pet)}",
            "job": f" and is {words.a(job)}",
            "colour": f" and likes {colour}",
            "city": f" and lives in {city}",
        }
        return rng.choice(
            (
                f"{name} is {age} years old{tail.get(chosen[-1], '')}. Write this as JSON.",
                f"Write this as JSON: {name} is {age} years old{tail.get(chosen[-1], '')}.",
            )
        ), value
    if natural < 0.4:
        if rng.random() < 0.25:
            pet_name = words.name(rng, held_out)
            value = json.dumps({"name": name, "pet": {"kind": pet, "name": pet_name}}, ensure_ascii=False)
            return f"Write this as JSON: {name} has {words.a(pet)} named {pet_name}.", value
        if rng.random() < 0.5:
            value = json.dumps({field: fields[field][0] for field in chosen}, ensure_ascii=False, indent=2)
            return f"Write a JSON object on several lines with {described}.", value
        category, members = rng.choice(list(CATEGORIES.items()))
        items = rng.sample(members, rng.randint(2, min(4, len(members))))
        many = CATEGORY_PLURALS.get(category, plural(category))
        return f"Give me a JSON array of {NUMBERS[len(items)]} {many}.", json.dumps(items, ensure_ascii=False)
    if natural < 0.55:
        keys = rng.sample(list(fields), rng.randint(2, 4))
        return rng.choice(
            (
                f"Invent a person as JSON with the keys {words.joined(keys)}.",
                f"Make up a JSON object with the keys {words.joined(keys)}.",
            )
        ), json.dumps({field: fields[field][0] for field in keys}, ensure_ascii=False)
    return rng.choice(
        (
            f"Write a JSON object with {described}.",
            f"Give me JSON with {described}.",
            f"Make a JSON object: {described}.",
            f"Turn this into JSON: {described}.",
        )
    ), value


COPY_WORDS = [
    word
    for word in " ".join(
        list(words.ANIMALS)
        + words.COLOURS
        + words.FRUITS
        + words.TREES
        + list(words.RHYMES)
        + words.JOBS
        + words.TOOLS
        + words.HOBBIES
    ).split()
]


def copy(rng: random.Random, held_out: bool = False) -> tuple[str, str]:
    """Something to be repeated word for word: words, names, digits or letters in no guessable order."""
    kind = rng.choice(("words", "words", "names", "digits", "sentence", "mixed", "times"))
    if kind == "times":
        word, count = rng.choice(COPY_WORDS), rng.randint(2, 5)
        return f"Say {word} {NUMBERS[count]} times.", " ".join([word] * count)
    if kind == "digits":
        text = " ".join(str(rng.randint(0, 99)) for _ in range(rng.randint(2, 7)))
    elif kind == "names":
        text = " ".join(words.name(rng, held_out) for _ in range(rng.randint(1, 4)))
    elif kind == "sentence":
        name, verb = words.name(rng, held_out), rng.choice(("saw", "has", "found", "wants", "likes"))
        text = f"{name} {verb} {words.a(rng.choice(words.COLOURS))} {rng.choice(COPY_WORDS)}."
    else:
        pool = COPY_WORDS + (
            list(words.EMOJI.values()) + [words.new_name(rng) for _ in range(30)] if kind == "mixed" else []
        )
        text = " ".join(rng.choice(pool) for _ in range(rng.randint(1, 8)))
    return rng.choice(
        (f"Repeat: {text}", f"Repeat after me: {text}", f"Copy this: {text}", f"Say: {text}", f'Say "{text}"')
    ), text
