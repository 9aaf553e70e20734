namespace Ops.Kube;

/// <summary>What a reconcile wants next. Errors are exceptions, not requeues.</summary>
public readonly record struct Requeue
{
    private Requeue(TimeSpan delay) => Delay = delay;

    /// <summary>Nothing until the next change of a watched object.</summary>
    public static Requeue None => default;

    /// <summary>The wait before the next reconcile; null for none.</summary>
    public TimeSpan? Delay { get; }

    /// <summary>Reconcile again after the delay even if nothing changes; a change that comes earlier replaces it.</summary>
    public static Requeue After(TimeSpan delay) => new(delay);
}

/// <summary>Brings the world closer to what one object asks for. Level-triggered: reads whole state, safe to run twice.</summary>
public interface IReconciler
{
    /// <summary>Reconciles one key. The object may be gone. A thrown exception is retried with the key's back-off.</summary>
    Task<Requeue> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken);
}
