using System.Runtime.InteropServices;

namespace Ops.Router;

/// <summary>Tokens used in a period that begins anew with each day or month.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct PeriodBudget
{
    private DateTime _began;

    /// <summary>Tokens used since the period began.</summary>
    internal long Used { get; private set; }

    /// <summary>Begins a new period when the given one is another.</summary>
    internal void Turn(DateTime period)
    {
        if (period == _began)
            return;
        (_began, Used) = (period, 0);
    }

    /// <summary>Goes on where another process ended.</summary>
    internal void Restore(DateTime period, long used) => (_began, Used) = (period, Math.Max(0, used));

    internal void Add(long tokens) => Used = Math.Max(0, Used + tokens);
}
