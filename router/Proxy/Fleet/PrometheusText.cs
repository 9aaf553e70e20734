using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using Ops.Picking;

namespace Ops.Router;

/// <summary>
/// Reads the few series that the router needs out of the Prometheus text format, without building anything:
/// vllm:num_requests_running{engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"} 3.0
/// </summary>
internal static class PrometheusText
{
    internal static EngineSample Parse(ReadOnlySpan<byte> text)
    {
        var sample = default(EngineSample);
        while (!text.IsEmpty)
        {
            var end = text.IndexOf((byte)'\n');
            var line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (line.StartsWith("vllm:"u8) || line.StartsWith("ops_gpu_"u8) || line.StartsWith("llamacpp:"u8))
                TakeLine(line, ref sample);
        }

        return sample;
    }

    private static void TakeLine(ReadOnlySpan<byte> line, ref EngineSample sample)
    {
        var nameEnd = line.IndexOfAny((byte)'{', (byte)' ');
        if (nameEnd < 0)
            return;
        var name = line[..nameEnd];
        var rest = line[nameEnd..];
        var labels = ReadOnlySpan<byte>.Empty;
        if (rest[0] == (byte)'{')
        {
            var labelsEnd = EndOfLabels(rest);
            if (labelsEnd < 0)
                return;
            labels = rest[1..(labelsEnd - 1)];
            rest = rest[labelsEnd..];
        }

        // No engine has fewer than none of anything: a negative figure is as wrong as one that is no number.
        if (!Utf8Parser.TryParse(rest.TrimStart((byte)' '), out double value, out _) || !double.IsFinite(value) || value < 0)
            return;
        if (name.SequenceEqual("vllm:lora_requests_info"u8))
            TakeAdapters(labels, value, ref sample);
        else if (name.SequenceEqual("vllm:cache_config_info"u8))
            TakeCache(labels, ref sample);
        else
            Take(name, value, ref sample);
    }

    // lora_requests_info{max_lora="4",running_lora_adapters="sql,chat",waiting_lora_adapters=""} 1.7e+09
    // The value is the time of the state: vLLM leaves older label sets in place.
    private static void TakeAdapters(ReadOnlySpan<byte> labels, double at, ref EngineSample sample)
    {
        if (sample.Adapters is { } known && known.At >= at)
            return;
        if (PrometheusLabels.TryNumber(labels, "max_lora"u8, out var room) && room is >= 0 and <= int.MaxValue
            && PrometheusLabels.TryLabel(labels, "running_lora_adapters"u8, out var running)
            && PrometheusLabels.TryLabel(labels, "waiting_lora_adapters"u8, out var waiting))
            sample.Adapters = new LoraAdapters(at, (int)room, Names(running), Names(waiting));
    }

    private static ImmutableArray<string> Names(ReadOnlySpan<byte> list) =>
        [.. Encoding.UTF8.GetString(list).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    // cache_config_info{block_size="16",enable_prefix_caching="True",num_gpu_blocks="27457",...} 1.0
    private static void TakeCache(ReadOnlySpan<byte> labels, ref EngineSample sample)
    {
        if (PrometheusLabels.TryLabel(labels, "enable_prefix_caching"u8, out var keeps) && keeps.SequenceEqual("False"u8))
            sample.ForgetsPrompts = true;
        if (PrometheusLabels.TryNumber(labels, "block_size"u8, out var size) && PrometheusLabels.TryNumber(labels, "num_gpu_blocks"u8, out var blocks))
            sample.KvCacheTokens = Math.Max(sample.KvCacheTokens, size * blocks);
    }

    // Label values may hold braces and escaped quotes: {path="a}b\"c"}
    private static int EndOfLabels(ReadOnlySpan<byte> text)
    {
        var quoted = false;
        for (var i = 1; i < text.Length; i++)
        {
            if (quoted && text[i] == (byte)'\\')
                i++;
            else if (text[i] == (byte)'"')
                quoted = !quoted;
            else if (!quoted && text[i] == (byte)'}')
                return i + 1;
        }

        return -1;
    }

    private static void Take(ReadOnlySpan<byte> name, double value, ref EngineSample sample)
    {
        sample.Series++;
        if (name.SequenceEqual("vllm:num_requests_running"u8) || name.SequenceEqual("llamacpp:requests_processing"u8))
            sample.Running += value;
        else if (name.SequenceEqual("vllm:num_requests_waiting"u8) || name.SequenceEqual("llamacpp:requests_deferred"u8))
            sample.Waiting += value;
        else if (name.SequenceEqual("vllm:kv_cache_usage_perc"u8) || name.SequenceEqual("vllm:gpu_cache_usage_perc"u8) || name.SequenceEqual("llamacpp:kv_cache_usage_ratio"u8))
            sample.KvCacheUsage = Math.Max(sample.KvCacheUsage, value);
        else if (name.SequenceEqual("vllm:prompt_tokens_total"u8) || name.SequenceEqual("llamacpp:prompt_tokens_total"u8))
            sample.PromptTokens += value;
        else if (name.SequenceEqual("vllm:generation_tokens_total"u8) || name.SequenceEqual("llamacpp:tokens_predicted_total"u8))
            TakeGenerated(name, value, ref sample);
        else if (name.SequenceEqual("vllm:request_success_total"u8))
            sample.FinishedRequests += value;
        else if (name.SequenceEqual("vllm:request_prefill_time_seconds_sum"u8) || name.SequenceEqual("llamacpp:prompt_seconds_total"u8))
            sample.PrefillSeconds += value;
        else if (name.SequenceEqual("vllm:request_prefill_time_seconds_count"u8))
            sample.PrefillCount += value;
        else if (name.SequenceEqual("vllm:time_to_first_token_seconds_sum"u8))
            sample.FirstTokenSeconds += value;
        else if (name.SequenceEqual("vllm:time_to_first_token_seconds_count"u8))
            sample.FirstTokenCount += value;
        else if (name.SequenceEqual("vllm:inter_token_latency_seconds_sum"u8) || name.SequenceEqual("llamacpp:tokens_predicted_seconds_total"u8))
            sample.InterTokenSeconds += value;
        else if (name.SequenceEqual("vllm:inter_token_latency_seconds_count"u8))
            sample.InterTokenCount += value;
        else if (name.SequenceEqual("ops_gpu_energy_joules_total"u8))
            sample.EnergyJoules += value;
        else
            sample.Series--;
    }

    // llama.cpp has no histogram of the gaps between tokens; its decode seconds go with its generated tokens.
    private static void TakeGenerated(ReadOnlySpan<byte> name, double value, ref EngineSample sample)
    {
        sample.GeneratedTokens += value;
        if (name.StartsWith("llamacpp:"u8))
            sample.InterTokenCount += value;
    }
}
