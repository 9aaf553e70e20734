#!/usr/bin/env python3
"""What one GPU takes and draws to serve a dense model, with random weights of the model's shape: the figures that
router/Profiles fits or assumes. Settings of the GPU are left as they are.

    python3 serving.py [--seconds 2] [--agent http://127.0.0.1:8083/metrics] > h100.csv

Needs PyTorch and nvidia-ml-py. A row is a phase: what ran, tokens or GB a second, milliseconds a step, watts and joules by
NVML's energy counter; with --agent also the joules that a PowerAgent on this node told over the same phase.
"""
import argparse, csv, gc, re, sys, time, urllib.request
import pynvml, torch
import torch.nn.functional as F

SHAPES = {  # hidden, layers, heads, key-value heads, head size, feed-forward, vocabulary
    "Llama-3.1-8B": (4096, 32, 32, 8, 128, 14336, 128256),
    "Qwen3-14B": (5120, 40, 40, 8, 128, 17408, 151936),
    "Qwen3-32B": (5120, 64, 64, 8, 128, 25600, 151936),
}
CONTEXT = 700  # tokens in the cache of each sequence: the middle of an answer of the chat rows

options = argparse.ArgumentParser()
options.add_argument("--seconds", type=float, default=2)
options.add_argument("--agent")
options.add_argument("--models", default=",".join(SHAPES))
options = options.parse_args()
pynvml.nvmlInit()
gpu = pynvml.nvmlDeviceGetHandleByIndex(0)
rows = csv.writer(sys.stdout, lineterminator="\n")


def agent_joules():
    if not options.agent:
        return float("nan")
    page = urllib.request.urlopen(options.agent, timeout=5).read().decode()
    return float(re.search(r"^ops_gpu_energy_joules_total\{[^}]*\} (\S+)", page, re.M).group(1))


def phase(model, name, batch, prompt, per_step, unit, step, seconds=None):
    """Runs step for some seconds and writes its row. The counter is read where nothing is queued any more."""
    seconds = seconds or options.seconds
    if step:
        for _ in range(3):
            step()
        torch.cuda.synchronize()
    # The agent reads every half second: it has to see what was before, and what was in the end.
    time.sleep(0.8 if options.agent else 0)
    told, joules, began, steps = agent_joules(), pynvml.nvmlDeviceGetTotalEnergyConsumption(gpu), time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        if step:
            step()
            torch.cuda.synchronize()
            steps += 1
        else:
            time.sleep(0.05)
    took = time.perf_counter() - began
    joules = (pynvml.nvmlDeviceGetTotalEnergyConsumption(gpu) - joules) / 1000
    clock = pynvml.nvmlDeviceGetClockInfo(gpu, pynvml.NVML_CLOCK_SM)
    time.sleep(0.8 if options.agent else 0)
    told = agent_joules() - told
    ms = took / steps * 1000 if steps else ""
    rate = per_step * steps / took if steps else ""
    rows.writerow([model, name, batch, prompt, steps, f"{ms:.4g}" if steps else "", f"{rate:.6g}" if steps else "", unit, f"{joules / took:.1f}",
                   f"{joules / (per_step * steps):.4g}" if steps else "", clock, f"{joules:.0f}", f"{told:.0f}"])
    sys.stdout.flush()


def fused(function):
    """Compiled where that works, since engines fuse these too."""
    compiled = torch.compile(function, dynamic=True)
    broken = []

    def call(*arguments):
        if not broken:
            try:
                return compiled(*arguments)
            except Exception as error:
                broken.append(error)
                print(f"not compiled: {function.__name__}: {error}", file=sys.stderr)
        return function(*arguments)
    return call


@fused
def gated(pair):
    gate, up = pair.chunk(2, -1)
    return F.silu(gate) * up


@fused
def add_norm(x, more, weight):
    x = x + more
    wide = x.float()
    return x, (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).to(x.dtype) * weight


@fused
def rotate(x, cos, sin):
    left, right = x.chunk(2, -1)
    return torch.cat([left * cos - right * sin, right * cos + left * sin], -1)


class Model:
    def __init__(self, shape):
        self.hidden, self.layers, self.heads, self.kv, self.size, self.wide, self.vocabulary = shape
        new = lambda *size: torch.empty(size, device="cuda", dtype=torch.bfloat16).normal_(0, 0.02)
        qkv = (self.heads + 2 * self.kv) * self.size
        self.weights = [(new(qkv, self.hidden), new(self.hidden, self.heads * self.size), new(2 * self.wide, self.hidden), new(self.hidden, self.wide)) for _ in range(self.layers)]
        self.norm = torch.ones(self.hidden, device="cuda", dtype=torch.bfloat16)
        self.table, self.head = new(self.vocabulary, self.hidden), new(self.vocabulary, self.hidden)
        angle = torch.arange(16384, device="cuda")[:, None] / 500000 ** (torch.arange(0, self.size, 2, device="cuda") / self.size)
        self.cos, self.sin = angle.cos().bfloat16(), angle.sin().bfloat16()

    def cache(self, batch):
        return [torch.empty(2, batch, self.kv, CONTEXT + 4, self.size, device="cuda", dtype=torch.bfloat16).normal_() for _ in range(self.layers)]

    def step(self, decoding, cache, prompt):
        """One pass over the new tokens of `decoding` sequences and one prompt of `prompt` tokens, as chunked prefill batches them."""
        x = self.table[self.tokens[: decoding + prompt]]
        more = torch.zeros_like(x)
        for layer, (qkv, out, up, down) in enumerate(self.weights):
            x, y = add_norm(x, more, self.norm)
            q, k, v = F.linear(y, qkv).view(-1, self.heads + 2 * self.kv, self.size).split([self.heads, self.kv, self.kv], 1)
            place = self.places[: decoding + prompt]
            q, k = rotate(q, self.cos[place, None], self.sin[place, None]), rotate(k, self.cos[place, None], self.sin[place, None])
            seen = []
            if decoding:
                past = cache[layer]
                past[0][:, :, CONTEXT], past[1][:, :, CONTEXT] = k[:decoding], v[:decoding]
                # The queries of a key-value head as a row of queries: with one new token there is nothing to mask.
                grouped = q[:decoding].reshape(decoding, self.kv, self.heads // self.kv, self.size)
                seen.append(F.scaled_dot_product_attention(grouped, past[0][:, :, : CONTEXT + 1], past[1][:, :, : CONTEXT + 1]).reshape(decoding, -1))
            if prompt:
                q, k, v = (part[decoding:].transpose(0, 1)[None] for part in (q, k, v))
                seen.append(F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)[0].transpose(0, 1).reshape(prompt, -1))
            x, y = add_norm(x, F.linear(torch.cat(seen), out), self.norm)
            more = F.linear(gated(F.linear(y, up)), down)
        last = add_norm(x, more, self.norm)[1]
        return F.linear(last[: decoding + 1] if prompt else last, self.head).argmax(-1)

    def graph(self, decoding, prompt):
        """The step as one CUDA graph, so that the processor does not matter."""
        cache = self.cache(decoding) if decoding else None
        self.tokens = torch.randint(0, self.vocabulary, (decoding + prompt,), device="cuda")
        self.places = torch.cat([torch.full((decoding,), CONTEXT, device="cuda"), torch.arange(prompt, device="cuda")])
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(2):
                self.step(decoding, cache, prompt)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.step(decoding, cache, prompt)
        return graph


@torch.inference_mode()
def main():
    print(f"{pynvml.nvmlDeviceGetName(gpu)}, driver {pynvml.nvmlSystemGetDriverVersion()}, PyTorch {torch.__version__}, limit {pynvml.nvmlDeviceGetPowerManagementLimit(gpu) / 1000:.0f} W", file=sys.stderr)
    rows.writerow("model,phase,batch,prompt_tokens,steps,step_ms,rate_per_second,unit,watts,joules_per_unit,sm_clock_mhz,joules,agent_joules".split(","))
    phase("", "no process on the GPU", "", "", 0, "", None, 6)
    torch.zeros(1, device="cuda")
    time.sleep(3)
    phase("", "context, nothing loaded", "", "", 0, "", None, 6)
    host, there = torch.empty(4 << 30, dtype=torch.uint8, pin_memory=True), torch.empty(4 << 30, dtype=torch.uint8, device="cuda")
    phase("", "weights from pinned host memory", "", "", 4.294967296, "GB", lambda: there.copy_(host, non_blocking=True), 2)
    del host, there
    for name in options.models.split(","):
        gc.collect()
        torch.cuda.empty_cache()
        model = Model(SHAPES[name])
        torch.cuda.synchronize()
        time.sleep(3)
        phase(name, "idle with the model loaded", "", "", 0, "", None, 6)
        for kind, batch, prompt in [("decode", b, 0) for b in (8, 16, 32, 64, 128, 192)] + [("prefill", 0, p) for p in (512, 2048, 8192)] + [("both", 64, 512), ("both", 64, 2048)]:
            try:
                graph = model.graph(batch, prompt)
                phase(name, kind, batch, prompt, batch + prompt if kind == "both" else batch or prompt, "token", graph.replay)
            except torch.OutOfMemoryError:
                print(f"{name}, {kind}, {batch}, {prompt}: does not fit", file=sys.stderr)
            graph = None
            gc.collect()
            torch.cuda.empty_cache()
        phase(name, "idle after load", "", "", 0, "", None, 6)
        model = None


main()
