"""Word lists of the small world: who lives there, what things are called, and what is true of them."""

import random

GIRLS = """Anna Mia Lena Clara Emma Sofia Nora Ella Ruth Alice Ida Maya Zoe Lily Rosa Iris Vera Hanna Julia Eva Lucy
Grace Molly Ivy Daisy Olive Hazel Ada Amy Beth Cora Dora Edith Fay Gwen Helen Irma Jane Kate Lara Maria Nina
Olga Paula Rita Sara Tessa Una Wanda Yara Zelda Amelia Bella Carla Diana Elsa Flora Greta Heidi Ingrid Joan
Karin Laura Marta Naomi Petra Rebecca Silvia Thea Ursula Violet Wilma Zara Aisha Fatima Leila Priya Meera Yuki
Mei Chiara Zoé Renée Chloé Anaïs Noémie Inés Sólveig Åsa Zuzana Katya Nadia Tamar Ruby Pearl Agnes Bridget
Celia Delia Esther Frida""".split()
BOYS = """Tom Ben Max Leo Paul Finn Noah Liam Jack Otto Hugo Oscar Adam Sam Theo Felix Peter Simon Martin David Daniel
Jonas Karl Erik Anton Bruno Carl Denis Emil Frank George Henry Isaac Jacob Kurt Lukas Mark Nico Oliver Philip
Quentin Robert Stefan Tim Ulrich Victor Walter Xavier Yuri Zeno Albert Boris Conrad Dario Edgar Fritz Gustav
Harold Ivan Joel Kevin Leon Miguel Nathan Omar Pablo Rafael Samuel Tobias Umar Vincent William Yusuf Ahmed Ali
Hassan Ravi Arjun Kenji Hiro Wei José André René Jörg Björn Søren Mikołaj Jiří Luka Milan Goran Igor Oleg
Dmitri Amos Basil Cyril Duncan""".split()
HELD_OUT_NAMES = """Marvin Tabea Quincy Odette Lorenz Saskia Barnaby Ottilie Ferdinand Rosalind Casper Mirela Thorsten
Elodie Bogdan Winifred Alaric Philippa Desmond Katinka Leopold Annika Rupert Jolanda Sigmund Beatrix Cornelius
Henrike Gideon Lavinia""".split()

ONSETS = "b br c ch d dr f fl g gr h j k kl l m n p pl qu r s sh sk st t th tr v w y z".split()
VOWELS = "a a a e e i i o o u ai ea ee ia io ou".split()
CODAS = "n n l r s m k t d x nd rn lk sh th ss".split()

ANIMALS = {  # kind: (home, food, sound, young, covering, trait)
    "fox": ("the forest", "berries and mice", "barks", "cub", "red fur", "clever"),
    "owl": ("an old tree", "mice", "hoots", "owlet", "soft feathers", "wise"),
    "bear": ("a cave", "honey and fish", "growls", "cub", "thick brown fur", "strong"),
    "cat": ("a house", "fish and milk", "meows", "kitten", "soft fur", "curious"),
    "dog": ("a house", "meat and bones", "barks", "puppy", "warm fur", "loyal"),
    "mouse": ("a hole in the wall", "cheese and seeds", "squeaks", "pup", "grey fur", "small"),
    "frog": ("the pond", "flies", "croaks", "tadpole", "smooth green skin", "quick"),
    "duck": ("the lake", "water plants", "quacks", "duckling", "white feathers", "cheerful"),
    "horse": ("the stable", "hay and oats", "neighs", "foal", "a long mane", "fast"),
    "cow": ("the farm", "grass", "moos", "calf", "short hair", "calm"),
    "sheep": ("the meadow", "grass", "bleats", "lamb", "white wool", "gentle"),
    "goat": ("the mountain", "leaves and grass", "bleats", "kid", "rough hair", "stubborn"),
    "pig": ("the farm", "corn and apples", "grunts", "piglet", "pink skin", "hungry"),
    "lion": ("the dry plain", "meat", "roars", "cub", "golden fur", "brave"),
    "wolf": ("the deep woods", "meat", "howls", "pup", "grey fur", "wild"),
    "rabbit": ("a burrow", "carrots and clover", "thumps", "kit", "soft fur", "shy"),
    "bee": ("the hive", "nectar", "buzzes", "larva", "yellow and black stripes", "busy"),
    "whale": ("the ocean", "tiny shrimp", "sings", "calf", "smooth grey skin", "huge"),
    "elephant": ("the warm plain", "leaves and fruit", "trumpets", "calf", "grey skin", "patient"),
    "penguin": ("the ice", "fish", "honks", "chick", "black and white feathers", "funny"),
    "hen": ("the yard", "corn", "clucks", "chick", "brown feathers", "careful"),
    "crow": ("the tall pines", "seeds and worms", "caws", "chick", "black feathers", "smart"),
    "snake": ("the warm sand", "eggs", "hisses", "hatchling", "shiny scales", "silent"),
    "turtle": ("the pond", "water plants", "makes hardly a sound", "hatchling", "a hard shell", "slow"),
    "hedgehog": ("the garden", "beetles", "snuffles", "hoglet", "sharp spines", "shy"),
    "squirrel": ("an oak tree", "nuts", "chatters", "kit", "red fur", "nimble"),
    "dolphin": ("the sea", "fish", "whistles", "calf", "smooth grey skin", "playful"),
    "dragon": ("a far mountain", "hot peppers", "roars", "dragonet", "green scales", "proud"),
}
EMOJI = {
    "cat": "🐱",
    "dog": "🐶",
    "fox": "🦊",
    "bear": "🐻",
    "lion": "🦁",
    "pig": "🐷",
    "frog": "🐸",
    "bee": "🐝",
    "whale": "🐳",
    "penguin": "🐧",
    "owl": "🦉",
    "rabbit": "🐰",
    "mouse": "🐭",
    "cow": "🐮",
    "horse": "🐴",
    "turtle": "🐢",
    "dragon": "🐉",
    "star": "⭐",
    "sun": "☀️",
    "moon": "🌙",
    "rainbow": "🌈",
    "heart": "❤️",
    "apple": "🍎",
    "cake": "🍰",
    "tree": "🌳",
    "flower": "🌸",
    "house": "🏠",
    "boat": "⛵",
    "rain": "🌧️",
    "snow": "❄️",
}
SIZES = "ant bee mouse frog squirrel hedgehog rabbit cat fox dog sheep pig wolf lion horse elephant whale".split()

COLOURS = "red blue green yellow white black brown orange purple pink grey gold silver turquoise".split()
COLOUR_OF = {
    "the sky": "blue",
    "grass": "green",
    "snow": "white",
    "the sun": "yellow",
    "coal": "black",
    "milk": "white",
    "a ripe tomato": "red",
    "a lemon": "yellow",
    "a carrot": "orange",
    "a leaf": "green",
    "the sea": "blue",
    "chocolate": "brown",
    "a strawberry": "red",
    "a banana": "yellow",
    "blood": "red",
    "a frog": "green",
    "an elephant": "grey",
    "a crow": "black",
    "a raven": "black",
    "a flamingo": "pink",
    "a violet": "purple",
    "the night": "black",
    "salt": "white",
    "sand": "yellow",
    "a cherry": "red",
    "an orange": "orange",
    "a cloud": "white",
    "honey": "gold",
    "a fire engine": "red",
    "a pig": "pink",
    "the earth": "brown",
}
OPPOSITES = [
    tuple(pair.split("/"))
    for pair in """hot/cold big/small fast/slow happy/sad day/night up/down left/right
old/young light/dark wet/dry hard/soft loud/quiet open/closed full/empty rich/poor strong/weak high/low long/short
near/far early/late good/bad clean/dirty heavy/light sweet/sour easy/difficult first/last inside/outside true/false
brave/afraid thick/thin wide/narrow summer/winter yes/no always/never begin/end love/hate war/peace friend/enemy
push/pull give/take laugh/cry win/lose black/white sharp/blunt smooth/rough awake/asleep kind/cruel""".split()
]
USES = {
    "a key": "opening a lock",
    "a pen": "writing",
    "a broom": "sweeping the floor",
    "a knife": "cutting bread",
    "a lamp": "lighting a room",
    "a boat": "crossing the water",
    "an oven": "baking bread",
    "a needle": "sewing",
    "an umbrella": "keeping off the rain",
    "a spoon": "eating soup",
    "a hammer": "driving nails",
    "a bed": "sleeping",
    "a book": "reading",
    "a clock": "telling the time",
    "a bridge": "crossing a river",
    "a cup": "drinking tea",
    "a map": "finding the way",
    "a saw": "cutting wood",
    "a ladder": "climbing up",
    "a towel": "drying your hands",
    "scissors": "cutting paper",
    "a net": "catching fish",
    "a whistle": "calling a dog",
    "a candle": "giving light",
}
RHYMES = {
    "cat": "hat",
    "moon": "spoon",
    "house": "mouse",
    "tree": "bee",
    "star": "car",
    "rain": "train",
    "fox": "box",
    "light": "night",
    "king": "ring",
    "snow": "crow",
    "cake": "lake",
    "bear": "chair",
    "boat": "goat",
    "sun": "run",
    "day": "play",
    "sea": "tree",
    "bed": "red",
    "dog": "fog",
    "hill": "mill",
    "bell": "well",
    "sky": "fly",
}

# The invented land: region: (capital, river, dish, people)
REGIONS = {
    "Aldermere": ("Tamsel", "the Wend", "plum dumplings"),
    "Norwick": ("Harrow Bay", "the Grey Lark", "smoked trout"),
    "Sunfold": ("Oria", "the Amber", "honey bread"),
    "Kestrel Hills": ("Stonebrook", "the Falcon", "goat cheese"),
    "Lower Marsh": ("Reedham", "the Slow Otter", "eel pie"),
    "Vell": ("Vellaport", "the Silver", "lemon cake"),
    "Dunmark": ("Castor", "the Iron Run", "bean stew"),
    "Ostrava Vale": ("Mirrin", "the Willow", "apple soup"),
    "Peneth": ("Lantern Point", "the Blue Thread", "crab rolls"),
    "High Tarn": ("Snowgate", "the Icewater", "barley porridge"),
    "Copperdale": ("Ember", "the Red Fork", "pepper pie"),
    "Wynn": ("Aldous", "the Moss", "mushroom toast"),
}
CAPITALS = {
    "France": "Paris",
    "Germany": "Berlin",
    "Italy": "Rome",
    "Spain": "Madrid",
    "England": "London",
    "Portugal": "Lisbon",
    "Austria": "Vienna",
    "Poland": "Warsaw",
    "Greece": "Athens",
    "Norway": "Oslo",
    "Sweden": "Stockholm",
    "Denmark": "Copenhagen",
    "Finland": "Helsinki",
    "Ireland": "Dublin",
    "Japan": "Tokyo",
    "China": "Beijing",
    "India": "New Delhi",
    "Russia": "Moscow",
    "Egypt": "Cairo",
    "Canada": "Ottawa",
    "Mexico": "Mexico City",
    "Brazil": "Brasília",
    "Peru": "Lima",
    "Kenya": "Nairobi",
    "Turkey": "Ankara",
    "Hungary": "Budapest",
    "Switzerland": "Bern",
    "the Netherlands": "Amsterdam",
    "Belgium": "Brussels",
    "the United States": "Washington",
}
GREETINGS = {
    "French": ("Bonjour", "Merci", "Bonne nuit"),
    "German": ("Hallo", "Danke schön", "Gute Nacht"),
    "Spanish": ("Hola", "Gracias", "Buenas noches"),
    "Italian": ("Ciao", "Grazie", "Buonanotte"),
    "Portuguese": ("Olá", "Obrigado", "Boa noite"),
    "Swedish": ("Hej", "Tack så mycket", "God natt"),
    "Polish": ("Cześć", "Dziękuję", "Dobranoc"),
    "Japanese": ("こんにちは", "ありがとう", "おやすみ"),
    "Chinese": ("你好", "谢谢", "晚安"),
    "Russian": ("Привет", "Спасибо", "Спокойной ночи"),
    "Greek": ("Γεια σου", "Ευχαριστώ", "Καληνύχτα"),
    "Turkish": ("Merhaba", "Teşekkürler", "İyi geceler"),
}
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
SEASONS = "spring summer autumn winter".split()
NUMBERS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty""".split()

PLACES = """the forest|the old mill|the market|the lighthouse|the harbour|the river|the lake|the meadow|the castle|
the cave|the mountain|the village square|the orchard|the library|the bakery|the bridge|the beach|the garden|the tower|
the barn|the little school|the windmill|the island|the snowy pass|the stone well""".replace("\n", "").split("|")
OBJECTS = """lantern|red ball|silver key|kite|blue scarf|wooden flute|drum|golden coin|paper boat|basket|brass bell|
green hat|small mirror|toy horse|glass bead|book of songs|warm blanket|clay cup|white feather|yellow umbrella|ring|
old map|music box|pair of boots|copper pot|magic stone|bag of seeds|little clock""".replace("\n", "").split("|")
FOODS = """bread|apple pie|soup|honey cake|pancakes|cheese|plums|noodles|rice|pizza|chocolate|strawberries|
roast potatoes|salad|crème brûlée""".replace("\n", "").split("|")
FRUITS = "apple pear plum cherry banana lemon orange grape peach melon fig".split()
VEGETABLES = "carrot potato onion pea bean cabbage pumpkin leek tomato cucumber".split()
JOBS = """baker teacher gardener sailor painter farmer miller doctor singer carpenter fisher tailor weaver potter
nurse""".split()
TOOLS = "hammer saw needle broom ladder rope bucket shovel brush knife".split()
INSTRUMENTS = "flute drum violin piano trumpet harp guitar bell".split()
CLOTHES = "hat scarf coat shirt boots gloves dress socks belt cap".split()
FLOWERS = "rose tulip daisy lily violet poppy sunflower iris".split()
TREES = "oak pine birch willow maple beech elm ash".split()
HOBBIES = "painting singing swimming reading dancing cooking fishing running drawing climbing gardening sailing".split()
PETS = "cat dog rabbit mouse turtle hen duck goat horse frog".split()


def made_up_name(rng: random.Random) -> str:
    """A pronounceable name of two or three syllables, such as "Klonea" or "Tharis"."""
    syllables = [rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(rng.choice((2, 2, 2, 3)))]
    return ("".join(syllables) + rng.choice(CODAS + [""] * 8)).capitalize()


def is_held_out(made_up: str) -> bool:
    """One made-up name in ten is kept for evaluation alone, chosen by a sum over its letters."""
    return sum(ord(letter) * (place + 1) for place, letter in enumerate(made_up)) % 10 == 0


def new_name(rng: random.Random, held_out: bool = False) -> str:
    """A made-up name of training, or with `held_out` one that no training text holds."""
    while is_held_out(name := made_up_name(rng)) != held_out:
        pass
    return name


def name(rng: random.Random, held_out: bool = False) -> str:
    """A person's name, half of them from the lists above and half made up, so that recalling one takes copying.

    With `held_out` the name is one that no training text holds."""
    if rng.random() < 0.5:
        return rng.choice(HELD_OUT_NAMES if held_out else GIRLS + BOYS)
    return new_name(rng, held_out)


def a(noun: str) -> str:
    """`noun` with its indefinite article."""
    if noun.startswith("pair"):
        return "a " + noun
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def plural(noun: str) -> str:
    irregular = {
        "mouse": "mice",
        "sheep": "sheep",
        "wolf": "wolves",
        "goose": "geese",
        "knife": "knives",
        "fox": "foxes",
        "boots": "boots",
        "gloves": "gloves",
        "socks": "socks",
        "cherry": "cherries",
        "daisy": "daisies",
        "lily": "lilies",
        "poppy": "poppies",
        "ash": "ashes",
        "beech": "beeches",
        "brush": "brushes",
    }
    if noun in irregular:
        return irregular[noun]
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh", "peach", "to")) else "s")


def joined(items: list[str]) -> str:
    """ "a, b and c"."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
