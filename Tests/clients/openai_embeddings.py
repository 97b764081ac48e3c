"""Vectors of texts, as OpenAI's own Python client asks for them; run by openai_client.py."""

import openai

MODEL = "freshet-small-world"


class EmbeddingChecks:
    """A mixin for a test case that has a `client`."""

    def embed(self, inputs, **options):
        return self.client.embeddings.create(model=MODEL, input=inputs, **options)

    def test_both_encodings(self):
        # The client asks for base64 by itself and decodes it.
        packed = self.embed(["a cow", "naïve 日本語 🙂"])
        plain = self.embed(["a cow", "naïve 日本語 🙂"], encoding_format="float")
        self.assertEqual([item.index for item in packed.data], [0, 1])
        for one, other in zip(packed.data, plain.data):
            self.assertEqual(len(one.embedding), len(other.embedding))
            for a, b in zip(one.embedding, other.embedding):
                self.assertAlmostEqual(a, b, places=5)
            self.assertAlmostEqual(sum(number * number for number in one.embedding), 1, places=3)
        self.assertEqual((packed.model, packed.object), (self.client.completions.create(
            model=MODEL, prompt="a", max_tokens=1).model, "list"))
        self.assertGreater(packed.usage.prompt_tokens, 3)
        self.assertEqual(packed.usage.total_tokens, packed.usage.prompt_tokens)

    def test_forms_of_input(self):
        for inputs, count in (("a", 1), (["a"], 1), ([5, 6], 1), ([[5, 6], [7]], 2)):
            with self.subTest(inputs):
                self.assertEqual(len(self.embed(inputs, dimensions=8).data), count)
        self.assertEqual(len(self.embed("a", dimensions=8).data[0].embedding), 8)

    def test_refusals(self):
        for inputs, options, param, code in (
            ([], {}, "input", "invalid_request"),
            (["a", ""], {}, "input[1]", "invalid_request"),
            ("a", {"dimensions": 100000}, "dimensions", "invalid_request"),
            ("word " * 20000, {}, "input", "context_length_exceeded"),
        ):
            with self.subTest(param), self.assertRaises(openai.BadRequestError) as caught:
                self.embed(inputs, **options)
            self.assertEqual((caught.exception.param, caught.exception.code), (param, code))
