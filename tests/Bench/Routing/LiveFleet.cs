using System.Collections.Immutable;
using System.Net;
using Ops.Api;
using Ops.Learning;
using Ops.Picking;
using Ops.Profiles;
using Ops.Testing;

namespace Ops.Bench.Routing;

/// <summary>A model of a live fleet.</summary>
/// <param name="Pool">Name of its pool.</param>
/// <param name="Model">The model.</param>
/// <param name="Gpus">GPUs of an engine.</param>
/// <param name="Quality">Declared quality.</param>
internal sealed record LiveModel(string Pool, string Model, int Gpus, double Quality)
{
    /// <summary>Percent of the memory where it shares the GPUs of the setting's last model; null where it has GPUs of its own.</summary>
    internal int? MemoryPercent { get; init; }

    internal ServingProfile Profile => ServingProfiles.Get(Model, GpuProduct.H100.Name, Gpus);
}

/// <summary>What runs live and in simulation.</summary>
/// <param name="Key">Prefix of its figures.</param>
/// <param name="Speedup">How many times as fast as recorded the trace comes.</param>
/// <param name="Models">One replica of each; the last hosts those that share GPUs.</param>
internal sealed record LiveSetting(string Key, double Speedup, ImmutableArray<LiveModel> Models)
{
    /// <summary>Prefix of the simulation's own figures.</summary>
    internal string SimulatedKey => Key.Replace("live", "simulated", StringComparison.Ordinal);

    internal LiveModel Host => Models[^1];

    /// <summary>The guests, each with an engine on every so many of the host's GPUs.</summary>
    internal IEnumerable<LiveModel> Guests => Models.Where(model => model.MemoryPercent is not null);

    /// <summary>Share of the memory that guests leave the host.</summary>
    internal double HostShare => ServingProfile.DefaultMemoryShare - (Guests.Sum(guest => guest.MemoryPercent!.Value) / 100.0);

    internal SimulatedFleet Simulated()
    {
        var (pools, gpu) = (ImmutableArray.CreateBuilder<SimulatedPool>(), 0);
        foreach (var model in Models.Where(model => model.MemoryPercent is null))
        {
            pools.Add(Pool(model, SimulatedPool.Apart(1, model.Gpus, gpu), model == Host && Guests.Any() ? HostShare : null));
            gpu += model.Gpus;
        }

        foreach (var guest in Guests)
            pools.Add(Pool(guest, SimulatedPool.Apart(Host.Gpus / guest.Gpus, guest.Gpus, gpu - Host.Gpus), guest.MemoryPercent / 100.0));
        return new SimulatedFleet([.. Models.Select(model => pools.Single(pool => pool.Name == model.Pool))], [RouteSnapshot.DefaultTask]);
    }

    private static SimulatedPool Pool(LiveModel model, ImmutableArray<ImmutableArray<int>> placement, double? share) => new()
    {
        Name = model.Pool, Profile = model.Profile, Quality = [model.Quality], Placement = placement, CacheTokens = share is { } some ? model.Profile.KvTokens(some) : null,
    };
}

/// <summary>Router and model servers as processes.</summary>
internal sealed class LiveFleet : IAsyncDisposable
{
    private readonly List<ChildProcess> _servers = [];

    private LiveFleet(RouterFleet router) => Router = router;

    internal RouterFleet Router { get; }

    internal static async Task<LiveFleet> StartAsync(string folder, LiveSetting setting, IReadOnlyList<(string Name, PolicySpec Spec)> policies, CancellationToken cancellation)
    {
        var fleet = new LiveFleet(await RouterFleet.StartAsync(Directory.CreateDirectory(Path.Combine(folder, "router")).FullName, cancellation));
        try
        {
            foreach (var model in setting.Models.Where(model => model.MemoryPercent is null))
                fleet.Serve(folder, model, model == setting.Host ? setting : null);
            foreach (var (name, policy) in policies)
                fleet.Router.CreateRoute(name, new ModelRouteSpec { Policy = policy, Variants = [.. setting.Models.Select(model => new VariantSpec { Pool = model.Pool, Quality = new Dictionary<string, double> { ["default"] = model.Quality } })] });
            await fleet.Router.StartRouterAsync(new Dictionary<string, string?>(), cancellation);
            await fleet.MeteredAsync(setting, cancellation);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Router.DisposeAsync();
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    // Joules count from the router's first reading of a pool on, so that has to be before the first request.
    private async Task MeteredAsync(LiveSetting setting, CancellationToken cancellation)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{Router.Address}") };
        string[] series = [.. setting.Models.Where(model => model.MemoryPercent is null).Select(model => $"ops_router_pool_energy_joules_total{{namespace=\"default\",pool=\"{model.Pool}\"}}")];
        while (!Array.TrueForAll(series, (await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellation)).Contains))
            await Task.Delay(50, cancellation);
    }

    private void Serve(string folder, LiveModel model, LiveSetting? hosts)
    {
        var address = new IPEndPoint(IPAddress.Loopback, FreePort.Any());
        List<string> args = ["--model", model.Model, "--urls", $"http://{address}", "--tensor-parallel-size", $"{model.Gpus}", "--load-seconds", "0"];
        Router.CreatePool(model.Pool, model.Model, model.Gpus, address);
        if (hosts?.Guests.Any() == true)
            args.AddRange(["--gpu-memory-utilization", FormattableString.Invariant($"{hosts.HostShare:0.00}"), "--co-resident"]);
        foreach (var guest in hosts?.Guests ?? [])
        {
            var ports = Enumerable.Range(0, model.Gpus / guest.Gpus).Select(_ => FreePort.Any()).ToArray();
            args.AddRange(ports.Select((port, engine) => FormattableString.Invariant($"--model {guest.Model} --urls http://{IPAddress.Loopback}:{port} --tensor-parallel-size {guest.Gpus} --load-seconds 0 --first-gpu {engine * guest.Gpus} --gpu-memory-utilization {guest.MemoryPercent / 100.0:0.00}")));
            Router.CreateGuest(guest.Pool, guest.Model, guest.Gpus, new CoResidentSpec { Host = model.Pool, MemoryPercent = guest.MemoryPercent!.Value }, address, ports);
        }

        _servers.Add(ChildProcess.Start(Repository.Executable("Ops.Sandbox.ModelServer"), args, Path.Combine(folder, $"{model.Pool}.log")));
    }
}
