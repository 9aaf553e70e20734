using Ops.Profiles;

namespace Ops.Sandbox.ModelServer.Tests;

public class ServerOptionsTests
{
    private static readonly string[] Llama = ["--model", "meta-llama/Llama-3.1-8B-Instruct"];

    private static readonly string[] Big = ["--model", "Qwen/Qwen3-32B", "--tensor-parallel-size", "2"];

    [Fact]
    public void Defaults_are_those_of_the_engine_it_stands_for()
    {
        var options = ServerOptions.Parse(Llama);
        options.Url.ShouldBe("http://127.0.0.1:8000");
        options.Limits.MaxSequences.ShouldBe(256);
        options.Limits.MaxStepTokens.ShouldBe(8192);
        options.Power.ShouldBe(new PowerSetting(1980, 700));
        options.ServedNames.ShouldBe([Llama[1]]);
        options.MaxModelLength.ShouldBe(131_072);
    }

    [Fact]
    public void The_arguments_of_a_pool_are_understood()
    {
        var options = ServerOptions.Parse(
        [
            "--model", "Qwen/Qwen3-32B", "--host", "127.10.0.3", "--port=8000", "--tensor-parallel-size", "2",
            "--gpu-product", "NVIDIA-H100-80GB-HBM3", "--clock-mhz", "1200", "--power-limit-watts", "500", "--served-model-name", "a", "b",
        ]);
        options.Url.ShouldBe("http://127.10.0.3:8000");
        options.Profile.GpuCount.ShouldBe(2);
        options.Power.ShouldBe(new PowerSetting(1200, 500));
        options.ServedNames.ShouldBe(["a", "b"]);
    }

    [Theory]
    [InlineData("--frobnicate 1", "--frobnicate")]
    [InlineData("--port x", "--port")]
    [InlineData("--port", "--port")]
    [InlineData("--port 1 2", "--port")]
    [InlineData("--port 1 --port 2", "twice")]
    [InlineData("--clock-mhz 5000", "between 210 and 1980")]
    [InlineData("--power-limit-watts 100", "between 200 and 700")]
    [InlineData("--max-num-seqs 0", "at least 1")]
    public void A_bad_argument_is_refused_by_name(string arguments, string named) =>
        Should.Throw<UsageException>(() => ServerOptions.Parse([.. Llama, .. arguments.Split(' ')])).Message.ShouldContain(named);

    [Fact]
    public void Models_on_the_same_GPUs_are_options_within_options()
    {
        var options = ServerOptions.Parse([.. Big, "--gpu-memory-utilization", "0.5", "--co-resident", "--model Qwen/Qwen3-14B --port 8001 --gpu-memory-utilization 0.4", "--model Qwen/Qwen3-8B --port 8002 --gpu-memory-utilization 0.4 --first-gpu 1"]);
        options.CoResidents.Select(one => (one.Model, one.Url, one.FirstGpu)).ShouldBe([("Qwen/Qwen3-14B", "http://127.0.0.1:8001", 0), ("Qwen/Qwen3-8B", "http://127.0.0.1:8002", 1)]);
        options.Limits.CacheTokens.ShouldBe(options.Profile.KvTokens(0.5));
        options.Limits.CacheTokens.ShouldBeLessThan(options.Profile.KvCapacityTokens);
    }

    [Theory]
    [InlineData("0.5", "--model Qwen/Qwen3-14B --gpu-memory-utilization 0.41", "GPU 0")]
    [InlineData("0.5", "--model Qwen/Qwen3-14B --gpu-memory-utilization 0.3", "0.3 leaves no room")]
    [InlineData("0.5", "--model Qwen/Qwen3-14B --gpu-memory-utilization 0.4 --first-gpu 2", "GPUs 2 to 2")]
    [InlineData("1.5", "--model Qwen/Qwen3-14B --gpu-memory-utilization 0.4", "at most 1")]
    public void What_does_not_fit_on_the_GPUs_is_refused(string share, string other, string named) =>
        Should.Throw<UsageException>(() => ServerOptions.Parse([.. Big, "--gpu-memory-utilization", share, "--co-resident", other])).Message.ShouldContain(named);

    [Fact]
    public void A_model_without_measurements_is_refused_with_the_known_ones() =>
        Should.Throw<UnknownProfileException>(() => ServerOptions.Parse(["--model", "acme/none"])).Message.ShouldContain("Qwen/Qwen3-14B on 1 x");

    [Fact]
    public void A_model_is_required() => Should.Throw<UsageException>(() => ServerOptions.Parse([]));
}
