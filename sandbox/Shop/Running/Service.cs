using Ops.Sandbox.ShopPlan;
using Ops.Sandbox.Shop.Telemetry;

namespace Ops.Sandbox.Shop.Running;

/// <summary>One running service: carries out the steps of its plan with the resources that it has.</summary>
internal sealed class Service : IDisposable
{
    private readonly ServicePlan plan;
    private readonly TimeProvider time;

    public Service(ServicePlan plan, ShopOptions options, ShopMetrics metrics, TimeProvider time)
    {
        (this.plan, this.time) = (plan, time);
        Workers = new Workers(plan.Workers, plan.MaxWaiting);
        Lock = new Exclusive(metrics.LockWait, time);
        Cache = new ExpiringCache(metrics.CacheHits, metrics.CacheMisses, new Random(options.Seed), time);
        Disk = new DiskLog(options.Data, metrics.DiskSeconds, metrics.DiskWrites, metrics.DiskBytes, time);
        Callees = plan.Callees.ToDictionary(
            name => name, name => new Callee(name, options.AddressOf(name), plan.Name, plan.Connections, new CallPolicy(Attempts: 2, options.CallLimit), metrics.EdgeTo(name), time));
        metrics.Watch(this);
    }

    public string Name => plan.Name;

    public ServicePlan Plan => plan;

    public Core Core { get; } = new();

    public Workers Workers { get; }

    public Exclusive Lock { get; }

    public ExpiringCache Cache { get; }

    public DiskLog Disk { get; }

    public Ballast Ballast { get; } = new();

    public IReadOnlyDictionary<string, Callee> Callees { get; }

    /// <summary>A wait that is added to each request.</summary>
    public TimeSpan ExtraWait { get; set; }

    /// <summary>An operation by its name; null where there is none.</summary>
    public Operation? Find(string operation) => plan.Operations.FirstOrDefault(candidate => candidate.Name == operation);

    /// <summary>Carries out one operation when a worker is free.</summary>
    /// <returns>False when too many requests wait.</returns>
    /// <exception cref="CallFailedException">A service that it needs gave no good answer.</exception>
    public Task<bool> TryRunAsync(Operation operation) => Workers.TryRunAsync(async () =>
    {
        if (ExtraWait is { Ticks: > 0 } wait)
            await Task.Delay(wait, time);
        if (Ballast.Any)
            await Core.RunAsync(() => Ballast.Search());
        await RunAsync(operation.Name, operation.Steps);
    });

    private async Task RunAsync(string operation, IReadOnlyList<Step> steps)
    {
        foreach (var step in steps)
            await RunAsync(operation, step);
    }

    private Task RunAsync(string operation, Step step) => step switch
    {
        Compute compute => Core.ComputeAsync(compute.Microseconds),
        Call call => CallAsync(call),
        Together together => Task.WhenAll(together.Calls.Select(CallAsync)),
        Cached cached => Cache.TryUse(operation, cached.Keys) ? Task.CompletedTask : RunAsync(operation, cached.Otherwise),
        Write write => Disk.WriteAsync(write.Bytes),
        Locked locked => Lock.HoldAsync(() => RunAsync(operation, locked.Inside)),
        Await wait => Task.Delay(TimeSpan.FromMilliseconds(wait.Milliseconds), time),
        _ => throw new InvalidOperationException($"No way to do {step}."),
    };

    private Task CallAsync(Call call) => Callees[call.Service].CallAsync(call.Operation);

    public void Dispose()
    {
        foreach (var callee in Callees.Values)
            callee.Dispose();
        Workers.Dispose();
        Core.Dispose();
        Lock.Dispose();
        Disk.Dispose();
    }
}
