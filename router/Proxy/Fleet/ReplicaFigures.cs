namespace Ops.Router;

/// <summary>What one replica's metrics say, as rates and means over the last seconds.</summary>
internal sealed record ReplicaFigures
{
    public long ObservedAtMs { get; init; }

    public int OwnAtObservation { get; init; }

    public int Running { get; init; }

    public int Waiting { get; init; }

    public int BatchLimit { get; init; }

    public double KvCacheUsage { get; init; }

    public double FinishRate { get; init; }

    public double SecondsPerPromptToken { get; init; }

    public double SecondsPerOutputToken { get; init; }

    public double MeanOutputTokens { get; init; }
}
