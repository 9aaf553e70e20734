using CsCheck;
using Ops.Storage.Engines;

namespace Ops.Storage.Tests;

/// <summary>Keys on their way between nodes: none is left out, and no command carries more than it may.</summary>
public sealed class KeyBatchTests
{
    [Fact]
    public void Parts_have_every_key_once_in_order_and_more_than_the_bound_only_of_one_key() =>
        Gen.Select(Gen.Long[0, 150].Array[0, 40], Gen.Long[1, 100]).Sample((sizes, most) =>
        {
            var keys = Enumerable.Range(0, sizes.Length).ToArray();
            var parts = KeyBatches.Part(keys, sizes, most);
            parts.SelectMany(part => part).ShouldBe(keys);
            parts.ShouldAllBe(part => part.Length == 1 || part.Sum(key => sizes[key]) <= most);
            // No part could have taken the first key of the next one too.
            foreach (var (part, next) in parts.Zip(parts.Skip(1)))
                (part.Sum(key => sizes[key]) + sizes[next[0]]).ShouldBeGreaterThan(most);
        });

    [Fact]
    public void Keys_of_no_known_size_go_together() => KeyBatches.Part([1, 2, 3], [0, 0, 0], 1).ShouldHaveSingleItem().ShouldBe([1, 2, 3]);
}
