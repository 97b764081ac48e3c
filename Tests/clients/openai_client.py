"""The ordinary uses of OpenAI's own Python client, against `freshet serve` with the embedded model.

Run by scripts/test-clients, which names the program in FRESHET. The server has one slot, so that a check which comes
after a cancelled stream is answered only when that stream's slot is free again.
"""

import asyncio
import os
import pathlib
import re
import signal
import subprocess
import unittest

import openai
from openai_completions import CompletionChecks
from openai_embeddings import EmbeddingChecks
from openai_forms import FormChecks
from openai_tools import ToolChecks

KEY = "sk-of-these-tests"
MODEL = "freshet-small-world"
# Ends only after many seconds, when the context is full.
ENDLESS = {"max_tokens": 10**6, "extra_body": {"ignore_eos": True}}


class Server:
    """A running `freshet serve`."""

    def __init__(self):
        self.process = subprocess.Popen(
            [os.environ["FRESHET"], "serve", "--port", "0", "--parallel", "1", "--ctx-size", "16384", "--api-key", KEY,
             # The embedded model's own template has no place for tools.
             "--chat-template-file", str(pathlib.Path(__file__).with_name("tools.jinja"))],
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stderr:
            if found := re.search(r"Listening on (\S+)", line):
                self.url = found[1] + "/v1"
                return
        raise SystemExit(f"freshet serve ended with status {self.process.wait()}")

    def stop(self):
        """Ends it as a service manager would, and tells its status and what it logged."""
        self.process.send_signal(signal.SIGTERM)
        _, log = self.process.communicate(timeout=60)
        return self.process.returncode, log


server = None


def setUpModule():
    global server
    server = Server()


def tearDownModule():
    status, log = server.stop()
    assert status == 0, f"the server ended with status {status}: {log}"
    assert log.count("cut=client_left") == Cancelled.expected, f"streams were left: {log}"
    assert "Once upon" not in log and KEY not in log, f"a prompt or a key stands in the log: {log}"


def ask(text):
    return [{"role": "user", "content": text}]


class Cancelled:
    """How many streams were left before their end."""

    expected = 0


class Case(unittest.TestCase):
    def setUp(self):
        # No retries: each request is answered rightly the first time.
        self.client = openai.OpenAI(base_url=server.url, api_key=KEY, max_retries=0, timeout=60)
        self.addCleanup(self.client.close)

    def chat(self, text="What colour is the sky?", **options):
        options = {"temperature": 0, "max_tokens": 24} | options
        # A prompt that is computed in other pieces now and then gives another token.
        options["extra_body"] = {"cache_prompt": False} | options.get("extra_body", {})
        return self.client.chat.completions.create(model=MODEL, messages=ask(text), **options)


class Chat(Case):
    def test_whole(self):
        answer = self.chat()
        choice = answer.choices[0]
        self.assertEqual(answer.object, "chat.completion")
        self.assertEqual(choice.message.role, "assistant")
        self.assertTrue(choice.message.content)
        self.assertIn(choice.finish_reason, ("stop", "length"))
        self.assertGreater(answer.usage.prompt_tokens, 0)
        self.assertEqual(
            answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
        self.assertTrue(answer._request_id.startswith("req-"))

    def test_streamed_is_whole(self):
        for options in ({}, {"temperature": 1.2, "seed": 7}, {"max_tokens": 3}):
            with self.subTest(options):
                whole = self.chat(**options)
                chunks = list(self.chat(stream=True, **options))
                self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
                self.assertEqual(chunks[0].choices[0].delta.content, "")
                text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
                self.assertEqual(text, whole.choices[0].message.content)
                self.assertEqual(chunks[-1].choices[0].finish_reason, whole.choices[0].finish_reason)
                self.assertEqual(len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}), 1)

    def test_usage_only_when_asked_for(self):
        plain = list(self.chat(stream=True))
        self.assertTrue(all(chunk.choices and chunk.usage is None for chunk in plain))
        with_usage = list(self.chat(stream=True, stream_options={"include_usage": True}))
        self.assertTrue(all(chunk.usage is None for chunk in with_usage[:-1]))
        self.assertEqual(with_usage[-1].choices, [])
        whole = self.chat().usage
        self.assertEqual(with_usage[-1].usage.completion_tokens, whole.completion_tokens)
        self.assertEqual(with_usage[-1].usage.prompt_tokens, whole.prompt_tokens)

    def test_the_clients_own_fold(self):
        with self.client.chat.completions.stream(
            model=MODEL, messages=ask("What colour is the sky?"), temperature=0, max_tokens=24,
            extra_body={"cache_prompt": False},
        ) as stream:
            folded = stream.get_final_completion()
        self.assertEqual(folded.choices[0].message.content, self.chat().choices[0].message.content)

    def test_seed(self):
        texts = [
            self.chat("Tell a story.", temperature=1.5, seed=seed).choices[0].message.content
            for seed in (1, 1, 2, 3, 4)
        ]
        self.assertEqual(texts[0], texts[1])
        self.assertGreater(len(set(texts)), 1)

    def test_stop(self):
        text = self.chat("Tell a story.").choices[0].message.content
        stop = text[len(text) // 2 :][:3]
        for given in (stop, [stop, "no such text"]):
            answer = self.chat("Tell a story.", stop=given)
            self.assertEqual(answer.choices[0].message.content, text[: text.index(stop)])
            self.assertEqual(answer.choices[0].finish_reason, "stop")

    def test_limit(self):
        for name in ("max_tokens", "max_completion_tokens"):
            answer = self.client.chat.completions.create(
                model=MODEL, messages=ask("Tell a story."), extra_body={"ignore_eos": True}, **{name: 5})
            self.assertEqual(answer.usage.completion_tokens, 5)
            self.assertEqual(answer.choices[0].finish_reason, "length")

    def test_several_choices(self):
        options = {"n": 3, "seed": 5, "temperature": 1.3}
        whole = self.chat("Tell a story.", **options)
        self.assertEqual([choice.index for choice in whole.choices], [0, 1, 2])
        texts = [choice.message.content for choice in whole.choices]
        self.assertEqual(len(set(texts)), 3)
        alone = self.chat("Tell a story.", **options | {"n": 1})
        self.assertEqual(texts[0], alone.choices[0].message.content)
        self.assertEqual(whole.usage.prompt_tokens, alone.usage.prompt_tokens)
        self.assertGreater(whole.usage.completion_tokens, alone.usage.completion_tokens)

        chunks = list(self.chat(
            "Tell a story.", stream=True, stream_options={"include_usage": True}, **options))
        self.assertEqual(chunks[-1].choices, [])
        self.assertEqual(chunks[-1].usage.completion_tokens, whole.usage.completion_tokens)
        for index, choice in enumerate(whole.choices):
            own = [chunk.choices[0] for chunk in chunks[:-1] if chunk.choices[0].index == index]
            self.assertEqual((own[0].delta.role, own[0].delta.content), ("assistant", ""))
            self.assertEqual("".join(piece.delta.content or "" for piece in own), choice.message.content)
            self.assertEqual([piece.finish_reason for piece in own if piece.finish_reason], [choice.finish_reason])

        with self.client.chat.completions.stream(
            model=MODEL, messages=ask("Tell a story."), max_tokens=24, extra_body={"cache_prompt": False}, **options
        ) as stream:
            for _ in stream:
                pass
            folded = stream.current_completion_snapshot
        self.assertEqual([choice.message.content for choice in folded.choices], texts)

    def test_cached_tokens(self):
        question = "Which animal is small, grey and clever, and lives in a very old house near the river?"
        first = self.chat(question, extra_body={"cache_prompt": True}).usage
        again = self.chat(question, extra_body={"cache_prompt": True}).usage
        streamed = list(self.chat(
            question, stream=True, stream_options={"include_usage": True}, extra_body={"cache_prompt": True}))[-1].usage
        for usage in (again, streamed):
            self.assertEqual(usage.prompt_tokens, first.prompt_tokens)
            cached = usage.prompt_tokens_details.cached_tokens
            self.assertGreater(cached, usage.prompt_tokens // 2)
            self.assertLess(cached, usage.prompt_tokens + 1)

    def test_users(self):
        for options in ({"user": "alice"}, {"safety_identifier": "bob"}, {"extra_body": {"weight": 9}}):
            self.assertTrue(self.chat(**options).choices[0].message.content)

    def test_progress(self):
        chunks = list(self.chat("word " * 3000, stream=True, extra_body={"return_progress": True}))
        progress = [chunk.model_extra["prompt_progress"] for chunk in chunks if "prompt_progress" in chunk.model_extra]
        self.assertTrue(all(chunk.choices[0].delta is not None for chunk in chunks))
        self.assertGreater(len(progress), 2)
        done = [step["processed"] for step in progress]
        self.assertEqual(done, sorted(done))
        self.assertEqual(done[-1], progress[-1]["total"])
        self.assertGreater(progress[-1]["total"], 3000)

    def test_unicode(self):
        text = "Repeat: naïve café, привет, 你好, 👩‍👩‍👧"
        # Without a draw: a batch's shape moves the last bits of logits, and a draw can fall between two tokens.
        whole = self.chat(text, max_tokens=60).choices[0].message.content
        chunks = self.chat(text, max_tokens=60, stream=True)
        self.assertEqual("".join(chunk.choices[0].delta.content or "" for chunk in chunks), whole)

    def test_log_probabilities(self):
        text = "Repeat: naïve café, 你好"
        for options in ({}, {"top_logprobs": 3}, {"n": 2, "seed": 3, "temperature": 1.3}):
            with self.subTest(options):
                whole = self.chat(text, logprobs=True, **options)
                for choice in whole.choices:
                    tokens = b"".join(bytes(entry.bytes) for entry in choice.logprobs.content)
                    self.assertEqual(tokens.decode(errors="ignore"), choice.message.content)
                    for entry in choice.logprobs.content:
                        self.assertEqual(len(entry.top_logprobs), options.get("top_logprobs", 0))
                        self.assertLessEqual(entry.logprob, 0)
                        if "top_logprobs" in options:
                            self.assertEqual(entry.top_logprobs[0].bytes, entry.bytes)
                            self.assertEqual(entry.top_logprobs[0].logprob, entry.logprob)
                if "n" in options:
                    continue
                chunks = list(self.chat(text, logprobs=True, stream=True, **options))
                entries = [entry for chunk in chunks if (told := chunk.choices[0].logprobs) for entry in told.content]
                self.assertEqual(entries, whole.choices[0].logprobs.content)
                self.assertEqual(len(entries), whole.usage.completion_tokens - (
                    whole.choices[0].finish_reason == "stop"))
        self.assertIsNone(self.chat(text).choices[0].logprobs)

    def test_conversation(self):
        messages = [
            {"role": "system", "content": "Answer in one word."},
            {"role": "user", "content": [{"type": "text", "text": "My name is Tobin."}], "name": None},
            {"role": "assistant", "content": "Hello, Tobin!"},
            {"role": "user", "content": "What is my name?"},
        ]
        answer = self.client.chat.completions.create(model=MODEL, messages=messages, temperature=0)
        self.assertTrue(answer.choices[0].message.content)

    def test_leaving_a_stream_frees_the_slot(self):
        for _ in range(5):
            stream = self.chat("Tell a story.", stream=True, **ENDLESS)
            for place, _ in enumerate(stream):
                if place == 3:
                    break
            stream.close()
            Cancelled.expected += 1
        self.assertTrue(self.chat().choices[0].message.content)


class Forms(FormChecks, Case):
    """The checks of openai_forms.py, with this client and server."""


class Tools(ToolChecks, Case):
    """The checks of openai_tools.py, with this client and server."""


class Completions(CompletionChecks, Case):
    """The checks of openai_completions.py, with this client and server."""


class Embeddings(EmbeddingChecks, Case):
    """The checks of openai_embeddings.py, with this client and server."""


class Models(Case):
    def test_list_and_retrieve(self):
        names = [model.id for model in self.client.models.list()]
        self.assertIn(MODEL, names)
        for name in names:
            self.assertEqual(self.client.models.retrieve(name).id, name)
        with self.assertRaises(openai.NotFoundError):
            self.client.models.retrieve("nobody")


class Errors(Case):
    def test_unknown_model(self):
        for stream in (False, True):
            with self.assertRaises(openai.NotFoundError) as caught:
                self.client.chat.completions.create(model="gpt-4o", messages=ask("Hi"), stream=stream)
            self.assertEqual((caught.exception.code, caught.exception.param), ("model_not_found", "model"))

    def test_bad_values(self):
        for options, param in (
            ({"temperature": -1}, "temperature"),
            ({"top_p": 2}, "top_p"),
            ({"max_tokens": "many"}, "max_tokens"),
            ({"stop": [""]}, "stop"),
            ({"stream": True, "temperature": -1}, "temperature"),
            ({"n": 0}, "n"),
            ({"n": 129, "stream": True}, "n"),
            ({"extra_body": {"n": 2, "best_of": 3}}, "best_of"),
            ({"user": "u" * 1000}, "user"),
            ({"response_format": {"type": "xml"}}, "response_format.type"),
            ({"extra_body": {"json_schema": {"not": {}}}}, "json_schema"),
            ({"extra_body": {"grammar": "root ::= ("}}, "grammar"),
            ({"extra_body": {"weight": 101}}, "weight"),
            ({"top_logprobs": 2}, "top_logprobs"),
            ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ):
            with self.subTest(options), self.assertRaises(openai.BadRequestError) as caught:
                self.chat(**options)
            self.assertEqual(caught.exception.param, param)
            self.assertIn("req-", caught.exception.request_id)
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(model=MODEL, messages=[{"content": "no role"}])
        self.assertEqual(caught.exception.param, "messages[0].role")

    def test_too_long(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.chat("word " * 20000)
        self.assertEqual(caught.exception.code, "context_length_exceeded")

    def test_wrong_key(self):
        client = openai.OpenAI(base_url=server.url, api_key="sk-wrong", max_retries=0)
        with client, self.assertRaises(openai.AuthenticationError):
            client.models.list()

    def test_error_in_mid_stream(self):
        options = {"max_tokens": 10**6, "extra_body": {"ignore_eos": True, "deadline_ms": 300}}
        stream = self.chat("Tell a story.", stream=True, **options)
        with self.assertRaises(openai.APIError) as caught:
            for _ in stream:
                pass
        self.assertEqual(caught.exception.code, "deadline_exceeded")


class Async(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.client = openai.AsyncOpenAI(base_url=server.url, api_key=KEY, max_retries=0, timeout=60)
        self.addAsyncCleanup(self.client.close)

    async def ask(self, text, **options):
        return await self.client.chat.completions.create(
            model=MODEL, messages=ask(text), temperature=0,
            **{"max_tokens": 16, "extra_body": {"cache_prompt": False}} | options)

    async def test_whole_and_streamed(self):
        whole = await self.ask("What colour is the sky?")
        text = ""
        async for chunk in await self.ask("What colour is the sky?", stream=True):
            text += chunk.choices[0].delta.content or ""
        self.assertEqual(text, whole.choices[0].message.content)

    async def test_connections_are_used_again(self):
        ports = set()
        for _ in range(10):
            stream = await self.ask("Hello!", stream=True)
            ports.add(stream.response.extensions["network_stream"].get_extra_info("client_addr")[1])
            async for _ in stream:
                pass
        self.assertEqual(len(ports), 1)

    async def test_several_at_once(self):
        questions = ["Tell a story.", "What colour is the sky?", "Who are you?"] * 3
        answers = await asyncio.gather(*[self.ask(question) for question in questions])
        for question, answer in zip(questions, answers):
            self.assertEqual(
                answer.choices[0].message.content, answers[questions.index(question)].choices[0].message.content)

    async def test_a_cancelled_task_frees_the_slot(self):
        async def read():
            async for _ in await self.ask("Tell a story.", stream=True, **ENDLESS):
                seen.set()

        for _ in range(5):
            seen = asyncio.Event()
            task = asyncio.create_task(read())
            await seen.wait()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            Cancelled.expected += 1
        self.assertTrue((await self.ask("What colour is the sky?")).choices[0].message.content)


if __name__ == "__main__":
    unittest.main()
