using CsCheck;

namespace Ops.Profiles.Tests;

public class ServingProfileTests
{
    private static readonly ServingProfile Llama = ServingProfiles.Get("meta-llama/Llama-3.1-8B-Instruct", "NVIDIA-H100-80GB-HBM3", 1);
    private static readonly PowerSetting Full = GpuProduct.H100.Default;
    private static readonly Gen<ServingProfile> AnyProfile = Gen.Int[0, ServingProfiles.All.Length - 1].Select(i => ServingProfiles.All[i]);
    private static readonly Gen<PowerSetting> AnySetting = Gen.Select(Gen.Int[210, 1980], Gen.Int[200, 700], (c, w) => new PowerSetting(c, w));

    [Fact]
    public void An_unknown_shape_is_refused_with_the_known_ones()
    {
        var error = Should.Throw<UnknownProfileException>(() => ServingProfiles.Get("Qwen/Qwen3-14B", "NVIDIA-B200", 1));
        error.Message.ShouldContain("'Qwen/Qwen3-14B' on 1 x NVIDIA-B200");
        error.Message.ShouldContain("meta-llama/Llama-3.1-8B-Instruct on 1 x NVIDIA-H100-80GB-HBM3");
    }

    [Fact]
    public void A_larger_batch_takes_longer_and_draws_more_but_costs_less_a_token() =>
        Gen.Select(AnyProfile, Gen.Int[1, 300], Gen.Int[1, 100]).Sample((profile, batch, more) =>
        {
            var small = profile.DecodeStep(batch, Full);
            var large = profile.DecodeStep(batch + more, Full);
            large.Seconds.ShouldBeGreaterThan(small.Seconds);
            large.Watts.ShouldBeGreaterThanOrEqualTo(small.Watts - 1e-6); // Equal where the board limit holds both.
            (large.Joules / (batch + more)).ShouldBeLessThan(small.Joules / batch);
        });

    [Fact]
    public void A_lower_clock_never_speeds_up_and_never_draws_more() =>
        Gen.Select(AnyProfile, AnySetting, Gen.Int[1, 500], Gen.Int[1, 200]).Sample((profile, setting, batch, less) =>
        {
            var lower = setting with { ClockMHz = Math.Max(210, setting.ClockMHz - less) };
            profile.DecodeStep(batch, lower).Seconds.ShouldBeGreaterThanOrEqualTo(profile.DecodeStep(batch, setting).Seconds);
            profile.DecodeStep(batch, lower).Watts.ShouldBeLessThanOrEqualTo(profile.DecodeStep(batch, setting).Watts + 1e-9);
            profile.Prefill(1000, lower).Seconds.ShouldBeGreaterThanOrEqualTo(profile.Prefill(1000, setting).Seconds);
        });

    [Fact]
    public void Half_the_clock_saves_a_third_of_decode_energy_for_six_percent_of_time()
    {
        var half = new PowerSetting(990, 700);
        (Llama.DecodeStep(64, half).Seconds / Llama.DecodeStep(64, Full).Seconds).ShouldBe(1.06, 0.001);
        (Llama.DecodeStep(64, half).Joules / Llama.DecodeStep(64, Full).Joules).ShouldBe(0.67, 0.01);
        (Llama.Prefill(1000, half).Seconds / Llama.Prefill(1000, Full).Seconds).ShouldBe(2, 0.001);
    }

    [Fact]
    public void A_power_limit_within_reach_is_met() =>
        Gen.Select(AnyProfile, Gen.Int[400, 700], Gen.Int[1, 500]).Sample((profile, limit, batch) =>
        {
            var setting = new PowerSetting(1980, limit);
            (profile.DecodeStep(batch, setting).Watts / profile.GpuCount).ShouldBeLessThanOrEqualTo(limit * 1.02);
            (profile.Prefill(100, setting).Watts / profile.GpuCount).ShouldBeLessThanOrEqualTo(limit + 1e-6);
        });

    [Fact]
    public void A_limit_above_the_draw_changes_nothing() =>
        Llama.DecodeStep(8, new PowerSetting(1980, 600)).ShouldBe(Llama.DecodeStep(8, Full));

    [Fact]
    public void Outside_the_measurements_a_profile_says_so()
    {
        Llama.OutsideMeasuredRange(7).ShouldBeTrue();
        Llama.OutsideMeasuredRange(8).ShouldBeFalse();
        Llama.OutsideMeasuredRange(690).ShouldBeFalse();
        Llama.OutsideMeasuredRange(691).ShouldBeTrue();
        Llama.OutsideMeasuredRange(64, new PowerSetting(800, 700)).ShouldBeTrue();
    }

    [Fact]
    public void A_step_with_prompt_tokens_is_a_decode_step_and_their_arithmetic()
    {
        var step = Llama.Step(10, 2048, Full);
        var expected = Llama.DecodeStep(10, Full) + Llama.Prefill(2048, Full);
        step.ShouldBe(expected);
        Llama.PrefillTokensPerSecond.ShouldBe(989e12 * 0.5 / 16.06e9, 1);
    }

    [Fact]
    public void The_cache_of_every_profile_holds_its_largest_measured_batch_of_short_chats()
    {
        foreach (var profile in ServingProfiles.All)
            profile.KvCapacityTokens.ShouldBeGreaterThan((int)(profile.MeasuredTo * 100), profile.Model);
    }

    [Fact]
    public void Asking_allocates_nothing()
    {
        var sum = 0.0;
        Ask(1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Ask(100_000);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        sum.ShouldBeGreaterThan(0);

        void Ask(int times)
        {
            for (var i = 1; i <= times; i++)
                sum += Llama.Step(i % 256, i % 7 * 100, new PowerSetting(1200, 500)).Joules;
        }
    }
}
