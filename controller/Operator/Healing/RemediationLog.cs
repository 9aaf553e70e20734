using Ops.Api;
using Ops.Healing.Content;
using Ops.Kube;
using Ops.Llm;

namespace Ops.Operator.Healing;

/// <summary>Writes what became of a Remediation: its status with one more entry of the audit, and an Event that says the same.</summary>
internal sealed class RemediationLog(Healer healer)
{
    /// <summary>Writes it.</summary>
    /// <param name="remediation">The Remediation as it was read.</param>
    /// <param name="status">Its new status, without the new entry.</param>
    /// <param name="now">The time.</param>
    /// <param name="what">One CamelCase word.</param>
    /// <param name="detail">One sentence.</param>
    /// <param name="next">When to look again, or null for never.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<Requeue> WriteAsync(Remediation remediation, RemediationStatus status, DateTimeOffset now, string what, string detail, TimeSpan? next, CancellationToken cancellationToken)
    {
        var intent = new Remediation
        {
            Metadata = new() { Name = remediation.Metadata.Name, NamespaceProperty = remediation.Metadata.NamespaceProperty },
            Status = status with
            {
                ObservedGeneration = remediation.Metadata.Generation,
                Reason = TaintedText.Clean(status.Reason, 1024),
                Audit = Audit.Add(status.Audit, now, what, detail),
            },
        };
        await healer.Writer.ApplyStatusAsync(intent, remediation, cancellationToken);
        if (status.Phase is RemediationPhases.Refused or RemediationPhases.RolledBack or RemediationPhases.Failed)
            healer.Events.Warning(remediation, what, TaintedText.Clean(detail, 1024));
        else
            healer.Events.Normal(remediation, what, TaintedText.Clean(detail, 1024));
        return next is { } delay ? Requeue.After(delay) : Requeue.None;
    }

    /// <summary>A time in whole seconds, as the API server keeps it.</summary>
    public static DateTime Second(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
}
