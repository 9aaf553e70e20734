using System.Collections.Immutable;

namespace Ops.Learning;

/// <summary>Shares of the tasks, and how they shift: a mix before a moment and another one from it on.</summary>
public sealed class TaskMix
{
    private readonly ImmutableArray<double> _before;
    private readonly ImmutableArray<double> _after;
    private readonly double _shiftAt;

    /// <summary>A mix that stays.</summary>
    /// <param name="shares">Share by task index; scaled to a sum of 1.</param>
    public TaskMix(ImmutableArray<double> shares)
        : this(shares, shares, double.PositiveInfinity)
    {
    }

    /// <summary>A mix that becomes another one.</summary>
    /// <param name="before">Share by task index before the shift.</param>
    /// <param name="after">Share by task index from it on.</param>
    /// <param name="shiftAt">When it shifts, seconds.</param>
    public TaskMix(ImmutableArray<double> before, ImmutableArray<double> after, double shiftAt)
    {
        (_before, _after, _shiftAt) = (before, after, shiftAt);
    }

    /// <summary>Draws the task of a request that arrives at <paramref name="at"/>.</summary>
    public int Next(Random random, double at)
    {
        ArgumentNullException.ThrowIfNull(random);
        var shares = at < _shiftAt ? _before : _after;
        var left = random.NextDouble() * shares.Sum();
        for (var task = 0; task < shares.Length - 1; task++)
        {
            left -= shares[task];
            if (left < 0)
                return task;
        }

        return shares.Length - 1;
    }
}
