using System.Collections.Concurrent;
using System.Collections.Immutable;
using k8s.Models;
using Ops.Api;
using Ops.Kube;
using Ops.Operator.Fleet;
using Ops.Operator.Scraping;
using Ops.Planning.Pools;

namespace Ops.Operator.Energy;

/// <summary>
/// Carries out how many replicas of a pool are awake (status.plan.awake): looks at its engines after each plan, has the pool's
/// status name those that routers are to leave alone, and puts engines to sleep and wakes them. All choices are
/// <see cref="SleepPlanner"/>'s.
/// </summary>
internal sealed partial class SleepKeeper(FleetCaches caches, FleetPlans plans, MetricsReader metrics, EngineSleep engines, TimeProvider time, ILogger<SleepKeeper> logger) : IDisposable
{
    // As many as the scrapes have; two short requests an engine and round.
    private const int Parallel = 16;

    private readonly SemaphoreSlim due = new(0, 1);
    private readonly ConcurrentDictionary<Uri, Task> commands = [];
    private volatile ImmutableDictionary<ObjectKey, Round> rounds = ImmutableDictionary<ObjectKey, Round>.Empty;

    /// <summary>Raised for each pool whose status would name other engines.</summary>
    public event Action<ObjectKey>? PoolMoved;

    /// <summary>Engines of a pool that routers are to leave alone; null before the first look.</summary>
    public IReadOnlyList<string>? SleepingOf(ObjectKey pool) => rounds.GetValueOrDefault(pool)?.Plan.Sleeping;

    /// <summary>Engines of a pool that said that they sleep.</summary>
    public int AsleepOf(ObjectKey pool) => rounds.GetValueOrDefault(pool)?.Asleep ?? 0;

    /// <summary>Asks for another round: there is a new plan.</summary>
    public void Look()
    {
        try
        {
            due.Release();
        }
        catch (SemaphoreFullException)
        {
            // One is due already.
        }
    }

    public void Dispose() => due.Dispose();

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await due.WaitAsync(cancellationToken);
            foreach (var done in commands.Where(command => command.Value.IsCompleted).ToList())
                commands.TryRemove(done);
            await RoundAsync(cancellationToken);
        }
    }

    /// <summary>One round over all pools.</summary>
    internal async Task RoundAsync(CancellationToken cancellationToken)
    {
        var next = ImmutableDictionary.CreateBuilder<ObjectKey, Round>();
        foreach (var pool in caches.Pools.List().Where(pool => pool.Metadata.DeletionTimestamp is null && !pool.Spec.Suspend && pool.Spec.EffectiveScaling.Sleeps))
        {
            var key = ObjectKey.Of(pool);
            if (plans.OfPool(key)?.Plan?.Awake is not { } awake)
                continue;
            var seen = await LookAsync(pool, cancellationToken);
            // What routers see is what the status says, not what the last round wanted.
            var marked = (pool.Status?.Sleeping ?? []).ToHashSet(StringComparer.Ordinal);
            var plan = SleepPlanner.Plan([.. seen.Select(one => one.View)], awake, marked, rounds.GetValueOrDefault(key)?.Plan.Quiet ?? SleepPlan.None.Quiet, ModelPoolStatus.MaxSleeping);
            next[key] = new(plan, seen.Count(one => one.View.Asleep == true));
            Command(pool, seen, plan, cancellationToken);
        }

        rounds = next.ToImmutable();
        foreach (var (key, round) in rounds)
        {
            if (!round.Plan.Sleeping.SequenceEqual(caches.Pools.Get(key)?.Status?.Sleeping ?? []))
                PoolMoved?.Invoke(key);
        }
    }

    private async Task<List<(SleeperView View, Uri Address)>> LookAsync(ModelPool pool, CancellationToken cancellationToken)
    {
        var found = new ConcurrentBag<(SleeperView View, Uri Address)>();
        await System.Threading.Tasks.Parallel.ForEachAsync(
            Engines(pool), new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken }, async (engine, token) =>
            {
                var page = await metrics.ReadAsync(engine.Metrics, token);
                var asleep = await engines.IsSleepingAsync(engine.Metrics, token);
                var load = page is null ? null : PodSample.Read(page, time.GetTimestamp()).InFlight;
                found.Add((new(engine.Name, asleep, load), engine.Metrics));
            });
        return [.. found];
    }

    // Named as routers name them: the pod, and the number of the engine where a pod has several.
    private IEnumerable<(string Name, Uri Metrics)> Engines(ModelPool pool)
    {
        var shared = caches.Shared(pool);
        if (shared.Problem is not null)
            return [];
        return from pod in caches.PodsByPool[FleetCaches.HostKey(pool).ToString()]
               where pod.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true
               from engine in Enumerable.Range(0, shared.Host is { } host ? CoResidence.EnginesByPod(pool, host) : 1)
               let address = ScrapeTarget.At(pod, pool.Spec.Engine.EffectivePort + engine)
               where address is not null
               select (engine == 0 ? pod.Metadata.Name : $"{pod.Metadata.Name}/{engine}", address);
    }

    private void Command(ModelPool pool, List<(SleeperView View, Uri Address)> seen, SleepPlan plan, CancellationToken cancellationToken)
    {
        foreach (var (view, address) in seen)
        {
            var sleep = plan.ToSleep.Contains(view.Name);
            if ((sleep || plan.ToWake.Contains(view.Name)) && !commands.ContainsKey(address))
                commands[address] = CommandAsync(pool, view.Name, address, sleep, cancellationToken);
        }
    }

    private async Task CommandAsync(ModelPool pool, string engine, Uri address, bool sleep, CancellationToken cancellationToken)
    {
        try
        {
            var failure = sleep ? await engines.SleepAsync(address, cancellationToken) : await engines.WakeAsync(address, cancellationToken);
            if (failure is not null)
            {
                Log.Refused(logger, ObjectKey.Of(pool), engine, failure);
                return;
            }

            Log.Done(logger, ObjectKey.Of(pool), engine, sleep ? "asleep" : "awake");
            Look();
        }
        catch (OperationCanceledException)
        {
            // No longer leader: the next one looks for itself.
        }
    }

    private sealed record Round(SleepPlan Plan, int Asleep);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Pool}: engine {Engine} does not follow: {Failure}; it is asked again in the next round.")]
        public static partial void Refused(ILogger logger, ObjectKey pool, string engine, string failure);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Pool}: engine {Engine} is {State}.")]
        public static partial void Done(ILogger logger, ObjectKey pool, string engine, string state);
    }
}
