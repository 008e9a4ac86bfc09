"""The peer: GradSAE in eager PyTorch, on the same files and token ids.

Usage: peer.py MODEL_DIR SAE_DIR HOOK_LAYER IDS_JSON RUNS
The model is GPT-2 as Hugging Face writes it (Conv1D weights, learned positions, gelu_new). Two ways are timed:

  published  what the authors' program does at one step (Tizzzzy/sae_gradient, experiment1/gradsae.py): model and SAE as they are loaded, so
             parameters track gradients; the hook value is detached, encoded, and replaced by its reconstruction; logits of every position;
             zero_grad; backward of the greedy next token's probability; mean over positions of relu(z * dp/dz); argsort over all latents.
  tuned      the same numbers from a program that a careful user would write: parameters frozen, the part before the latents without
             gradients, logits of the last position only.

Both take the top 10 of the next-token distribution, as a ranking of the workbench holds it.

Prints one JSON object: milliseconds of each run per prompt and way, the target, and the ten best latents with their scores, so that the
two sides can be compared. Nothing is cached between runs.
"""
import json
import math
import struct
import sys
import time

import numpy
import torch


def load(path):
    """name -> float32 tensor over the file's bytes."""
    raw = numpy.memmap(path, dtype=numpy.uint8, mode="r")
    (size,) = struct.unpack("<Q", raw[:8].tobytes())
    header = json.loads(raw[8 : 8 + size].tobytes())
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32", entry
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        tensors[name] = torch.from_numpy(numpy.frombuffer(raw[begin:end].tobytes(), dtype=numpy.float32).copy()).reshape(entry["shape"])
    return tensors


class Model:
    def __init__(self, folder):
        self.weights = load(f"{folder}/model.safetensors")
        config = json.load(open(f"{folder}/config.json"))
        self.layers, self.heads, self.d = config["n_layer"], config["n_head"], config["n_embd"]
        self.eps = config["layer_norm_epsilon"]

    def embed(self, ids):
        return self.weights["wte.weight"][ids] + self.weights["wpe.weight"][: len(ids)]

    def norm(self, name, x):
        return torch.nn.functional.layer_norm(x, (self.d,), self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], self.eps)

    def linear(self, name, x):
        return torch.addmm(self.weights[f"{name}.bias"], x, self.weights[f"{name}.weight"])

    def block(self, layer, x):
        length, head = x.shape[0], self.d // self.heads
        qkv = self.linear(f"h.{layer}.attn.c_attn", self.norm(f"h.{layer}.ln_1", x))
        q, k, v = (part.reshape(length, self.heads, head).transpose(0, 1) for part in qkv.split(self.d, dim=1))
        scores = q @ k.transpose(1, 2) / math.sqrt(head)
        mask = torch.ones(length, length, dtype=torch.bool).tril()
        weights = scores.masked_fill(~mask, float("-inf")).softmax(-1)
        x = x + self.linear(f"h.{layer}.attn.c_proj", (weights @ v).transpose(0, 1).reshape(length, self.d))
        h = self.linear(f"h.{layer}.mlp.c_fc", self.norm(f"h.{layer}.ln_2", x))
        h = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
        return x + self.linear(f"h.{layer}.mlp.c_proj", h)

    def logits(self, x):
        return self.norm("ln_f", x) @ self.weights["wte.weight"].T


def encode(sae, k, x):
    p = (x - sae["b_dec"]) @ sae["W_enc"] + sae["b_enc"]
    values, indices = p.topk(k, dim=-1)
    return torch.zeros_like(p).scatter_(-1, indices, values.relu())


def published(model, sae, k, hook_layer, ids):
    x = model.embed(ids)
    for layer in range(hook_layer):
        x = model.block(layer, x)
    z = encode(sae, k, x.detach())
    z.retain_grad()
    x = z @ sae["W_dec"] + sae["b_dec"]
    for layer in range(hook_layer, model.layers):
        x = model.block(layer, x)
    probabilities = model.logits(x)[-1].softmax(-1)
    target = int(probabilities.argmax())
    for parameter in [*model.weights.values(), *sae.values()]:
        parameter.grad = None
    probabilities[target].backward()
    scores = (z.grad * z).relu().mean(0).detach()
    scores.argsort(descending=True)
    probabilities.detach().topk(10)
    return target, scores


def tuned(model, sae, k, hook_layer, ids):
    with torch.no_grad():
        own = model.embed(ids)
        for layer in range(hook_layer):
            own = model.block(layer, own)
        z = encode(sae, k, own)
    z.requires_grad_(True)
    x = z @ sae["W_dec"] + sae["b_dec"]
    for layer in range(hook_layer, model.layers):
        x = model.block(layer, x)
    probabilities = model.logits(x[-1:])[0].softmax(-1)
    target = int(probabilities.argmax())
    probabilities[target].backward()
    probabilities.detach().topk(10)
    return target, (z * z.grad).relu().mean(0).detach()


def measure(way, model, sae, k, hook_layer, prompts, runs):
    results = []
    for ids in prompts:
        ids = torch.tensor(ids)
        times = []
        for run in range(runs + 1):
            begin = time.perf_counter()
            target, scores = way(model, sae, k, hook_layer, ids)
            if run > 0:
                times.append((time.perf_counter() - begin) * 1000)
        top = scores.topk(10)
        latents = [{"latent": int(latent), "score": float(score)} for score, latent in zip(top.values, top.indices)]
        results.append({"tokens": len(ids), "milliseconds": times, "target": target, "latents": latents})
    return results


def main():
    model_folder, sae_folder, hook_layer, prompts, runs = sys.argv[1:6]
    model = Model(model_folder)
    sae = load(f"{sae_folder}/sae_weights.safetensors")
    k = json.load(open(f"{sae_folder}/cfg.json"))["k"]
    job = (model, sae, k, int(hook_layer), json.loads(prompts), int(runs))
    result = {"torch": torch.__version__, "threads": torch.get_num_threads(), "tuned": measure(tuned, *job)}
    for parameter in [*model.weights.values(), *sae.values()]:
        parameter.requires_grad_(True)
    result["published"] = measure(published, *job)
    print(json.dumps(result))


main()
