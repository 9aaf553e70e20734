using Ops.Picking;

namespace Ops.Router.Tests;

public sealed class ScrapeTests
{
    [Fact]
    public void Series_are_summed_over_their_labels_and_odd_lines_are_passed_over()
    {
        var sample = PrometheusText.Parse("""
            # HELP vllm:num_requests_running x
            vllm:num_requests_running{engine="0",model_name="a}b\"c{"} 3.0
            vllm:num_requests_running{engine="1"} 4 1700000000000
            vllm:num_requests_waiting 2e1
            vllm:kv_cache_usage_perc{engine="0"} 0.25
            vllm:kv_cache_usage_perc{engine="1"} 0.75
            vllm:request_success_total{finished_reason="stop"} 10
            vllm:request_success_total{finished_reason="length"} 5
            vllm:prompt_tokens_total NaN
            vllm:generation_tokens_total +Inf
            vllm:num_requests_running{engine="2
            vllm:num_requests_running
            vllm:unknown_series 99
            ops_gpu_energy_joules_total{gpu="0",simulated="true"} 1000.5
            ops_gpu_energy_joules_total{gpu="1",simulated="true"} 2000
            python_gc 5
            """u8);

        sample.Running.ShouldBe(7);
        sample.Waiting.ShouldBe(20);
        sample.KvCacheUsage.ShouldBe(0.75);
        sample.FinishedRequests.ShouldBe(15);
        sample.PromptTokens.ShouldBe(0);
        sample.GeneratedTokens.ShouldBe(0);
        sample.EnergyJoules.ShouldBe(3000.5);
    }

    [Theory]
    [InlineData(1, 1, 1_000)]
    [InlineData(400, 1, 1_000)]
    [InlineData(800, 1, 2_000)]
    [InlineData(1_000, 1, 2_500)]
    [InlineData(100_000, 1, 2_500)]
    [InlineData(1_000, 4, 4_000)]
    [InlineData(1, 0.2, 200)]
    public void Many_replicas_are_read_less_often_but_never_so_seldom_that_one_late_page_makes_them_stale(int replicas, double configured, long expected)
    {
        var interval = ScrapePace.IntervalMs(TimeSpan.FromSeconds(configured), replicas);
        interval.ShouldBe(expected);
        // What the user asks for is the user's.
        if (configured <= 1)
            (interval + ReplicaReader.Timeout.TotalMilliseconds).ShouldBeLessThan(ReplicaState.StaleAfterMs);
    }

    [Fact]
    public void Llama_cpp_is_understood_too()
    {
        var sample = PrometheusText.Parse("""
            llamacpp:requests_processing 2
            llamacpp:requests_deferred 1
            llamacpp:prompt_tokens_total 100
            llamacpp:prompt_seconds_total 4
            llamacpp:tokens_predicted_total 50
            llamacpp:tokens_predicted_seconds_total 5
            """u8);

        (sample.Running, sample.Waiting, sample.PromptTokens, sample.PrefillSeconds).ShouldBe((2, 1, 100, 4));
        (sample.InterTokenSeconds / sample.InterTokenCount).ShouldBe(0.1);
    }

    [Fact]
    public void Negative_figures_are_passed_over()
    {
        var sample = PrometheusText.Parse("""
            vllm:num_requests_running -5
            vllm:num_requests_running 2
            vllm:kv_cache_usage_perc -0.5
            vllm:prompt_tokens_total -1e300
            """u8);

        (sample.Running, sample.KvCacheUsage, sample.PromptTokens).ShouldBe((2, 0, 0));
    }

    [Fact]
    public void Absurd_figures_are_not_believed()
    {
        var figures = new ScrapeState().Add(new EngineSample { Running = 1e300, Waiting = 5e9, KvCacheUsage = 7, Series = 3 }, 0, 0, out _);

        (figures.Running, figures.Waiting, figures.KvCacheUsage).ShouldBe((0, 0, 1));
    }

    [Fact]
    public void The_size_of_the_cache_and_the_adapters_stand_in_labels()
    {
        var sample = PrometheusText.Parse("""
            vllm:cache_config_info{block_size="16",cache_dtype="a}\"b=,",enable_prefix_caching="True",num_gpu_blocks="27457"} 1.0
            vllm:lora_requests_info{max_lora="3",running_lora_adapters="sql,chat",waiting_lora_adapters="code"} 1.7e+09
            vllm:lora_requests_info{max_lora="3",running_lora_adapters="old",waiting_lora_adapters=""} 1.6e+09
            """u8);

        sample.KvCacheTokens.ShouldBe(16 * 27457);
        var adapters = sample.Adapters.ShouldNotBeNull();
        adapters.PresenceOf("sql").ShouldBe(LoraPresence.Active);
        adapters.PresenceOf("code").ShouldBe(LoraPresence.Waiting);
        adapters.PresenceOf("old").ShouldBe(LoraPresence.Full);
        (adapters with { Room = 4 }).PresenceOf("old").ShouldBe(LoraPresence.Room);
    }

    [Theory]
    [InlineData("""vllm:cache_config_info{block_size="16"} 1""")]
    [InlineData("""vllm:cache_config_info{block_size="16,num_gpu_blocks="3"} 1""")]
    [InlineData("""vllm:cache_config_info{block_size="NaN",num_gpu_blocks="3"} 1""")]
    [InlineData("""vllm:lora_requests_info{max_lora="-1",running_lora_adapters="a",waiting_lora_adapters="b"} 1""")]
    [InlineData("""vllm:lora_requests_info{max_lora="2",running_lora_adapters="a"} 1""")]
    public void Labels_that_are_not_what_they_should_be_are_passed_over(string line)
    {
        var sample = PrometheusText.Parse(System.Text.Encoding.UTF8.GetBytes(line));

        (sample.KvCacheTokens, sample.Adapters).ShouldBe((0, null));
    }

    [Theory]
    [InlineData("""vllm:cache_config_info{enable_prefix_caching="True",engine="0"} 1""", false)]
    [InlineData("""vllm:cache_config_info{engine="0"} 1""", false)]
    [InlineData("""vllm:cache_config_info{block_size="None",enable_prefix_caching="False",engine="0"} 1""", true)]
    public void An_engine_says_whether_it_keeps_prompts(string line, bool forgets) =>
        PrometheusText.Parse(System.Text.Encoding.UTF8.GetBytes(line)).ForgetsPrompts.ShouldBe(forgets);

    [Fact]
    public void A_restart_of_the_engine_is_counted()
    {
        var state = new ScrapeState();
        state.Add(Sample(100, 50, 1, 1), 0, 0, out _);
        state.Add(Sample(200, 90, 2, 2), 1_000, 0, out _);
        state.Restarts.ShouldBe(0);
        state.Add(Sample(10, 5, 1, 1), 2_000, 0, out _);
        state.Restarts.ShouldBe(1);
    }

    [Fact]
    public void Text_that_is_no_engines_has_no_series() => PrometheusText.Parse("<html>\n<b>vllm:</b>\n"u8).Series.ShouldBe(0);

    [Fact]
    public void Counters_become_rates_and_means_over_the_window()
    {
        var state = new ScrapeState();
        state.Add(Sample(1_000, 500, 10, 2), 0, own: 1, out _);
        var figures = state.Add(Sample(3_000, 900, 14, 4) with { Waiting = 3, Running = 8 }, 2_000, own: 5, out _);

        // 2 s for 2,000 tokens in 4 prefills, each of which waited for a step of 20 ms; the prior is 0.8192 s for 8,192.
        figures.SecondsPerPromptToken.ShouldBe((2 - 4 * 0.02 + 0.8192) / (2_000 + 8_192), 1e-12);
        figures.SecondsPerOutputToken.ShouldBe(0.02, 1e-12);
        figures.MeanOutputTokens.ShouldBe(900.0 / 14);
        // 4 finished in 2 s; 400 tokens at 64.3 a request are 6.2 requests in 2 s.
        figures.FinishRate.ShouldBe(400 / (900.0 / 14) / 2, 1e-9);
        (figures.BatchLimit, figures.OwnAtObservation, figures.ObservedAtMs).ShouldBe((8, 5, 2_000));
    }

    [Fact]
    public void Figures_without_news_are_unknown_again()
    {
        var state = new ScrapeState();
        state.Add(Sample(1_000, 500, 10, 2), 0, 0, out _);
        state.Add(Sample(3_000, 900, 14, 4), 1_000, 0, out _).SecondsPerOutputToken.ShouldBeGreaterThan(0);
        ReplicaFigures after = new();
        for (var i = 2; i < 10; i++)
            after = state.Add(Sample(3_000, 900, 14, 4), i * 1_000, 0, out _);

        (after.SecondsPerOutputToken, after.SecondsPerPromptToken, after.FinishRate).ShouldBe((0, 0, 0));
        after.MeanOutputTokens.ShouldBe(900.0 / 14);
    }

    [Fact]
    public void A_few_short_prompts_do_not_make_a_replica_look_slow_for_long_ones()
    {
        var state = new ScrapeState();
        state.Add(Sample(0, 0, 0, 0), 0, 0, out _);
        // Three prompts of 3 tokens took 25 ms each: 8 ms a token by division alone, 10 s for a prompt of 1,200.
        var figures = state.Add(Sample(9, 30, 3, 0.075) with { PrefillCount = 3 }, 1_000, 0, out _);

        (1_200 * figures.SecondsPerPromptToken).ShouldBeLessThan(0.2);
    }

    [Fact]
    public void A_restarted_engine_begins_a_new_window()
    {
        var state = new ScrapeState();
        state.Add(Sample(100_000, 50_000, 1_000, 200), 0, 0, out _);
        var figures = state.Add(Sample(10, 5, 1, 0.01), 1_000, 0, out _);
        figures.SecondsPerPromptToken.ShouldBeGreaterThanOrEqualTo(0);
        figures = state.Add(Sample(1_010, 105, 2, 1.01), 2_000, 0, out _);

        // 1 s for 1,000 tokens in 1 prefill.
        figures.SecondsPerPromptToken.ShouldBe((1 - 0.02 + 0.8192) / (1_000 + 8_192), 1e-12);
    }

    [Fact]
    public void Joules_are_counted_from_the_first_sight_and_across_restarts()
    {
        var state = new ScrapeState();
        var sum = 0.0;
        foreach (var reading in (double[])[500, 600, 650, 20, 30])
        {
            state.Add(new EngineSample { EnergyJoules = reading, Series = 1 }, 0, 0, out var joules);
            sum += joules;
        }

        sum.ShouldBe(150 + 20 + 10);
    }

    private static EngineSample Sample(double prompt, double generated, double finished, double prefillSeconds) => new()
    {
        PromptTokens = prompt,
        GeneratedTokens = generated,
        FinishedRequests = finished,
        PrefillSeconds = prefillSeconds,
        PrefillCount = finished,
        InterTokenSeconds = generated * 0.02,
        InterTokenCount = generated,
        Series = 1,
    };
}
