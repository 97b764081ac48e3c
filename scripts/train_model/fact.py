"""What a question with one right answer is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    question: str
    answer: str
    """The answer as a whole sentence."""
    short: str
    """The answer in a word or two, without a full stop."""
