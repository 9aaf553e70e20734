using System.Collections.Immutable;
using Ops.Storage.Slots;

namespace Ops.Storage.Load;

/// <summary>
/// The load of each slot in a moment's time, from its level and its trend.
/// </summary>
/// <remarks>
/// Two exponential means of different memory. On a ramp each lags behind by its time constant times the slope, so their
/// difference is the slope times the difference of the constants, and level + slope x (lag + horizon) is exact there. On a
/// constant load both agree and the forecast is the level. The forecast is kept within 0 and twice the level: a slope that
/// is mostly noise must not invent load.
/// </remarks>
internal sealed class SlotForecast
{
    // Short enough that a hot set that moved is seen within half a minute, long enough for some thousand sampled commands.
    private const double FastSeconds = 10;
    private const double SlowSeconds = 40;

    private readonly double[] _fast = new double[SlotSet.Slots];
    private readonly double[] _slow = new double[SlotSet.Slots];
    private double _fastWeight;
    private double _slowWeight;

    /// <summary>Whether anything was added.</summary>
    internal bool IsEmpty => _fastWeight == 0;

    /// <summary>Takes a sample in.</summary>
    internal void Add(LoadSample sample)
    {
        var seconds = sample.Interval.TotalSeconds;
        var fast = 1 - Math.Exp(-seconds / FastSeconds);
        var slow = 1 - Math.Exp(-seconds / SlowSeconds);
        foreach (var slot in sample.Measured.Enumerate())
        {
            _fast[slot] += fast * (sample.Rates[slot] - _fast[slot]);
            _slow[slot] += slow * (sample.Rates[slot] - _slow[slot]);
        }

        // What of the mean is data and not the zero that it began with.
        _fastWeight += fast * (1 - _fastWeight);
        _slowWeight += slow * (1 - _slowWeight);
    }

    /// <summary>The load now.</summary>
    internal ImmutableArray<double> Level() => IsEmpty ? [] : [.. _fast.Select(rate => rate / _fastWeight)];

    /// <summary>The load after the horizon.</summary>
    internal ImmutableArray<double> After(TimeSpan horizon)
    {
        if (IsEmpty)
            return [];
        var ahead = (FastSeconds + horizon.TotalSeconds) / (SlowSeconds - FastSeconds);
        var forecast = ImmutableArray.CreateBuilder<double>(SlotSet.Slots);
        for (var slot = 0; slot < SlotSet.Slots; slot++)
        {
            var level = _fast[slot] / _fastWeight;
            // A young slow mean lags less than its constant says; its weight takes that back.
            var trend = (level - (_slow[slot] / _slowWeight)) * _slowWeight;
            forecast.Add(Math.Clamp(level + (trend * ahead), 0, 2 * level));
        }

        return forecast.MoveToImmutable();
    }
}
