using System.Diagnostics;
using Ops.PowerAgent.Gpus;

namespace Ops.PowerAgent.Tests;

/// <summary>The calls into NVML, against a fake library with NVML's signatures: a machine of the tests has no GPU.</summary>
public sealed class NvmlTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ops-nvml-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_node_without_the_library_is_told()
    {
        NvmlGpus.Open("libops-is-not-here.so.1", out var why).ShouldBeNull();

        why.ShouldBe("NVML (libops-is-not-here.so.1) cannot be loaded");
    }

    [Fact]
    public async Task GPUs_are_read_set_and_given_back_and_a_refusal_names_the_GPU()
    {
        using var gpus = NvmlGpus.Open(await CompileAsync(), out var why).ShouldNotBeNull();
        why.ShouldBeEmpty();

        var first = (await gpus.ReadAsync(Cancellation))[0];
        (first.Id, first.Product, first.PowerLimitWatts, first.ClockMHz, first.Watts).ShouldBe(("GPU-fake-0", "fake H100", 700, 1980, 350.0));
        first.Range.ShouldBe(new GpuRange(345, 1980, 200, 700, 700));

        await gpus.ApplyAsync(new PowerStep("GPU-fake-0", 1200, 500, GivesBack: false, ""), Cancellation);
        var set = (await gpus.ReadAsync(Cancellation))[0];
        (set.PowerLimitWatts, set.ClockMHz, set.Joules - first.Joules).ShouldBe((500, 1200, 0.5));

        await gpus.ApplyAsync(PowerPlanner.Settle(set, PowerWish.None), Cancellation);
        (await gpus.ReadAsync(Cancellation))[0].ClockMHz.ShouldBe(1980);

        (await Should.ThrowAsync<GpuException>(() => gpus.ApplyAsync(new PowerStep("GPU-fake-1", null, 300, GivesBack: false, ""), Cancellation)))
            .Message.ShouldBe("power limit 300 W of GPU-fake-1: Insufficient Permissions");
    }

    private async Task<string> CompileAsync()
    {
        var compiler = (Environment.GetEnvironmentVariable("PATH")?.Split(':') ?? []).Select(place => Path.Combine(place, "cc")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(compiler is null, "no C compiler (cc) on PATH, which the fake of NVML needs");
        var library = Path.Combine(_folder, "libfake-nvml.so");
        using var process = Process.Start(compiler!, ["-shared", "-fPIC", "-o", library, Path.Combine(AppContext.BaseDirectory, "fake_nvml.c")]);
        await process.WaitForExitAsync(Cancellation);
        process.ExitCode.ShouldBe(0);
        return library;
    }
}
