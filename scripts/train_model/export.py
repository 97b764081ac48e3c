"""Writing the model as GGUF: metadata, tokenizer, chat template and tensors, ready for llama.cpp."""

import json
from pathlib import Path

import gguf
import numpy as np
import tokenizers

from . import corpus
from .model import Shape
from .tokenizer import PRE_TOKENIZER

CHAT_TEMPLATE = """\
{%- for message in messages -%}
{%- set role = message['role'] if message['role'] in ['system', 'user', 'assistant'] else 'user' -%}
{{- '<|' + role + '|>' + message['content'] | trim + '<|end|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}
"""
"""Emits no `<|bos|>`: the tokenizer puts it first (tokenizer.ggml.add_bos_token)."""

DESCRIPTION = (
    "A very small language model of an invented world: stories, questions and answers, short chats, lists, JSON. "
    "Trained from nothing, on generated text alone, by scripts/train-model."
)


def write(path: Path, parameters: dict[str, np.ndarray], tokenizer: tokenizers.Tokenizer, shape: Shape) -> None:
    """Writes `parameters` to `path`: matrices as F16, the norms' vectors as F32. The old file is replaced only once
    the new one is whole."""
    partial = path.with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, "llama")
    count = sum(array.size for array in parameters.values())
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name("Freshet Small World")
    writer.add_basename("freshet-small-world")
    writer.add_author("The Freshet authors")
    writer.add_description(DESCRIPTION)
    writer.add_license("mit")
    writer.add_languages(["en"])
    writer.add_tags(["text-generation", "synthetic"])
    writer.add_size_label(f"{count / 1e6:.1f}M")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)

    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    add_tokenizer(writer, tokenizer)

    for name, array in parameters.items():
        writer.add_tensor(name, np.asarray(array, np.float32 if array.ndim == 1 else np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(path)


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: tokenizers.Tokenizer) -> None:
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    types = [gguf.TokenType.CONTROL if token in corpus.CONTROL_TOKENS else gguf.TokenType.NORMAL for token in tokens]
    begin, end = tokenizer.token_to_id(corpus.BEGIN), tokenizer.token_to_id(corpus.END)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(begin)
    writer.add_eos_token_id(end)
    writer.add_eot_token_id(end)
    writer.add_pad_token_id(end)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
