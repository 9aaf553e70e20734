using System.Collections.Immutable;
using System.Diagnostics;
using Ops.StoreScenario;
using Ops.Testing;

namespace Ops.Bench.Store;

/// <summary>The peer: the same engine with the same settings, formed and scaled by its own redis-cli, and run by nobody.</summary>
internal sealed class NativeStore : IAsyncDisposable
{
    private readonly RedisNodes _nodes;
    private readonly string _cli;

    private NativeStore(RedisNodes nodes, string cli, int shards)
    {
        (_nodes, _cli) = (nodes, cli);
        Site = new StoreSite("the engine alone", shards, () => _nodes.Members, () => null);
    }

    /// <summary>The store as the bench sees it.</summary>
    internal StoreSite Site { get; }

    /// <summary>Starts the nodes and lets redis-cli form a cluster of them.</summary>
    internal static async Task<NativeStore> StartAsync(string server, string cli, int shards, int replicas, CancellationToken cancellation)
    {
        var nodes = RedisNodes.Redis(server, "--min-replicas-to-write", $"{Math.Min(replicas, 1)}", "--min-replicas-max-lag", "10");
        var store = new NativeStore(nodes, cli, shards);
        try
        {
            for (var member = 0; member < shards * (replicas + 1); member++)
                await nodes.StartAsync($"n{member:00}", cancellation);
            await store.CliAsync(["--cluster", "create", .. nodes.Members.Values.Select(address => $"{address}"), "--cluster-replicas", $"{replicas}", "--cluster-yes"], cancellation);
            await store.Site.WholeAsync(cancellation);
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds an empty primary.</summary>
    internal async Task AddAsync(CancellationToken cancellation)
    {
        var first = _nodes.Members.Values.First();
        var member = $"n{_nodes.Members.Count:00}";
        await _nodes.StartAsync(member, cancellation);
        await CliAsync(["--cluster", "add-node", $"{_nodes.Members[member]}", $"{first}"], cancellation);
        Site.Shards++;
        await Site.WholeAsync(cancellation);
    }

    /// <summary>Lets redis-cli spread the slots over all primaries but those that get the weight 0.</summary>
    /// <param name="keep">Primaries that shall have slots, from the first.</param>
    /// <param name="within">When it is stopped, as a person would with Ctrl-C.</param>
    /// <param name="cancellation">Ends it at once.</param>
    internal async Task RebalanceAsync(int keep, TimeSpan within, CancellationToken cancellation)
    {
        var view = await Site.ObserveAsync(cancellation);
        string[] weights = [.. view.Nodes.Values.Where(node => node.IsPrimary).OrderBy(node => node.Member, StringComparer.Ordinal).Skip(keep).Select(node => $"{node.Id}=0")];
        string[] leaving = weights.Length == 0 ? [] : ["--cluster-weight", .. weights];
        // A pipeline of 100 keys is what our own mover uses.
        await CliAsync(["--cluster", "rebalance", $"{_nodes.Members.Values.First()}", "--cluster-use-empty-masters", "--cluster-threshold", "1", "--cluster-pipeline", "100", .. leaving], cancellation, within);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Site.DisposeAsync();
        await _nodes.DisposeAsync();
    }

    private async Task CliAsync(string[] arguments, CancellationToken cancellation, TimeSpan? within = null)
    {
        var start = new ProcessStartInfo(_cli, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new BenchCannotRunException($"{_cli} could not be started");
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(within ?? TimeSpan.FromMinutes(2));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            if (within is not null && !cancellation.IsCancellationRequested)
                return;
            throw;
        }

        if (process.ExitCode != 0)
            throw new BenchCannotRunException($"redis-cli {string.Join(' ', arguments.Take(2))} failed: {await output} {await errors}");
    }
}
