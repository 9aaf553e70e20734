using System.Runtime.InteropServices;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>
/// Choices in the order in which they were made, with what each could see and what it earned: the replay memory of
/// Q-learning. Bounded by the streams of a training: 40 of 200 s at about 10 choices a second, 600 bytes each for four
/// variants, are some 50 MB.
/// </summary>
internal sealed class ChoiceMemory(int actions)
{
    private readonly List<float> _rows = [];
    private readonly List<bool> _open = [];
    private readonly List<int> _rule = [];
    private readonly List<int> _taken = [];
    private readonly List<float> _rewards = [];
    private readonly List<int> _ends = [];

    public int Count => _taken.Count;

    /// <summary>Choices of one state: the variants, and last to reject.</summary>
    public int Actions => actions;

    public ReadOnlySpan<float> Row(int choice, int action) =>
        CollectionsMarshal.AsSpan(_rows).Slice(((choice * actions) + action) * PolicyFeatures.Count, PolicyFeatures.Count);

    public bool IsOpen(int choice, int action) => _open[(choice * actions) + action];

    public int Rule(int choice) => _rule[choice];

    public int Taken(int choice) => _taken[choice];

    public float Reward(int choice) => _rewards[choice];

    /// <summary>One past the last choice of the same stream.</summary>
    public int End(int choice) => _ends[choice];

    public void Add(ReadOnlySpan<float> rows, ReadOnlySpan<bool> open, int rule, int taken)
    {
        _rows.AddRange(rows);
        _open.AddRange(open);
        _rule.Add(rule);
        _taken.Add(taken);
    }

    /// <summary>The stream of the choices since the last call is over.</summary>
    public void Close(IEnumerable<float> rewards)
    {
        _rewards.AddRange(rewards);
        _ends.AddRange(Enumerable.Repeat(Count, Count - _ends.Count));
    }
}
