"""The command line of scripts/train-model."""

import argparse
import itertools
from pathlib import Path

from . import corpus, evaluate, tokenizer, train
from .model import Shape

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "freshet-small-world.gguf"
WORKSPACE = ROOT / ".cache" / "train-model"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/train-model",
        description="Trains the embedded model from generated text, and measures it. A run that was stopped continues "
        "where it last saved.",
    )
    parser.add_argument("--steps", type=int, default=3000, help="steps of 4,096 tokens (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the text and of the first parameters")
    parser.add_argument(
        "--output", type=Path, default=MODEL, help="the file to write (default: models/freshet-small-world.gguf)"
    )
    parser.add_argument("--workspace", type=Path, help="where tokenizer and checkpoint are kept while training")
    parser.add_argument("--evaluate", type=Path, metavar="MODEL", help="measure this GGUF file instead")
    parser.add_argument("--sample", type=int, metavar="N", help="print N documents of the training text instead")
    options = parser.parse_args()

    if options.evaluate:
        evaluate.report(options.evaluate)
    elif options.sample:
        for text in itertools.islice(corpus.documents(options.seed, long_share=0.05), options.sample):
            print(text, end="\n\n")
    else:
        shape, plan = Shape(), train.Plan(steps=options.steps, seed=options.seed)
        workspace = options.workspace or WORKSPACE / f"seed-{options.seed}"
        workspace.mkdir(parents=True, exist_ok=True)
        options.output.parent.mkdir(parents=True, exist_ok=True)
        learnt = tokenizer.load_or_learn(workspace / "tokenizer.json", shape.vocabulary, options.seed)
        train.run(plan, shape, learnt, workspace, options.output)
        evaluate.report(options.output)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("\nStopped. The same command continues from the last checkpoint.") from None
