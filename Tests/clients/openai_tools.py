"""Calls to functions, as OpenAI's own Python client makes and reads them; run by openai_client.py."""

import json

import openai

MODEL = "freshet-small-world"
QUESTION = [{"role": "user", "content": "Hello!"}]
CITIES = ["Oslo", "Zürich"]


def tool(name):
    """A function of which a model without sense, too, can write the arguments."""
    schema = {"type": "object", "properties": {"city": {"type": "string", "enum": CITIES}}, "required": ["city"]}
    return {"type": "function", "function": {"name": name, "description": "The weather", "parameters": schema}}


class ToolChecks:
    """A mixin for a test case that has a `client` and can `chat`."""

    OPTIONS = {"tools": [tool("get_weather"), tool("get_time")], "max_tokens": 200, "parallel_tool_calls": False}

    def test_a_call_is_forced(self):
        for choice in ("required", {"type": "function", "function": {"name": "get_time"}}):
            for seed in range(3):
                with self.subTest(choice=choice, seed=seed):
                    options = self.OPTIONS | {"tool_choice": choice, "temperature": 1, "seed": seed}
                    whole = self.chat("Hello!", **options).choices[0]
                    self.assertEqual(whole.finish_reason, "tool_calls")
                    self.assertFalse((whole.message.content or "").strip())
                    (call,) = whole.message.tool_calls
                    if choice != "required":
                        self.assertEqual(call.function.name, "get_time")
                    self.assertIn(call.function.name, ("get_weather", "get_time"))
                    self.assertIn(json.loads(call.function.arguments)["city"], CITIES)

                    pieces = [
                        chunk.choices[0].delta.tool_calls[0]
                        for chunk in self.chat("Hello!", stream=True, **options)
                        if chunk.choices[0].delta.tool_calls
                    ]
                    self.assertEqual((pieces[0].id, pieces[0].function.name), (call.id, call.function.name))
                    self.assertEqual("".join(piece.function.arguments for piece in pieces), call.function.arguments)

    def test_the_clients_own_fold(self):
        options = self.OPTIONS | {"tool_choice": "required", "temperature": 0}
        with self.client.chat.completions.stream(
            model=MODEL, messages=QUESTION, extra_body={"cache_prompt": False}, **options
        ) as stream:
            folded = stream.get_final_completion().choices[0]
        whole = self.chat("Hello!", **options).choices[0]
        self.assertEqual(folded.finish_reason, "tool_calls")
        self.assertEqual(
            folded.message.tool_calls[0].function.arguments, whole.message.tool_calls[0].function.arguments)

    def test_the_result_goes_back(self):
        options = self.OPTIONS | {"tool_choice": "required"}
        message = self.chat("Hello!", **options).choices[0].message
        messages = QUESTION + [
            message, {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "rain"}]
        answer = self.client.chat.completions.create(
            model=MODEL, messages=messages, max_tokens=16, tools=self.OPTIONS["tools"], tool_choice="none")
        self.assertIn(answer.choices[0].finish_reason, ("stop", "length"))
        self.assertFalse(answer.choices[0].message.tool_calls)

    def test_bad_tools(self):
        for options, param in (
            ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
            ({"tool_choice": "required"}, "tool_choice"),
            (self.OPTIONS | {"tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice"),
        ):
            with self.subTest(options), self.assertRaises(openai.BadRequestError) as caught:
                self.chat(**options)
            self.assertEqual(caught.exception.param, param)
