namespace Ops.Cli.Up;

/// <summary>What the user asked of <c>./ops up</c>.</summary>
internal sealed record UpOptions
{
    /// <summary>Forget the state of earlier runs.</summary>
    public bool Fresh { get; init; }

    /// <summary>Port of the API server on 127.0.0.1; 0 for any free one.</summary>
    public int ApiPort { get; init; }

    /// <summary>Node port of the router instead of the manifest's; null leaves the manifests as they are.</summary>
    public int? RouterPort { get; init; }

    /// <summary>Node port of the dashboard; null takes the first free one from 30081 on.</summary>
    public int? DashboardPort { get; init; }

    /// <summary>Simulated GPU machines with four GPUs each.</summary>
    public int GpuNodes { get; init; }

    /// <summary>The state folder.</summary>
    public required string State { get; init; }

    /// <summary>Whether manifests/samples are applied.</summary>
    public bool Samples { get; init; }

    /// <summary>Whether manifests/samples/shop is applied too.</summary>
    public bool Shop { get; init; }

    /// <summary>When a component that is not ready gets explained.</summary>
    public TimeSpan Patience { get; init; }

    /// <summary>Base address of an OpenAI API for the dashboard's page Ask; null for no such page.</summary>
    public string? LlmEndpoint { get; init; }

    /// <summary>The model's name there.</summary>
    public string? LlmModel { get; init; }

    /// <summary>File that holds its key; null for none.</summary>
    public string? LlmKeyFile { get; init; }
}
