using Ops.Sandbox.ShopPlan;

namespace Ops.Cli.Chaos;

/// <summary>A fault that can be injected as it stands.</summary>
/// <param name="Fault">The kind.</param>
/// <param name="Service">Where.</param>
/// <param name="Strength">Above 0, at most 1.</param>
/// <param name="Ramp">Time in which it grows to its strength.</param>
/// <param name="Span">It ends by itself after this.</param>
internal sealed record FaultOrder(FaultPlan Fault, string Service, double Strength, TimeSpan Ramp, TimeSpan Span)
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <exception cref="UserError">The kind or the service does not exist, they do not fit, or a number is out of range.</exception>
    public static FaultOrder Check(string kind, string? service, double strength, TimeSpan ramp, TimeSpan span)
    {
        var fault = Faults.Find(kind)
            ?? throw new UserError($"There is no fault {kind}; choose one of {string.Join(", ", Faults.All.Select(one => one.Name).Concat(ObjectFaults.Anywhere.Select(one => one.Name)))}.");
        service ??= fault.Targets[0];
        if (!fault.Targets.Contains(service))
            throw new UserError($"{kind} does not fit {service}; --service must be one of {string.Join(", ", fault.Targets)}.");
        if (strength is not (> 0 and <= 1))
            throw new UserError($"--strength must be above 0 and at most 1, not {strength}.");
        if (span > Longest || ramp > Longest)
            throw new UserError("--for and --ramp must be at most 1h.");
        return new FaultOrder(fault, service, strength, ramp, span);
    }
}
