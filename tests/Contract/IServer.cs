namespace Ops.Contract.Tests;

/// <summary>A running cluster to put the checks to.</summary>
public interface IServer
{
    /// <summary>Starts it once; later calls return at once. Throws xunit's skip where it cannot be had here.</summary>
    Task StartAsync();

    /// <summary>Base address for raw HTTP.</summary>
    Uri Url { get; }

    /// <summary>Bearer token of group system:masters.</summary>
    string AdminToken { get; }

    /// <summary>Kubeconfig text for a token.</summary>
    string KubeconfigFor(string token);

    /// <summary>A token of an existing service account.</summary>
    Task<string> ServiceAccountTokenAsync(string ns, string name);

    /// <summary>Makes old resourceVersions unknown, where the server can be told to.</summary>
    bool TryCompact();

    /// <summary>True where containers really run, so that logs and exec answer.</summary>
    bool RunsContainers { get; }

    /// <summary>Minor version; checks of newer features are skipped on older servers.</summary>
    int Minor { get; }
}
