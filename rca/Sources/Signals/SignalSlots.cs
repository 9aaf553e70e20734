namespace Ops.Rca.Sources;

/// <summary>Indexes of signals in a row, given again when a signal is forgotten.</summary>
internal sealed class SignalSlots
{
    private readonly List<Signal?> all = [];
    private readonly Stack<int> free = [];
    private readonly Dictionary<string, int> ofService = [];

    /// <summary>Every signal by its index.</summary>
    public IReadOnlyList<Signal?> All => all;

    /// <summary>Signals that found no room.</summary>
    public int LeftOut { get; private set; }

    /// <summary>An index for a signal; -1 if there is no room for it.</summary>
    public int Take(Signal signal, SignalLimits limits)
    {
        var service = signal.Metric.Service;
        var taken = ofService.GetValueOrDefault(service);
        if (taken >= limits.SignalsOfService || all.Count - free.Count >= limits.Signals)
        {
            LeftOut++;
            return -1;
        }

        ofService[service] = taken + 1;
        if (free.TryPop(out var slot))
        {
            all[slot] = signal;
            return slot;
        }

        all.Add(signal);
        return all.Count - 1;
    }

    /// <summary>Gives an index back.</summary>
    public void Free(int slot)
    {
        if (slot < 0 || all[slot] is not { } signal)
            return;
        if (--ofService[signal.Metric.Service] == 0)
            ofService.Remove(signal.Metric.Service);
        all[slot] = null;
        free.Push(slot);
    }
}
