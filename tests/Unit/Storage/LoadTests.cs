using System.Collections.Immutable;
using CsCheck;
using Ops.Storage.Engines;
using Ops.Storage.Load;
using Ops.Storage.Slots;
using StackExchange.Redis;

namespace Ops.Storage.Tests;

/// <summary>From what nodes say to the load of a slot in a moment's time.</summary>
public sealed class LoadTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void On_a_ramp_the_forecast_is_ahead_of_the_level_and_on_a_constant_it_is_the_level()
    {
        var window = new LoadWindow();
        for (var second = 1; second <= 200; second++)
            window.Add(Sample((1, 10.0 * second), (2, 500)), Start.AddSeconds(second));

        var now = Start.AddSeconds(200);
        var (level, forecast) = (window.Level(now), window.Forecast(now));
        forecast[1].ShouldBe(10 * (200 + LoadWindow.Horizon.TotalSeconds), tolerance: 60);
        level[1].ShouldBe(10 * 190, tolerance: 30);
        forecast[2].ShouldBe(500, tolerance: 1);
    }

    [Fact]
    public void A_forecast_is_never_negative_nor_twice_the_level() =>
        Gen.Double[0, 1_000].Array[1, 60].Sample(
            rates =>
            {
                var window = new LoadWindow();
                var now = Start;
                foreach (var rate in rates)
                    window.Add(Sample((9, rate)), now = now.AddSeconds(1));
                window.Forecast(now)[9].ShouldBeInRange(0, (2 * window.Level(now)[9]) + 1e-9);
            },
            iter: 200);

    [Fact]
    public void Too_few_or_too_old_observations_are_no_load()
    {
        var window = new LoadWindow();
        window.Add(Sample((1, 100)) with { Observations = 20 }, Start);
        window.Forecast(Start).ShouldBeEmpty();
        window.Add(Sample((1, 100)), Start.AddSeconds(1));
        window.Forecast(Start.AddSeconds(1)).Length.ShouldBe(SlotSet.Slots);
        window.Forecast(Start.AddSeconds(62)).ShouldBeEmpty();
    }

    [Fact]
    public void Heat_slides_over_five_minutes()
    {
        var window = new LoadWindow();
        for (var second = 0; second < 60; second += 10)
            window.Add(Sample((1, 100), (2, 30), (3, 30), (4, 0.0001)), Start.AddSeconds(second));
        var heat = window.Heat(Start.AddSeconds(60))!;
        heat.Hot.ShouldBe(SlotSet.Of([1]));
        heat.Warm.ShouldBe(SlotSet.Of([2, 3]));
        (heat.Hot.Count + heat.Warm.Count + heat.Cold.Count).ShouldBe(SlotSet.Slots);

        for (var minute = 1; minute < 7; minute++)
            window.Add(Sample((7, 50)), Start.AddMinutes(minute));
        window.Heat(Start.AddMinutes(6))!.Hot.ShouldBe(SlotSet.Of([7]));
        window.Heat(Start.AddMinutes(20)).ShouldBeNull();
    }

    [Fact]
    public void Moved_slots_rest_and_hot_keys_are_kept_within_a_bound()
    {
        var window = new LoadWindow();
        window.Moved([1, 2], Start);
        window.Moved([2], Start.AddSeconds(20));
        window.Resting(TimeSpan.FromSeconds(30), Start.AddSeconds(29)).ShouldBe(SlotSet.Of([1, 2]));
        window.Resting(TimeSpan.FromSeconds(30), Start.AddSeconds(31)).ShouldBe(SlotSet.Of([2]));

        for (var second = 0; second < 10; second++)
            window.Add(Sample((1, 100)) with { Keys = [.. Enumerable.Range(0, 400).Select(key => new KeyLoad($"k{key}-{second}", 1, 1)), new KeyLoad("hot", 1, 90)] }, Start.AddSeconds(second));
        window.HottestKeys().Length.ShouldBe(256);
        window.HottestKeys()[0].Key.ShouldBe("hot");
    }

    [Theory]
    [InlineData("GET k", "k")]
    [InlineData("set k v", "k")]
    [InlineData("EVAL return 1 k", "k")]
    [InlineData("BITOP AND k other", "k")]
    [InlineData("XREADGROUP GROUP g c COUNT 1 STREAMS k >", "k")]
    [InlineData("PING", null)]
    [InlineData("RESTORE-ASKING k 0 x", null)]
    [InlineData("XREAD COUNT 1", null)]
    public void The_first_key_of_a_command_is_found(string command, string? key) => CommandKey.Of(command.Split(' ')).ShouldBe(key);

    [Fact]
    public void A_slow_log_is_read_once_and_without_our_own_commands()
    {
        var log = Rows(
            Rows(5, 1, 3, Rows("GET", "b"), "127.0.0.1:1", "app"),
            Rows(4, 1, 3, Rows("INFO"), "127.0.0.1:1", CommandSample.OwnName),
            Rows(3, 1, 3, Rows("PING"), "127.0.0.1:1", ""),
            Rows(2, 1, 3, Rows("GET", "a"), "127.0.0.1:1", "app"));
        var sample = CommandSample.Of(log, after: 2);
        (sample.LastId, sample.Commands, sample.Own).ShouldBe((5, 2, 1));
        sample.Keys.ShouldBe(["b"]);
    }

    [Fact]
    public void Slot_stats_are_read_and_an_engine_that_counts_no_time_is_known_by_it()
    {
        SlotStats.CpuMicroseconds(Rows(Rows(7, Rows("key-count", 3, "cpu-usec", 810, "network-bytes-in", 4)), Rows(8, Rows("key-count", 0, "cpu-usec", 0))))!
            .ShouldBe(new Dictionary<int, long> { [7] = 810, [8] = 0 }, ignoreOrder: true);
        SlotStats.CpuMicroseconds(Rows(Rows(7, Rows("key-count", 3)))).ShouldBeNull();
        SlotStats.CpuMicroseconds(Rows(Rows(99_999, Rows("cpu-usec", 3)))).ShouldBeNull();
    }

    private static LoadSample Sample(params (int Slot, double Rate)[] load)
    {
        var rates = new double[SlotSet.Slots];
        foreach (var (slot, rate) in load)
            rates[slot] = rate;
        return new(LoadSource.Commands, TimeSpan.FromSeconds(1), SlotSet.All, [.. rates], 1_000, []);
    }

    private static RedisResult Rows(params object[] values) =>
        RedisResult.Create([.. values.Select(value => value as RedisResult ?? RedisResult.Create((RedisValue)value.ToString()))]);
}
