using System.Runtime.InteropServices;
using Ops.Profiles;

namespace Ops.Sandbox.ModelServer.Engine;

/// <summary>Bounds of the batch, with vLLM's names and defaults.</summary>
/// <param name="MaxSequences"><c>max_num_seqs</c>: sequences in one step.</param>
/// <param name="MaxStepTokens"><c>max_num_batched_tokens</c>: decode and prompt tokens in one step.</param>
/// <param name="CacheTokens">Tokens of key and value cache.</param>
/// <param name="MaxWaiting">Sequences that may wait; above this a request is refused.</param>
internal sealed record BatchLimits(int MaxSequences, int MaxStepTokens, int CacheTokens, int MaxWaiting);

/// <summary>One step to be made.</summary>
/// <param name="Sequences">Sequences that it works on.</param>
/// <param name="Decoding">Those of them that get a later token.</param>
/// <param name="PromptTokens">Prompt tokens that it computes.</param>
/// <param name="Cost">Its time and energy.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct StepPlan(int Sequences, int Decoding, int PromptTokens, StepCost Cost)
{
    public bool IsEmpty => Sequences == 0;

    /// <summary>The same step where so many engines take turns on the GPU: it takes as many times as long for the same joules.</summary>
    public StepPlan InTurnsOf(int engines) => this with { Cost = new StepCost(Cost.Seconds * engines, Cost.Joules) };
}

/// <summary>
/// Continuous batching with chunked prefill: every step gives each running sequence one token, and what is left of the step's
/// token budget goes to prompts, those under way first, then new ones in order of arrival. Not thread-safe and without a clock.
/// </summary>
internal sealed class Batch(ServingProfile profile, BatchLimits limits)
{
    private readonly List<Sequence> _running = new(limits.MaxSequences);
    private readonly LinkedList<Sequence> _waiting = new();
    private long _reserved;

    public int Running => _running.Count;

    public int Waiting => _waiting.Count;

    /// <summary>Cache tokens in use.</summary>
    public long Held { get; private set; }

    /// <summary>Share of the cache in use, 0..1.</summary>
    public double CacheUsage => (double)Held / limits.CacheTokens;

    /// <summary>False when too many wait already.</summary>
    public bool TryEnqueue(Sequence sequence)
    {
        if (_waiting.Count >= limits.MaxWaiting)
            return false;
        sequence.Waiting = _waiting.AddLast(sequence);
        return true;
    }

    /// <summary>Takes a sequence out wherever it is, which frees its slot and cache; false when it had left already.</summary>
    public bool Remove(Sequence sequence)
    {
        if (sequence.Left)
            return false;
        sequence.Left = true;
        if (sequence.Waiting is { } node)
        {
            _waiting.Remove(node);
            sequence.Waiting = null;
            return true;
        }
        _running.Remove(sequence);
        Release(sequence);
        return true;
    }

    /// <summary>Decides the next step and admits what fits.</summary>
    public StepPlan Plan(double now, PowerSetting setting)
    {
        var decoding = 0;
        foreach (var sequence in _running)
        {
            sequence.Decoding = sequence.Generated > 0;
            if (sequence.Decoding)
                decoding++;
        }
        var budget = limits.MaxStepTokens - decoding;
        var sequences = decoding;
        foreach (var sequence in _running)
        {
            if (!sequence.Decoding && Chunk(sequence, ref budget))
                sequences++;
        }
        while (budget > 0 && _waiting.First is { } first && Fits(first.Value))
        {
            Admit(first.Value, now);
            if (Chunk(first.Value, ref budget))
                sequences++;
        }
        var prompt = limits.MaxStepTokens - decoding - budget;
        var cost = sequences == 0 ? default : profile.Step(sequences, prompt, setting);
        return new StepPlan(sequences, decoding, prompt, cost);
    }

    /// <summary>
    /// The planned step has been made: moves every sequence of it and lists those with a new token. Finished ones leave.
    /// </summary>
    public void Complete(double end, List<Sequence> advanced)
    {
        var kept = 0;
        var running = CollectionsMarshal.AsSpan(_running);
        foreach (var sequence in running)
        {
            if (Advance(sequence, end))
                advanced.Add(sequence);
            if (sequence.Generated < sequence.TargetTokens)
            {
                running[kept++] = sequence;
                continue;
            }
            sequence.Left = true;
            Release(sequence);
        }
        CollectionsMarshal.SetCount(_running, kept);
    }

    /// <summary>Takes everything out.</summary>
    public List<Sequence> Clear()
    {
        List<Sequence> all = [.. _running, .. _waiting];
        foreach (var sequence in all)
            Remove(sequence);
        return all;
    }

    private bool Advance(Sequence sequence, double end)
    {
        if (sequence.Decoding)
        {
            sequence.Generated++;
            Held++;
            return true;
        }
        sequence.Prefilled += sequence.Chunk;
        Held += sequence.Chunk;
        sequence.Chunk = 0;
        if (sequence.Prefilled < sequence.PromptTokens)
            return false;
        // The step that computes the last prompt token also yields the first token of the answer.
        sequence.Generated = 1;
        sequence.FirstToken = end;
        Held++;
        return true;
    }

    private static bool Chunk(Sequence sequence, ref int budget)
    {
        sequence.Chunk = Math.Min(sequence.PromptTokens - sequence.Prefilled, budget);
        budget -= sequence.Chunk;
        return sequence.Chunk > 0;
    }

    // The whole need is set aside at admission, so that no sequence is ever preempted.
    private bool Fits(Sequence sequence) =>
        _running.Count < limits.MaxSequences && _reserved + sequence.Reserved <= limits.CacheTokens;

    private void Admit(Sequence sequence, double now)
    {
        _waiting.RemoveFirst();
        sequence.Waiting = null;
        sequence.Scheduled = now;
        sequence.Decoding = false;
        _running.Add(sequence);
        _reserved += sequence.Reserved;
    }

    private void Release(Sequence sequence)
    {
        _reserved -= sequence.Reserved;
        Held -= sequence.Held;
    }
}
