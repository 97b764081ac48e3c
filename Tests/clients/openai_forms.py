"""Answers that are held to a form, as OpenAI's own Python client asks for them; run by openai_client.py."""

import json
import typing

import pydantic

MODEL = "freshet-small-world"


class Pet(pydantic.BaseModel):
    """A form that an answer is held to, within another."""

    kind: typing.Literal["cat", "dog"]
    is_small: typing.Optional[bool]


class Person(pydantic.BaseModel):
    """A form that an answer is held to."""

    name: typing.Literal["Mia", "Tobin"]
    pet: Pet


class FormChecks:
    """A mixin for a test case that has a `client` and can `chat`."""

    def test_a_schema_is_kept_to(self):
        schema = {
            "type": "object",
            "properties": {"z": {"enum": ["a", "b"]}, "a": {"type": "integer", "minimum": 10, "maximum": 12}},
            "required": ["z", "a"],
            "additionalProperties": False,
        }
        wrapped = {"type": "json_schema", "json_schema": {"name": "pair", "schema": schema, "strict": True}}
        for options in ({"response_format": wrapped}, {"extra_body": {"json_schema": schema}}):
            with self.subTest(options):
                answer = self.chat(max_tokens=300, n=2, seed=3, temperature=2, **options)
                for choice in answer.choices:
                    value = json.loads(choice.message.content)
                    self.assertEqual(list(value), ["z", "a"])
                    self.assertIn(value["a"], (10, 11, 12))
                    self.assertEqual(choice.finish_reason, "stop")
                chunks = self.chat(max_tokens=300, seed=3, temperature=2, stream=True, **options)
                text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
                self.assertEqual(text, answer.choices[0].message.content)

    def test_a_grammar_is_kept_to(self):
        text = self.chat(extra_body={"grammar": 'root ::= "Yes" | "No"'}).choices[0].message.content
        self.assertIn(text, ("Yes", "No"))

    def test_an_answer_is_parsed_into_a_type(self):
        parsed = self.client.chat.completions.parse(
            model=MODEL, messages=[{"role": "user", "content": "Who?"}], response_format=Person, max_tokens=300)
        self.assertIsInstance(parsed.choices[0].message.parsed, Person)
