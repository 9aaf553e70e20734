using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ops.Load;
using Ops.Traces;

namespace Ops.Cli.Load;

/// <summary>The report of a replay for programs: <c>{"name", "machine", "figures": {key: number}}</c>, times in seconds.</summary>
internal static class LoadJson
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static async Task WriteAsync(Stream output, LoadReport report, CancellationToken cancellation)
    {
        await JsonSerializer.SerializeAsync(output, ToJson(report), Indented, cancellation);
        await output.WriteAsync("\n"u8.ToArray(), cancellation);
    }

    /// <summary>The report as JSON. A figure that could not be measured is absent.</summary>
    internal static JsonObject ToJson(LoadReport report)
    {
        var figures = new JsonObject
        {
            ["sent"] = report.Sent,
            ["answered"] = report.Answered,
            ["rejected"] = report.Rejected,
            ["failed"] = report.Failed,
            ["abandoned"] = report.Abandoned,
            ["dropped"] = report.Dropped,
            ["elapsed_s"] = report.Elapsed.TotalSeconds,
            ["good"] = report.Good,
            ["goodput_per_s"] = report.GoodputPerSecond,
            ["prompt_tokens"] = report.PromptTokens,
            ["completion_tokens"] = report.CompletionTokens,
        };
        Add("ttft", report.TimeToFirstToken);
        Add("tpot", report.TimePerOutputToken);
        Add("end_to_end", report.EndToEnd);
        Add("generator_lag", report.GeneratorLag);
        foreach (var variant in report.Variants)
            figures[$"share_{variant.Variant}"] = variant.Share;
        if (report.Joules is { } joules)
            figures["joules"] = joules;
        if (report.JoulesPerRequest is { } perRequest)
            figures["joules_per_request"] = perRequest;
        return new JsonObject
        {
            ["name"] = $"load {report.Trace}",
            ["machine"] = $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}",
            ["figures"] = figures,
        };

        void Add(string name, Percentiles times)
        {
            if (times.Count == 0)
                return;
            figures[$"{name}_p50_s"] = times.P50;
            figures[$"{name}_p95_s"] = times.P95;
            figures[$"{name}_p99_s"] = times.P99;
            figures[$"{name}_max_s"] = times.Max;
        }
    }
}
