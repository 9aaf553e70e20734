using System.Diagnostics;
using System.Text;
using CsCheck;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;
using Ops.Sandbox.Node.Kubelet;
using Ops.Sandbox.Node.Workloads;

namespace Ops.SandboxNode.Tests;

public sealed class KubeletPartTests
{
    [Fact]
    public void Addresses_are_unique_stay_with_their_holder_and_come_back() => Gen.Int[0, int.MaxValue].Sample(
        seed =>
        {
            var random = new Random(seed);
            var pool = new AddressPool("127.9.8.0/28");
            var held = new Dictionary<string, string>();
            for (var step = 0; step < 200; step++)
            {
                var holder = $"h{random.Next(20)}";
                if (random.Next(3) == 0)
                {
                    pool.Release(holder);
                    held.Remove(holder);
                }
                else if (held.Count < 14 || held.ContainsKey(holder))
                {
                    var address = pool.Take(holder);
                    address.ShouldStartWith("127.9.8.");
                    held.Where(pair => pair.Key != holder).ShouldAllBe(pair => pair.Value != address);
                    if (held.TryGetValue(holder, out var before))
                        address.ShouldBe(before);
                    held[holder] = address;
                }
                else
                {
                    Should.Throw<InvalidOperationException>(() => pool.Take(holder));
                }
            }
        },
        iter: 200, threads: 1);

    [Fact]
    public void A_reserved_address_is_nobody_elses_and_a_foreign_one_is_refused()
    {
        var pool = new AddressPool("127.9.8.0/24");
        pool.TryReserve("127.9.8.1", "a").ShouldBeTrue();
        pool.TryReserve("127.9.8.1", "b").ShouldBeFalse();
        pool.TryReserve("127.9.9.1", "b").ShouldBeFalse();
        pool.Take("b").ShouldNotBe("127.9.8.1");
        pool.Take("a").ShouldBe("127.9.8.1");
        Should.Throw<ArgumentException>(() => new AddressPool("10.0.0.0/24"));
    }

    [Fact]
    public void Back_off_starts_after_the_first_retry_doubles_to_five_minutes_and_forgets()
    {
        var backoff = new RestartBackoff();
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        backoff.Left(now, now).ShouldBeNull();
        foreach (var seconds in new[] { 10, 20, 40, 80, 160, 300, 300 })
        {
            backoff.Next(now);
            backoff.Left(now, now).ShouldBe(TimeSpan.FromSeconds(seconds));
            now = now.AddSeconds(seconds);
            backoff.Left(now.AddSeconds(-seconds), now).ShouldBeNull();
        }
        backoff.Left(now.AddMinutes(11), now.AddMinutes(11)).ShouldBeNull();
        backoff.Next(now.AddMinutes(11));
        backoff.Current.ShouldBe(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("$(A)", "1")]
    [InlineData("x$(A)y$(B)", "x1y2")]
    [InlineData("$(NONE)", "$(NONE)")]
    [InlineData("$$(A)", "$(A)")]
    [InlineData("$$$(A)", "$1")]
    [InlineData("$A ${A} $", "$A ${A} $")]
    [InlineData("$(A", "$(A")]
    public void References_expand_as_the_api_says(string text, string expected) =>
        ContainerEnvironment.Expand(text, new Dictionary<string, string> { ["A"] = "1", ["B"] = "2" }).ShouldBe(expected);

    [Theory]
    [InlineData("--config=/etc/ops/a.yaml", "--config=/real/ops/a.yaml")]
    [InlineData("/etc/ops", "/real/ops")]
    [InlineData("cat /etc/ops/x; cat /etc/ops/secret/y", "cat /real/ops/x; cat /real/secret/y")]
    [InlineData("/etc/opsx /my/etc/ops", "/etc/opsx /my/etc/ops")]
    public void Mounted_paths_are_mapped_where_they_stand_as_paths(string text, string expected) =>
        new PathMapping([("/etc/ops/", "/real/ops"), ("/etc/ops/secret", "/real/secret")]).Apply(text).ShouldBe(expected);

    [Fact]
    public async Task Log_lines_survive_storing_cutting_and_reading_back()
    {
        var folder = Directory.CreateTempSubdirectory("ops-log-test-").FullName;
        try
        {
            var clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
            var path = Path.Combine(folder, "0.log");
            var text = $"first\n{new string('x', 40_000)}\n\nlast without end";
            using (var log = new ContainerLog(path, clock))
            {
                // In pieces of odd sizes, as pipes deliver them.
                var bytes = Encoding.UTF8.GetBytes(text);
                for (var at = 0; at < bytes.Length; at += 777)
                    log.Append(bytes.AsSpan(at, Math.Min(777, bytes.Length - at)));
            }
            (await ReadAsync(path, new LogQuery(), clock)).ShouldBe(text + "\n");
            (await ReadAsync(path, new LogQuery(LimitBytes: 8), clock)).ShouldBe("first\nxx");
            (await ReadAsync(path, new LogQuery(TailLines: 1), clock)).ShouldBe("last without end\n");
            clock.Advance(TimeSpan.FromMinutes(1));
            (await ReadAsync(path, new LogQuery(Since: TimeSpan.FromSeconds(30)), clock)).ShouldBe("");
            (await ReadAsync(path, new LogQuery(Since: TimeSpan.FromSeconds(90)), clock)).ShouldBe(text + "\n");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_log_that_grows_without_end_keeps_two_files_of_ten_mebibytes()
    {
        var folder = Directory.CreateTempSubdirectory("ops-log-test-").FullName;
        try
        {
            var path = Path.Combine(folder, "0.log");
            using (var log = new ContainerLog(path, TimeProvider.System))
            {
                var line = Encoding.ASCII.GetBytes(new string('y', 8000) + "\n");
                for (var written = 0L; written < 3 * ContainerLog.FileLimit; written += line.Length)
                    log.Append(line);
            }
            Directory.GetFiles(folder).Length.ShouldBe(2);
            Directory.GetFiles(folder).Sum(file => new FileInfo(file).Length).ShouldBeLessThan(2 * ContainerLog.FileLimit + 20_000);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Leftovers_of_a_crash_are_ended_and_strangers_are_left_alone()
    {
        var work = Directory.CreateTempSubdirectory("ops-left-test-").FullName;
        using var stranger = Start("unrelated");
        using var marked = Start(work);
        try
        {
            var pids = Path.Combine(work, "pids");
            var leftovers = new Leftovers(work);
            // The stranger got the id of a container that is long gone: same id, other start time.
            await File.WriteAllTextAsync(Path.Combine(pids, $"{stranger.Id}"), $$"""{"Pid":{{stranger.Id}},"StartTicks":1}""", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(pids, "1"), "cut off", TestContext.Current.CancellationToken);

            leftovers.Clean().ShouldBe(1);

            await marked.WaitForExitAsync(TestContext.Current.CancellationToken);
            marked.ExitCode.ShouldBe(128 + ProcessTools.SigKill);
            stranger.HasExited.ShouldBeFalse();
            Directory.GetFiles(pids).ShouldBeEmpty();
        }
        finally
        {
            stranger.Kill();
            if (!marked.HasExited)
                marked.Kill();
            Directory.Delete(work, recursive: true);
        }
    }

    [Fact]
    public async Task A_container_dies_with_the_thread_that_started_it()
    {
        // The launcher's thread stands for the sandbox: Linux signals a child when the thread that forked it ends.
        Process process;
        using (var launcher = new ProcessLauncher())
        {
            process = await launcher.StartContainerAsync("/bin/sleep", ["1000"], "/", new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" });
            // The signal is asked for by the wrapper just before it becomes the command.
            while (!File.ReadAllText($"/proc/{process.Id}/comm").StartsWith("sleep", StringComparison.Ordinal))
                await Task.Delay(5, TestContext.Current.CancellationToken);
            process.HasExited.ShouldBeFalse();
        }
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(128 + ProcessTools.SigKill);
        process.Dispose();
    }

    [Fact]
    public void Volumes_follow_their_sources_and_stay_inside_their_folder()
    {
        var folder = Directory.CreateTempSubdirectory("ops-volume-test-").FullName;
        try
        {
            var map = new V1ConfigMap { Data = new Dictionary<string, string> { ["a"] = "one" } };
            var pod = Make.Pod("p");
            pod.Spec.Volumes = [new V1Volume { Name = "v", ConfigMap = new V1ConfigMapVolumeSource { Name = "m" } }];
            var sources = new EnvironmentSources(_ => map, _ => null, [], "127.0.0.1", "127.0.0.1", null);
            var volumes = new VolumeFolders(folder, folder, pod, sources, () => null);
            volumes.Fill();
            File.ReadAllText(Path.Combine(folder, "volumes", "v", "a")).ShouldBe("one");
            map.Data["a"] = "two";
            volumes.Fill();
            File.ReadAllText(Path.Combine(folder, "volumes", "v", "a")).ShouldBe("two");

            pod.Spec.Volumes[0].ConfigMap.Items = [new V1KeyToPath { Key = "a", Path = "../../../escape" }];
            Should.Throw<ContainerConfigException>(volumes.Fill).Message.ShouldContain("leads out of its volume");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Folders_of_pods_that_are_gone_are_removed()
    {
        var work = Directory.CreateTempSubdirectory("ops-stale-test-").FullName;
        try
        {
            foreach (var path in new[] { "pods/kept", "pods/gone", "logs/default_web-0_kept", "logs/default_web-0_gone" })
                Directory.CreateDirectory(Path.Combine(work, path));

            StaleFolders.Remove(work, new HashSet<string> { "kept" });

            Directory.GetDirectories(work, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(work, path)).Order(StringComparer.Ordinal)
                .ShouldBe(["logs", "logs/default_web-0_kept", "pods", "pods/kept"]);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    [Theory]
    [InlineData(new[] { 0, 1, 2, 5 }, "0-2,5")]
    [InlineData(new[] { 3, 4 }, "3,4")]
    [InlineData(new int[0], "")]
    public void Completed_indexes_are_written_as_ranges(int[] indexes, string expected) => JobStatus.Ranges(indexes).ShouldBe(expected);

    [Theory]
    [InlineData("Always", 0, false, "Running")]
    [InlineData("OnFailure", 0, false, "Succeeded")]
    [InlineData("OnFailure", 1, false, "Running")]
    [InlineData("Never", 0, false, "Succeeded")]
    [InlineData("Never", 2, false, "Failed")]
    [InlineData("Always", 143, true, "Failed")]
    public void The_phase_of_a_pod_whose_container_ended_follows_its_restart_policy(string policy, int exitCode, bool terminating, string expected)
    {
        var pod = Make.Pod("p");
        pod.Spec.RestartPolicy = policy;
        var slot = new ContainerSlot(pod.Spec.Containers[0], isInit: false)
        {
            HasRun = true, Waiting = null, Ended = new V1ContainerStateTerminated { ExitCode = exitCode },
        };

        PodStatusBuilder.PhaseOf(pod, [slot], terminating).ShouldBe(expected);
    }

    private static async Task<string> ReadAsync(string path, LogQuery query, TimeProvider clock)
    {
        using var output = new MemoryStream();
        await LogReader.WriteAsync(path, query, () => true, output, clock, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static Process Start(string marker)
    {
        var info = new ProcessStartInfo("/bin/sleep", "1000");
        info.Environment[Leftovers.Marker] = marker;
        var process = Process.Start(info)!;
        // Between fork and exec the process still shows the test's own environment.
        while (!File.ReadAllText($"/proc/{process.Id}/comm").StartsWith("sleep", StringComparison.Ordinal))
            System.Threading.Thread.Yield();
        return process;
    }
}
