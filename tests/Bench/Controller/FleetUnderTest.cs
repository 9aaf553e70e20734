using System.Diagnostics;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Testing;

namespace Ops.Bench.Controller;

/// <summary>How a fleet came to rest.</summary>
internal sealed record Convergence(double Seconds, ProcessUsage Usage, double ReconcileP50Ms, double ReconcileP99Ms);

/// <summary>A real control plane with a fake node, the installed manifests, N pools and routes, and the real operator executable.</summary>
internal sealed class FleetUnderTest : IAsyncDisposable
{
    private const string GpuProduct = "NVIDIA-H100-80GB-HBM3";
    private static readonly string OperatorUser = Installation.UserOf("operator");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private readonly int _size;
    private readonly RealControlPlane _plane;
    private readonly FakeNode _node;
    private readonly Kubernetes _client;
    private Installation? _installation;
    private InstalledProcess? _operator;

    private FleetUnderTest(int size, RealControlPlane plane, FakeNode node)
    {
        _size = size;
        _plane = plane;
        _node = node;
        _client = plane.Client();
    }

    /// <summary>Starts the control plane, installs the manifests, and starts the operator with its own account's rights.</summary>
    public static async Task<FleetUnderTest> StartAsync(int size, Action<string> say, CancellationToken cancellation)
    {
        var plane = await RealControlPlane.StartAsync(new ControlPlaneOptions { ControllerManager = true, Scheduler = true, Audit = true }, cancellation);
        var node = await FakeNode.StartAsync(plane, "fake-gpu", GpuProduct, size + 100, cancellation);
        var fleet = new FleetUnderTest(size, plane, node);
        try
        {
            fleet._installation = await Installation.InstallAsync(plane, cancellation);
            await fleet.StartOperatorAsync(cancellation);
            say("control plane, manifests and operator are up");
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates everything and waits until every status is Ready for its generation.</summary>
    public async Task<Convergence> ConvergeAsync(CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellation };
        await Parallel.ForEachAsync(Enumerable.Range(0, _size), parallel, async (i, stop) =>
        {
            await CreateAsync(Pool(i), "modelpools", stop);
            await CreateAsync(Route(i), "modelroutes", stop);
        });
        while (await ReadyAsync<ModelPool>("modelpools", cancellation) < _size || await ReadyAsync<ModelRoute>("modelroutes", cancellation) < _size)
        {
            if (clock.Elapsed > Patience)
                throw new BenchCannotRunException($"{_size} pools and routes did not converge within {Patience.TotalMinutes:0} minutes; the operator's last lines:\n{_operator!.Process.Tail()}");
            await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
        }

        var seconds = clock.Elapsed.TotalSeconds;
        var reconciles = ReconcileHistogram.Parse(await _operator!.MetricsAsync(cancellation));
        return new Convergence(seconds, OperatorUsage(), reconciles.Quantile(0.5) * 1000, reconciles.Quantile(0.99) * 1000);
    }

    /// <summary>Stops the operator, starts another, and waits until it has looked at every object once and has nothing left to do.</summary>
    /// <returns>Seconds from start to rest.</returns>
    public async Task<double> RestartOperatorAsync(CancellationToken cancellation)
    {
        await _operator!.DisposeAsync();
        var clock = Stopwatch.StartNew();
        await StartOperatorAsync(cancellation);
        while (true)
        {
            var metrics = await _operator!.MetricsAsync(cancellation);
            if (ReconcileHistogram.Parse(metrics).Count >= 2 * _size && ReconcileHistogram.QueueDepth(metrics) == 0)
                return clock.Elapsed.TotalSeconds;
            if (clock.Elapsed > Patience)
                return double.NaN;
            await Task.Delay(50, cancellation);
        }
    }

    /// <summary>CPU time and memory of the running operator.</summary>
    public ProcessUsage OperatorUsage() => ProcessUsage.Of(_operator!.Process.Id);

    /// <summary>Writes of the operator's account so far, lease renewals left out.</summary>
    public int OperatorWrites() => OperatorRequests().Count(r => r.IsWrite && r.Resource != "leases");

    /// <summary>Requests of the operator's account so far, by verb.</summary>
    public IEnumerable<(string Verb, int Count)> OperatorRequestsByVerb() =>
        OperatorRequests().GroupBy(r => r.Verb).Select(g => (g.Key, g.Count())).OrderBy(r => r.Key, StringComparer.Ordinal);

    /// <summary>Requests of the operator's account that were refused for want of a permission.</summary>
    public int ForbiddenRequests() => OperatorRequests().Count(r => r.Code == 403);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_operator is { } process)
            await process.DisposeAsync();
        await _node.DisposeAsync();
        _client.Dispose();
        await _plane.DisposeAsync();
        _installation?.Dispose();
    }

    private IEnumerable<AuditedRequest> OperatorRequests() => AuditLog.Read(_plane.AuditFile).Where(r => r.User == OperatorUser);

    private async Task StartOperatorAsync(CancellationToken cancellation) =>
        _operator = await _installation!.StartAsync("Ops.Operator", "operator", ["--namespace", WellKnown.SystemNamespace], cancellation);

    private async Task<int> ReadyAsync<T>(string plural, CancellationToken cancellation)
        where T : class
    {
        using var answer = await _client.CustomObjects.ListNamespacedCustomObjectWithHttpMessagesAsync<ListOf<T>>(
            ApiGroup.Name, ApiGroup.Version, "default", plural, resourceVersion: "0", cancellationToken: cancellation);
        return answer.Body.Items.Count(item => item switch
        {
            ModelPool p => p.Status?.ObservedGeneration == p.Metadata.Generation && IsReady(p.Status?.Conditions),
            ModelRoute r => r.Status?.ObservedGeneration == r.Metadata.Generation && IsReady(r.Status?.Conditions),
            _ => false,
        });
    }

    private static bool IsReady(IReadOnlyList<V1Condition>? conditions) => conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;

    private Task<object> CreateAsync(object body, string plural, CancellationToken cancellation) =>
        _client.CustomObjects.CreateNamespacedCustomObjectAsync(body, ApiGroup.Name, ApiGroup.Version, "default", plural, cancellationToken: cancellation);

    private static ModelPool Pool(int i) => new()
    {
        Metadata = new V1ObjectMeta { Name = $"pool-{i:0000}" },
        Spec = new ModelPoolSpec
        {
            Model = "meta-llama/Llama-3.1-8B-Instruct",
            Engine = new EngineSpec { Type = "simulated" },
            Gpu = new GpuSpec { Product = GpuProduct, Count = 1 },
            Replicas = 1,
        },
    };

    private ModelRoute Route(int i) => new()
    {
        Metadata = new V1ObjectMeta { Name = $"route-{i:0000}" },
        Spec = new ModelRouteSpec
        {
            Variants =
            [
                new VariantSpec { Pool = $"pool-{i:0000}", Quality = new Dictionary<string, double> { ["default"] = 0.6 } },
                new VariantSpec { Pool = $"pool-{(i + 1) % _size:0000}", Quality = new Dictionary<string, double> { ["default"] = 0.8 } },
            ],
        },
    };

    /// <summary>A list as the server sends it.</summary>
    private sealed class ListOf<T>
    {
        public List<T> Items { get; set; } = [];
    }
}
