using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ops.Kube;

/// <summary>Answers, now and without I/O, whether this process may still act as the leader.</summary>
public interface ILeadership
{
    /// <summary>True while no other process can hold the lease.</summary>
    bool IsLeader { get; }
}

/// <summary>Name and times of a lease.</summary>
public sealed record LeaderLeaseOptions
{
    /// <summary>Namespace of the Lease.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name of the Lease.</summary>
    public required string Name { get; init; }

    /// <summary>This process; unique among all candidates, for example the pod's name. Whoever shares it shares the lease.</summary>
    public required string Identity { get; init; }

    /// <summary>How long others wait after the last renewal that they saw. Whole seconds. Default 15 s.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The leader stops this long after it sent its last successful renewal. Less than Duration. Default 10 s.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two attempts to renew or to acquire; varied by a fifth. Default 2 s.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Seed of the variation. Default: another in each process.</summary>
    public int Seed { get; init; } = System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue);
}

/// <summary>
/// Leader election by a coordination.k8s.io Lease.
/// <para>
/// Why two leaders cannot act at once: a candidate takes a held lease only after it has seen it unchanged for Duration
/// on its own clock, so at the earliest Duration after the server stored the last renewal. The leader counts from
/// before it sent that renewal and stops after RenewDeadline, which is shorter. Only monotonic clocks of single
/// machines are compared with themselves; the wall-clock times in the Lease are for people. A process that was stopped
/// and continued finds <see cref="IsLeader"/> false before its next write, since the clock went on without it. What
/// remains is a request already on its way when the leader was stopped; preconditions (uid, resourceVersion) guard that.
/// </para>
/// </summary>
public sealed partial class LeaderLease : ILeadership
{
    private readonly ILeaseStore store;
    private readonly LeaderLeaseOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Random random;
    private V1Lease? seen;
    private string? lastVersion;
    private long seenAt;
    private long renewedAt;
    private volatile bool leading;
    private volatile string? holder;

    /// <summary>Creates a candidate; nothing is requested before <see cref="RunAsync"/>.</summary>
    public LeaderLease(KubeClient client, LeaderLeaseOptions options, TimeProvider? time = null, ILoggerFactory? logs = null)
        : this(new KubeLeaseStore(client, options.Namespace, options.Name), options, time, logs)
    {
    }

    internal LeaderLease(ILeaseStore store, LeaderLeaseOptions options, TimeProvider? time, ILoggerFactory? logs)
    {
        if (options.RenewDeadline >= options.Duration || options.RetryPeriod >= options.RenewDeadline || options.Duration < TimeSpan.FromSeconds(1))
            throw new ArgumentException("A lease needs RetryPeriod < RenewDeadline < Duration, and a Duration of at least 1 s.", nameof(options));
        this.store = store;
        this.options = options;
        this.time = time ?? TimeProvider.System;
        logger = (logs ?? NullLoggerFactory.Instance).CreateLogger("Ops.Kube.LeaderLease");
        random = new Random(options.Seed);
    }

    /// <summary>Raised when another holder is seen; null when the lease is free.</summary>
    public event Action<string?>? HolderChanged;

    /// <inheritdoc/>
    public bool IsLeader => leading && time.GetElapsedTime(Interlocked.Read(ref renewedAt)) < options.RenewDeadline;

    /// <summary>The holder as last seen, or null.</summary>
    public string? Holder => holder;

    /// <summary>
    /// Campaigns until cancelled. While leading it runs the work, whose token ends when leadership ends; it campaigns
    /// again only after the work has returned. When the work ends by itself the lease is released and this returns too,
    /// or throws what the work threw.
    /// </summary>
    public async Task RunAsync(Func<CancellationToken, Task> whileLeading, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await TryTakeAsync(cancellationToken))
            {
                if (await LeadAsync(whileLeading, cancellationToken))
                    return;
            }
            else
                await PauseAsync(cancellationToken);
        }
    }

    // True if the work ended by itself.
    private async Task<bool> LeadAsync(Func<CancellationToken, Task> whileLeading, CancellationToken cancellationToken)
    {
        using var term = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var expiry = new CancellationTokenSource(Remaining(), time);
        using var expire = expiry.Token.Register(term.Cancel);
        Log.Leading(logger, options.Identity, options.Namespace, options.Name);
        var work = Task.Run(() => whileLeading(term.Token), CancellationToken.None);
        bool byItself;
        try
        {
            while (!term.IsCancellationRequested && !work.IsCompleted)
            {
                // The pause ends early when the work does.
                await Task.WhenAny(PauseAsync(term.Token), work);
                if (term.IsCancellationRequested || work.IsCompleted)
                    break;
                if (await TryTakeAsync(term.Token))
                    expiry.CancelAfter(Remaining());
                else if (!leading)
                    await term.CancelAsync();
            }
        }
        finally
        {
            // Asked before the token ends, since work that hears its token completes too.
            byItself = work.IsCompleted && !term.IsCancellationRequested;
            await term.CancelAsync();
        }

        await EndTermAsync(work, byItself);
        return byItself;
    }

    private async Task EndTermAsync(Task work, bool byItself)
    {
        try
        {
            await work;
        }
        catch (OperationCanceledException) when (!byItself)
        {
            // The work heard its token.
        }
        finally
        {
            Log.NotLeading(logger, options.Identity, options.Namespace, options.Name);
            await ReleaseAsync();
        }
    }

    private TimeSpan Remaining()
    {
        var left = options.RenewDeadline - time.GetElapsedTime(Interlocked.Read(ref renewedAt));
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    // Takes a free lease or renews our own. After a definite loss leading is false; after a failure it stays as it was.
    private async Task<bool> TryTakeAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.RetryPeriod * 2, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            if (!leading || seen is null)
                await LookAsync(either.Token);
            if (!MayTake())
            {
                leading = false;
                return false;
            }

            var sentAt = time.GetTimestamp();
            if (await store.WriteAsync(Next(), either.Token) is not { } written)
            {
                // Somebody wrote, perhaps an earlier attempt of ours whose answer was lost: the next attempt looks.
                seen = null;
                return false;
            }

            Note(written);
            Interlocked.Exchange(ref renewedAt, sentAt);
            leading = true;
            return true;
        }
#pragma warning disable CA1031 // Whatever goes wrong, a candidate goes on campaigning and a leader runs into its deadline.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (!cancellationToken.IsCancellationRequested)
                Log.Failed(logger, options.Namespace, options.Name, e.Message);
            seen = null;
            return false;
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (await store.GetAsync(cancellationToken) is { } lease)
            Note(lease);
        else
        {
            seen = null;
            SetHolder(null);
        }
    }

    // The waiting time counts from the first sight of each version, on our own clock.
    private void Note(V1Lease lease)
    {
        if (lastVersion != lease.Metadata.ResourceVersion)
        {
            lastVersion = lease.Metadata.ResourceVersion;
            seenAt = time.GetTimestamp();
        }

        seen = lease;
        SetHolder(string.IsNullOrEmpty(lease.Spec?.HolderIdentity) ? null : lease.Spec.HolderIdentity);
    }

    private bool MayTake()
    {
        if (seen?.Spec is not { HolderIdentity: { Length: > 0 } other } spec || other == options.Identity)
            return true;
        // The holder's own promise counts where it is longer than ours: the settings may differ during an upgrade.
        var promised = TimeSpan.FromSeconds(Math.Max(spec.LeaseDurationSeconds ?? 0, Math.Ceiling(options.Duration.TotalSeconds)));
        return time.GetElapsedTime(seenAt) >= promised;
    }

    private V1Lease Next()
    {
        var now = MicroTime();
        var ours = seen?.Spec?.HolderIdentity == options.Identity;
        return new V1Lease
        {
            ApiVersion = "coordination.k8s.io/v1",
            Kind = "Lease",
            Metadata = new V1ObjectMeta
            {
                Name = options.Name,
                NamespaceProperty = options.Namespace,
                ResourceVersion = seen?.Metadata.ResourceVersion,
                Labels = seen?.Metadata.Labels,
                Annotations = seen?.Metadata.Annotations,
                OwnerReferences = seen?.Metadata.OwnerReferences,
            },
            Spec = new V1LeaseSpec
            {
                HolderIdentity = options.Identity,
                LeaseDurationSeconds = (int)Math.Ceiling(options.Duration.TotalSeconds),
                AcquireTime = ours ? seen!.Spec!.AcquireTime ?? now : now,
                RenewTime = now,
                LeaseTransitions = ours ? seen!.Spec!.LeaseTransitions ?? 0 : seen is null ? 0 : (seen.Spec?.LeaseTransitions ?? 0) + 1,
            },
        };
    }

    // Others need not wait for the duration. Only ever after the work has ended, and only if nobody else wrote.
    private async Task ReleaseAsync()
    {
        var held = IsLeader && seen is not null;
        leading = false;
        if (!held)
            return;
        using var limit = new CancellationTokenSource(options.RetryPeriod, time);
        try
        {
            var lease = Next();
            lease.Spec.HolderIdentity = "";
            lease.Spec.LeaseDurationSeconds = 1;
            if (await store.WriteAsync(lease, limit.Token) is { } written)
                Note(written);
        }
#pragma warning disable CA1031 // Then the others wait.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.Failed(logger, options.Namespace, options.Name, e.Message);
        }
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(options.RetryPeriod * (0.8 + (0.4 * random.NextDouble())), time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The caller looks at its token.
        }
    }

    // MicroTime needs six fraction digits and the serializer writes none for a whole second, so such a moment gives way by 1 µs.
    private DateTime MicroTime()
    {
        var ticks = time.GetUtcNow().UtcTicks;
        ticks -= ticks % TimeSpan.TicksPerMicrosecond;
        return new DateTime(ticks % TimeSpan.TicksPerSecond == 0 ? ticks + TimeSpan.TicksPerMicrosecond : ticks, DateTimeKind.Utc);
    }

    private void SetHolder(string? now)
    {
        if (holder == now)
            return;
        holder = now;
        Log.Holder(logger, options.Namespace, options.Name, now ?? "nobody");
        HolderChanged?.Invoke(now);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} leads by lease {Namespace}/{Name}.")]
        public static partial void Leading(ILogger logger, string identity, string @namespace, string name);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} does not lead by lease {Namespace}/{Name} any more.")]
        public static partial void NotLeading(ILogger logger, string identity, string @namespace, string name);

        [LoggerMessage(Level = LogLevel.Information, Message = "Lease {Namespace}/{Name} is held by {Holder}.")]
        public static partial void Holder(ILogger logger, string @namespace, string name, string holder);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Lease {Namespace}/{Name}: {Error}")]
        public static partial void Failed(ILogger logger, string @namespace, string name, string error);
    }
}
