using Ops.Cli.Up;
using Ops.Sandbox.Node;

namespace Ops.Cli.Tests;

/// <summary>Sandboxes side by side never share addresses, and a folder keeps those that its objects hold.</summary>
public sealed class Address_range_tests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_pair_has_one_holder_at_a_time()
    {
        using var first = LoopbackRanges.Take(seed: 7);

        LoopbackRanges.TryTake(first.Pair).ShouldBeNull();
        using var second = LoopbackRanges.Take((uint)first.Pair - 1);
        second.Pair.ShouldNotBe(first.Pair);
        second.Pods.ShouldNotBe(first.Pods);
        second.Services.ShouldNotBe(first.Services);
        first.Dispose();
        using var again = LoopbackRanges.TryTake(first.Pair).ShouldNotBeNull();
    }

    [Fact]
    public void A_folder_keeps_its_pair_and_waits_for_nobody_who_has_it()
    {
        using var state = StateFolder.Acquire(Path.Combine(folder.Path, "a"));
        int pair;
        using (var first = AddressRanges.Take(state))
            pair = first.Pair;
        using (var other = LoopbackRanges.TryTake(pair))
        {
            var error = Should.Throw<UserError>(() => AddressRanges.Take(state));
            error.Message.ShouldContain("--fresh");

            // Without its objects it may have any others.
            state.Clear();
            using var moved = AddressRanges.Take(state);
            moved.Pair.ShouldNotBe(pair);
            pair = moved.Pair;
        }

        using var kept = AddressRanges.Take(state);
        kept.Pair.ShouldBe(pair);
    }

    [Fact]
    public void Folders_that_prefer_the_same_pair_get_different_ones()
    {
        var held = new List<IDisposable>();
        try
        {
            var pairs = new HashSet<int>();
            // More than the root of 63, so that some of them do prefer the same; few enough that other sandboxes find one.
            for (var number = 0; number < 24; number++)
            {
                var state = StateFolder.Acquire(Path.Combine(folder.Path, $"{number}"));
                held.Add(state);
                var ranges = AddressRanges.Take(state);
                held.Add(ranges);
                pairs.Add(ranges.Pair).ShouldBeTrue();
                ranges.Pair.ShouldNotBe(0);
            }
        }
        finally
        {
            held.ForEach(one => one.Dispose());
        }
    }
}
