using System.Diagnostics;
using Ops.Cli.Up;

namespace Ops.Cli.Tests;

/// <summary>One owner at a time, and nothing that outlives a crash.</summary>
public sealed class State_folder_tests : IDisposable
{
    private static readonly RunningInstance Instance = new(1, "http://127.0.0.1:6443", "http://127.0.0.1:30080", "ops-key", "/k");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_second_owner_gets_one_sentence_with_the_process()
    {
        using var first = StateFolder.Acquire(folder.Path);

        var error = Should.Throw<UserError>(() => StateFolder.Acquire(folder.Path));

        error.Message.ShouldContain($"process {Environment.ProcessId}");
        error.Message.ShouldNotContain("\n");
    }

    [Fact]
    public void After_the_owner_went_the_folder_is_free_and_nothing_runs()
    {
        using (var first = StateFolder.Acquire(folder.Path))
        {
            first.Publish(Instance);
            StateFolder.Find(folder.Path).ShouldBe(Instance);
        }

        StateFolder.Find(folder.Path).ShouldBeNull();
        using var second = StateFolder.Acquire(folder.Path);
    }

    [Fact]
    public void A_folder_removed_while_in_use_does_not_hinder_the_end()
    {
        var below = Path.Combine(folder.Path, "state");
        var owner = StateFolder.Acquire(below);
        owner.Publish(Instance);
        Directory.Delete(below, recursive: true);

        owner.Dispose();

        StateFolder.Find(below).ShouldBeNull();
    }

    [Fact]
    public void What_a_crash_left_behind_does_not_count_as_running_and_does_not_block()
    {
        // As after SIGKILL: files are there, the lock is not.
        folder.Write("lock", "");
        folder.Write("pid", "1");
        folder.Write("run.json", System.Text.Json.JsonSerializer.Serialize(Instance));

        StateFolder.Find(folder.Path).ShouldBeNull();
        using var owner = StateFolder.Acquire(folder.Path);
    }

    [Fact]
    public void A_child_process_does_not_inherit_the_lock()
    {
        Process child;
        using (StateFolder.Acquire(folder.Path))
            child = Process.Start(new ProcessStartInfo("sleep", ["30"]))!;

        using (child)
        {
            using (StateFolder.Acquire(folder.Path))
                child.HasExited.ShouldBeFalse();
            child.Kill();
        }
    }

    [Fact]
    public void Fresh_removes_everything_but_the_lock()
    {
        folder.Write("state.db", "x");
        folder.Write("node/pods/a/log", "x");
        using var owner = StateFolder.Acquire(folder.Path);

        owner.Clear();

        Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order().ShouldBe(["lock", "pid"]);
        Should.Throw<UserError>(() => StateFolder.Acquire(folder.Path));
    }

    [Fact]
    public void Secrets_are_readable_by_their_owner_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs Unix file modes");
        using var owner = StateFolder.Acquire(folder.Path);

        var path = owner.WritePrivate("kubeconfig", "token");

        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.ReadAllText(path).ShouldBe("token");
    }
}
