using CsCheck;

namespace Ops.Picking.Tests;

public sealed class PrefixIndexTests
{
    [Fact]
    public void Whoever_was_sent_a_prompt_holds_its_beginning()
    {
        var index = new PrefixIndex(4_096);
        var (a, b) = (index.NewCache(), index.NewCache());
        index.Record(Chain(1, 2, 3, 4), 0, 0, a);
        index.Record(Chain(1, 2), 0, 0, b);

        Depth(index, a, Chain(1, 2, 3, 4, 5, 6)).ShouldBe(4);
        Depth(index, b, Chain(1, 2, 7)).ShouldBe(2);
        Depth(index, a, Chain(8, 9)).ShouldBe(0);
    }

    [Fact]
    public void No_cache_is_ever_credited_with_more_than_it_was_sent()
    {
        // Conversations as paths in a tree of few branches, so that they share much.
        var conversation = Gen.Select(Gen.Int[0, 3].Array[0, 12], Gen.Int[0, 3]);
        Gen.Select(conversation.Array[1, 40], Gen.Int[0, 3].Array[1, 12]).Sample((sent, asked) =>
        {
            var index = new PrefixIndex(4_096);
            var caches = Enumerable.Range(0, 4).Select(_ => index.NewCache()).ToArray();
            foreach (var (path, to) in sent)
                index.Record(Chain(path), 0, 0, caches[to]);
            return caches.Select((cache, i) => (cache, i)).All(c =>
            {
                var held = sent.Where(s => s.Item2 == c.i).Select(s => Chain(s.Item1).AsSpan().CommonPrefixLength(Chain(asked))).DefaultIfEmpty().Max();
                return Depth(index, c.cache, Chain(asked)) <= held;
            });
        });
    }

    [Fact]
    public void The_cache_with_the_longest_match_is_credited_with_all_of_it()
    {
        Gen.Select(Gen.Int[0, 2].Array[1, 10].Array[1, 30], Gen.Int[0, 2].Array[1, 10]).Sample((paths, asked) =>
        {
            var index = new PrefixIndex(4_096);
            var caches = paths.Select(_ => index.NewCache()).ToArray();
            for (var i = 0; i < paths.Length; i++)
                index.Record(Chain(paths[i]), 0, 0, caches[i]);
            var best = paths.Max(p => Chain(p).AsSpan().CommonPrefixLength(Chain(asked)));
            // An entry names 12 holders; with more of them any 12 of the best will do.
            return caches.Max(c => Depth(index, c, Chain(asked))) == best;
        });
    }

    [Fact]
    public void A_session_is_remembered_with_the_cache_that_served_it_last()
    {
        var index = new PrefixIndex(512);
        var (a, b, c) = (index.NewCache(), index.NewCache(), index.NewCache());
        index.Record([], 0, 77, a);
        index.Record([], 0, 77, b);

        (Rank(index, a, 77), Rank(index, b, 77), Rank(index, c, 77)).ShouldBe((1, 0, -1));
        Rank(index, a, 78).ShouldBe(-1);
    }

    [Fact]
    public void Another_salt_is_another_prompt()
    {
        var index = new PrefixIndex(512);
        var cache = index.NewCache();
        index.Record(Chain(1, 2), 5, 0, cache);

        Depth(index, cache, Chain(1, 2), salt: 5).ShouldBe(2);
        Depth(index, cache, Chain(1, 2), salt: 6).ShouldBe(0);
        Depth(index, cache, Chain(1, 2)).ShouldBe(0);
    }

    [Fact]
    public void What_an_engine_has_pushed_out_is_forgotten()
    {
        var index = new PrefixIndex(65_536);
        var (small, large) = (index.NewCache(), index.NewCache());
        index.SetCapacity(small, 320);
        index.SetCapacity(large, 32_000);
        foreach (var cache in (ushort[])[small, large])
        {
            index.Record(Chain(1, 2, 3), 0, 0, cache);
            for (var i = 0; i < 1_000; i++)
                index.Record(Chain(100 + i), 0, 0, cache);
        }

        Depth(index, small, Chain(1, 2, 3)).ShouldBe(0);
        Depth(index, large, Chain(1, 2, 3)).ShouldBe(3);
        Depth(index, small, Chain(1_099)).ShouldBe(1);
    }

    [Fact]
    public void What_is_asked_for_again_stays()
    {
        var index = new PrefixIndex(65_536);
        var cache = index.NewCache();
        index.SetCapacity(cache, 320);
        for (var i = 0; i < 2_000; i++)
        {
            index.Record(Chain(100 + i), 0, 0, cache);
            index.Record(Chain(1, 2, 3), 0, 0, cache);
        }

        Depth(index, cache, Chain(1, 2, 3)).ShouldBe(3);
    }

    [Fact]
    public void A_full_index_keeps_the_newest_and_never_grows()
    {
        var index = new PrefixIndex(1_024);
        var bytes = index.Bytes;
        var cache = index.NewCache();
        index.SetCapacity(cache, int.MaxValue);
        for (var i = 0; i < 100_000; i++)
            index.Record(Chain(i), 0, 0, cache);

        index.Bytes.ShouldBe(bytes);
        bytes.ShouldBe((1_024 * 60) + (65_536 * 8));
        Enumerable.Range(99_900, 100).Count(i => Depth(index, cache, Chain(i)) == 1).ShouldBe(100);
        Enumerable.Range(0, 90_000).Count(i => Depth(index, cache, Chain(i)) == 1).ShouldBe(0);
    }

    [Fact]
    public void A_new_cache_is_empty_though_ids_come_round()
    {
        var index = new PrefixIndex(512);
        var first = index.NewCache();
        for (var i = 0; i < 70_000; i++)
            index.NewCache().ShouldNotBe((ushort)0);
        index.Record(Chain(1), 0, 0, first);
        Depth(index, index.NewCache(), Chain(1)).ShouldBe(0);
    }

    [Fact]
    public void A_lookup_allocates_nothing()
    {
        var index = new PrefixIndex(4_096);
        var chain = Chain([.. Enumerable.Range(0, 100)]);
        for (var i = 0; i < 20; i++)
            index.Record(chain.AsSpan(0, 5 * i), 0, 9, index.NewCache());
        Allocations.Of(() =>
        {
            for (var i = 0; i < 100; i++)
                Find(index, chain, 9);
        }).ShouldBe(0);
    }

    [Fact]
    public void Writers_and_readers_at_once_see_only_caches_that_exist()
    {
        var index = new PrefixIndex(512);
        var caches = Enumerable.Range(0, 8).Select(_ => index.NewCache()).ToHashSet();
        Parallel.ForEach(caches, cache =>
        {
            var slots = new uint[CacheMatch.Slots];
            for (var i = 0; i < 5_000; i++)
            {
                index.Record(Chain(i % 300, i % 7), 0, (ulong)(i % 50) + 1, cache);
                Array.Clear(slots);
                var match = new CacheMatch(slots);
                index.Find(Chain((i * 7) % 300, i % 5), 0, (ulong)(i % 60) + 1, ref match);
                foreach (var slot in slots)
                    Assert.True(slot == 0 || caches.Contains((ushort)(slot >> 16)));
            }
        });
    }

    /// <summary>A chain whose n-th hash covers the first n numbers.</summary>
    internal static ulong[] Chain(params int[] path)
    {
        var chain = new ulong[path.Length];
        var state = 0UL;
        for (var i = 0; i < path.Length; i++)
            chain[i] = state = KeyHash.Combine(state, (ulong)path[i] + 1);
        return chain;
    }

    private static void Find(PrefixIndex index, ulong[] chain, ulong session)
    {
        var match = new CacheMatch(stackalloc uint[CacheMatch.Slots]);
        index.Find(chain, 0, session, ref match);
    }

    private static int Depth(PrefixIndex index, ushort cache, ulong[] chain, ulong salt = 0)
    {
        var match = new CacheMatch(stackalloc uint[CacheMatch.Slots]);
        index.Find(chain, salt, 0, ref match);
        return match.Depth(cache, out _);
    }

    private static int Rank(PrefixIndex index, ushort cache, ulong session)
    {
        var match = new CacheMatch(stackalloc uint[CacheMatch.Slots]);
        index.Find([], 0, session, ref match);
        match.Depth(cache, out var rank);
        return rank;
    }
}
