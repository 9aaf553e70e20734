using System.Runtime.InteropServices;

namespace Ops.Router;

/// <summary>The counters and gauges of one scrape of an engine, summed over its label sets.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct EngineSample
{
    public double Running;
    public double Waiting;
    public double KvCacheUsage;
    public double PromptTokens;
    public double GeneratedTokens;
    public double FinishedRequests;
    public double PrefillSeconds;
    public double PrefillCount;
    public double FirstTokenSeconds;
    public double FirstTokenCount;
    public double InterTokenSeconds;
    public double InterTokenCount;
    public double EnergyJoules;

    /// <summary>How many known series the text had; 0 means that it was no engine's.</summary>
    public int Series;

    /// <summary>Whether a counter stands lower than before, so that this engine began after that sample.</summary>
    public readonly bool BeganAfter(in EngineSample before) =>
        PromptTokens < before.PromptTokens || GeneratedTokens < before.GeneratedTokens || FinishedRequests < before.FinishedRequests;
}
