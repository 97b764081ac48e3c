"""Texts that are gone on with, as OpenAI's own Python client asks for them; run by openai_client.py."""

MODEL = "freshet-small-world"


class CompletionChecks:
    """A mixin for a test case that has a `client`."""

    def test_whole_and_streamed(self):
        options = dict(model=MODEL, prompt="Once upon a time", max_tokens=20, temperature=0,
                       extra_body={"cache_prompt": False})
        whole = self.client.completions.create(**options)
        self.assertEqual(whole.object, "text_completion")
        self.assertTrue(whole.choices[0].text)
        streamed = self.client.completions.create(stream=True, **options)
        self.assertEqual("".join(chunk.choices[0].text for chunk in streamed), whole.choices[0].text)

    def test_several_choices(self):
        options = dict(model=MODEL, prompt="The dragon", max_tokens=12, temperature=1.2, seed=3, n=3, best_of=3,
                       extra_body={"cache_prompt": False})
        whole = self.client.completions.create(**options)
        self.assertEqual([choice.index for choice in whole.choices], [0, 1, 2])
        texts = ["", "", ""]
        for chunk in self.client.completions.create(stream=True, **options):
            texts[chunk.choices[0].index] += chunk.choices[0].text
        self.assertEqual(texts, [choice.text for choice in whole.choices])

    def test_log_probabilities(self):
        options = dict(model=MODEL, prompt="Once upon a time", max_tokens=20, temperature=0, logprobs=2,
                       extra_body={"cache_prompt": False})
        choice = self.client.completions.create(**options).choices[0]
        told = choice.logprobs
        self.assertEqual("".join(told.tokens), choice.text)
        for place, token in enumerate(told.tokens):
            self.assertEqual(choice.text[told.text_offset[place]:][:len(token)], token)
            self.assertEqual(told.top_logprobs[place][token], told.token_logprobs[place])
        streamed = [chunk.choices[0].logprobs for chunk in self.client.completions.create(stream=True, **options)]
        self.assertEqual([part.text_offset[0] for part in streamed if part], told.text_offset)
        self.assertEqual([part.token_logprobs[0] for part in streamed if part], told.token_logprobs)

    def test_prompt_in_a_list(self):
        text = dict(model=MODEL, max_tokens=8, temperature=0, extra_body={"cache_prompt": False})
        one = self.client.completions.create(prompt="Once upon a time", **text)
        listed = self.client.completions.create(prompt=["Once upon a time"], **text)
        self.assertEqual(one.choices[0].text, listed.choices[0].text)
