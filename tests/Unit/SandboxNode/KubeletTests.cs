using k8s.Models;
using Ops.Sandbox.Node;

namespace Ops.SandboxNode.Tests;

public sealed class KubeletTests
{
    [Fact]
    public async Task A_pod_becomes_a_process_with_an_address_and_tells_its_life()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.CreatePod("web");

        var pod = await sandbox.ExpectPodAsync("web", one => Ready(one), "ready");

        pod.Status.Phase.ShouldBe("Running");
        pod.Status.PodIP.ShouldStartWith("127.");
        pod.Spec.NodeName.ShouldBe("node-0");
        pod.Status.Conditions.Select(condition => condition.Type).ShouldBe(["Initialized", "Ready", "ContainersReady", "PodScheduled"]);
        pod.Status.ContainerStatuses[0].State.Running.ShouldNotBeNull();
        foreach (var (reason, message) in new[] { ("Scheduled", "Successfully assigned default/web to node-0"), ("Pulled", "\"sh\""), ("Created", "Created container: main"), ("Started", "Started container main") })
            await sandbox.ExpectEventAsync("web", reason, message);
    }

    [Fact]
    public async Task A_deleted_pod_ends_with_its_process()
    {
        await using var sandbox = await Sandbox.StartAsync();
        // The kubelet halves doubled dollars: the shell reads $$, its own id.
        sandbox.CreatePod("web", null, "echo $$$$", "trap 'echo bye; exit 0' TERM", "sleep 1000 & wait");
        await sandbox.ExpectPodAsync("web", Ready, "ready");
        await sandbox.ExpectAsync(() => sandbox.LogsAsync("web").Result.Length > 0, "the process id in the log");
        var pid = int.Parse(await sandbox.LogsAsync("web"));
        Directory.Exists($"/proc/{pid}").ShouldBeTrue();

        sandbox.Client.Delete<V1Pod>("default", "web");

        await sandbox.ExpectGoneAsync<V1Pod>("web");
        Directory.Exists($"/proc/{pid}").ShouldBeFalse();
        await sandbox.ExpectEventAsync("web", "Killing", "Stopping container main");
    }

    [Fact]
    public async Task A_container_that_ignores_SIGTERM_is_killed_after_its_grace_with_all_its_children()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.CreatePod("deaf", spec => spec.TerminationGracePeriodSeconds = 1, "trap '' TERM", "sleep 1000 & echo $!", "wait");
        await sandbox.ExpectPodAsync("deaf", Ready, "ready");
        await sandbox.ExpectAsync(() => sandbox.LogsAsync("deaf").Result.Length > 0, "the child's id in the log");
        var child = int.Parse(await sandbox.LogsAsync("deaf"));
        var born = Ops.Sandbox.Node.Kubelet.ProcessTools.StartTime(child).ShouldNotBeNull();

        sandbox.Client.Delete<V1Pod>("default", "deaf");

        await sandbox.ExpectGoneAsync<V1Pod>("deaf");
        await sandbox.ExpectAsync(() => Ops.Sandbox.Node.Kubelet.ProcessTools.StartTime(child) != born, "the child dies with its group");
    }

    [Fact]
    public async Task A_container_above_its_memory_limit_is_killed_and_says_why()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.CreatePod(
            "hungry", spec => spec.Containers[0].Resources = new() { Limits = new Dictionary<string, ResourceQuantity> { ["memory"] = new("16Mi") } },
            "x=$(head -c 64000000 /dev/zero | tr '\\0' a); sleep 1000");
        sandbox.CreatePod("modest", spec => spec.Containers[0].Resources = new() { Limits = new Dictionary<string, ResourceQuantity> { ["memory"] = new("16Mi") } }, "echo $DOTNET_GCHeapHardLimit; sleep 1000");

        var pod = await sandbox.ExpectPodAsync("hungry", one => one.Status?.ContainerStatuses?[0].LastState?.Terminated is not null, "killed once");

        var ended = pod.Status.ContainerStatuses[0].LastState.Terminated;
        (ended.Reason, ended.ExitCode).ShouldBe(("OOMKilled", 137));
        // 20 MiB, the least that a runtime takes.
        await sandbox.ExpectAsync(() => sandbox.LogsAsync("modest").Result.Contains("1400000"), "the heap limit in the log");
        (await sandbox.ExpectPodAsync("modest", Ready, "ready")).Status.ContainerStatuses[0].RestartCount.ShouldBe(0);
    }

    [Fact]
    public async Task A_failing_container_restarts_at_once_and_then_backs_off()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.CreatePod("crash", null, "echo run", "exit 3");

        var pod = await sandbox.ExpectPodAsync("crash", one => one.Status?.ContainerStatuses?[0].State.Waiting?.Reason == "CrashLoopBackOff", "in back-off");

        var status = pod.Status.ContainerStatuses[0];
        status.RestartCount.ShouldBe(1);
        status.LastState.Terminated.ExitCode.ShouldBe(3);
        status.State.Waiting.Message.ShouldStartWith("back-off 10s restarting failed container=main pod=crash_default(");
        pod.Status.Phase.ShouldBe("Running");
        await sandbox.ExpectEventAsync("crash", "BackOff", "Back-off restarting failed container main in pod crash_default(");
        (await sandbox.LogsAsync("crash")).ShouldBe("run\n");
        (await sandbox.LogsAsync("crash", previous: true)).ShouldBe("run\n");
    }

    [Fact]
    public async Task An_unknown_image_is_an_image_pull_error_that_names_what_there_is()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.CreatePod("lost", spec => spec.Containers[0].Image = "nginx:1.27");

        var pod = await sandbox.ExpectPodAsync("lost", one => one.Status?.ContainerStatuses?[0].State.Waiting?.Reason == "ErrImagePull", "an image pull error");
        pod.Status.ContainerStatuses[0].State.Waiting.Message.ShouldContain("\"nginx:1.27\" is not in the sandbox's image table, which has: base, sh, sleeper");
        await sandbox.ExpectPodAsync("lost", one => one.Status.ContainerStatuses[0].State.Waiting?.Reason == "ImagePullBackOff", "in back-off");
        sandbox.Pod("lost").Status.Phase.ShouldBe("Pending");
    }

    [Fact]
    public async Task The_environment_comes_from_values_fields_config_maps_and_secrets()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Client.Create(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "conf", NamespaceProperty = "default" }, Data = new Dictionary<string, string> { ["color"] = "blue", ["size"] = "xl" } });
        sandbox.Client.Create(new V1Secret { Metadata = new V1ObjectMeta { Name = "keys", NamespaceProperty = "default" }, StringData = new Dictionary<string, string> { ["token"] = "s3cret" } });
        sandbox.CreatePod("env", spec =>
        {
            spec.RestartPolicy = "Never";
            spec.Containers[0].EnvFrom = [new V1EnvFromSource { Prefix = "C_", ConfigMapRef = new V1ConfigMapEnvSource { Name = "conf" } }];
            spec.Containers[0].Env =
            [
                new V1EnvVar { Name = "TOKEN", ValueFrom = new V1EnvVarSource { SecretKeyRef = new V1SecretKeySelector { Name = "keys", Key = "token" } } },
                new V1EnvVar { Name = "IP", ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = "status.podIP" } } },
                new V1EnvVar { Name = "URL", Value = "http://$(IP):80/$(C_color)/$(NOPE)/$$(IP)" },
            ];
            spec.Containers[0].Args = ["-c", "echo $TOKEN $C_size \"$URL\"; echo \"$0\"; test -f \"$KUBECONFIG\" && echo kubeconfig", "http://$(IP)"];
        });

        var pod = await sandbox.ExpectPodAsync("env", one => one.Status?.Phase == "Succeeded", "done");

        (await sandbox.LogsAsync("env")).ShouldBe($"s3cret xl http://{pod.Status.PodIP}:80/blue/$(NOPE)/$(IP)\nhttp://{pod.Status.PodIP}\nkubeconfig\n");
    }

    [Fact]
    public async Task A_missing_secret_holds_the_container_until_it_comes()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.CreatePod("late", spec => spec.Containers[0].Env = [new V1EnvVar { Name = "T", ValueFrom = new V1EnvVarSource { SecretKeyRef = new V1SecretKeySelector { Name = "late", Key = "t" } } }]);
        var pod = await sandbox.ExpectPodAsync("late", one => one.Status?.ContainerStatuses?[0].State.Waiting?.Reason == "CreateContainerConfigError", "a configuration error");
        pod.Status.ContainerStatuses[0].State.Waiting.Message.ShouldBe("secret \"late\" not found");

        sandbox.Client.Create(new V1Secret { Metadata = new V1ObjectMeta { Name = "late", NamespaceProperty = "default" }, StringData = new Dictionary<string, string> { ["t"] = "x" } });

        await sandbox.ExpectPodAsync("late", Ready, "ready");
        sandbox.Pod("late").Status.ContainerStatuses[0].RestartCount.ShouldBe(0);
    }

    [Fact]
    public async Task Volumes_are_folders_that_arguments_name_by_their_mount_path()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Client.Create(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "files", NamespaceProperty = "default" }, Data = new Dictionary<string, string> { ["a.txt"] = "alpha" } });
        sandbox.CreatePod("vol", spec =>
        {
            spec.RestartPolicy = "Never";
            spec.Volumes = [new V1Volume { Name = "files", ConfigMap = new V1ConfigMapVolumeSource { Name = "files" } }, new V1Volume { Name = "scratch", EmptyDir = new V1EmptyDirVolumeSource() }];
            spec.InitContainers = [new V1Container { Name = "init", Image = "sh", Args = ["-c", "echo beta > /scratch/b.txt"], VolumeMounts = [new V1VolumeMount { Name = "scratch", MountPath = "/scratch" }] }];
            spec.Containers[0].VolumeMounts = [new V1VolumeMount { Name = "files", MountPath = "/etc/files" }, new V1VolumeMount { Name = "scratch", MountPath = "/data" }];
            spec.Containers[0].Args = ["-c", "cat /etc/files/a.txt; echo; cat /data/b.txt"];
        });

        await sandbox.ExpectPodAsync("vol", one => one.Status?.Phase == "Succeeded", "done");

        (await sandbox.LogsAsync("vol")).ShouldBe("alpha\nbeta\n");
    }

    [Fact]
    public async Task Init_containers_run_one_after_another_before_the_main_one()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.CreatePod("steps", spec =>
        {
            spec.InitContainers =
            [
                new V1Container { Name = "one", Image = "sh", Args = ["-c", "sleep 0.2; echo one"] },
                new V1Container { Name = "two", Image = "sh", Args = ["-c", "echo two"] },
            ];
        });

        var pod = await sandbox.ExpectPodAsync("steps", Ready, "ready");

        var (one, two) = (pod.Status.InitContainerStatuses[0].State.Terminated, pod.Status.InitContainerStatuses[1].State.Terminated);
        two.StartedAt!.Value.ShouldBeGreaterThanOrEqualTo(one.FinishedAt!.Value);
        pod.Status.Conditions.Single(condition => condition.Type == "Initialized").Status.ShouldBe("True");
        (await sandbox.LogsAsync("steps", "two")).ShouldBe("two\n");
    }

    [Fact]
    public async Task Readiness_follows_its_probe_and_liveness_restarts_the_container()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.CreatePod("probed", spec =>
        {
            spec.TerminationGracePeriodSeconds = 1;
            spec.Volumes = [new V1Volume { Name = "d", EmptyDir = new V1EmptyDirVolumeSource() }];
            spec.Containers[0].VolumeMounts = [new V1VolumeMount { Name = "d", MountPath = "/d" }];
            spec.Containers[0].ReadinessProbe = new V1Probe { Exec = new V1ExecAction { Command = ["test", "-f", "/d/ready"] }, PeriodSeconds = 1, FailureThreshold = 1 };
            spec.Containers[0].LivenessProbe = new V1Probe { Exec = new V1ExecAction { Command = ["sh", "-c", "test ! -f /d/sick || { rm /d/sick; echo unwell; exit 1; }"] }, PeriodSeconds = 1, FailureThreshold = 1 };
            spec.Containers[0].Args = ["-c", "trap 'exit 0' TERM; sleep 1000 & wait"];
        });
        var pod = await sandbox.ExpectPodAsync("probed", one => one.Status?.Phase == "Running", "running");
        await sandbox.ExpectEventAsync("probed", "Unhealthy", "Readiness probe failed: ");
        Ready(sandbox.Pod("probed")).ShouldBeFalse();
        var volume = Path.Combine(sandbox.Folder, "node", "pods", pod.Metadata.Uid, "volumes", "d");

        await File.WriteAllTextAsync(Path.Combine(volume, "ready"), "", TestContext.Current.CancellationToken);
        await sandbox.ExpectPodAsync("probed", Ready, "ready");
        await File.WriteAllTextAsync(Path.Combine(volume, "sick"), "", TestContext.Current.CancellationToken);

        await sandbox.ExpectPodAsync("probed", one => one.Status.ContainerStatuses[0].RestartCount == 1 && Ready(one), "restarted");
        await sandbox.ExpectEventAsync("probed", "Unhealthy", "Liveness probe failed: unwell");
        await sandbox.ExpectEventAsync("probed", "Killing", "Container main failed liveness probe, will be restarted");
    }

    [Fact]
    public async Task Exec_runs_beside_the_container_with_its_environment_and_exit_code()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.CreatePod("box", spec => spec.Containers[0].Env = [new V1EnvVar { Name = "COLOR", Value = "green" }]);
        await sandbox.ExpectPodAsync("box", Ready, "ready");
        using var input = new MemoryStream("from stdin"u8.ToArray());
        using var output = new MemoryStream();
        using var errors = new MemoryStream();

        var code = await sandbox.Server.NodeStreams!.ExecAsync("default", "box", "main", ["sh", "-c", "echo $COLOR; cat; echo bad >&2; exit 7"], input, output, errors, TestContext.Current.CancellationToken);

        code.ShouldBe(7);
        System.Text.Encoding.UTF8.GetString(output.ToArray()).ShouldBe("green\nfrom stdin");
        System.Text.Encoding.UTF8.GetString(errors.ToArray()).ShouldBe("bad\n");
    }

    [Fact]
    public async Task Logs_can_be_followed_to_the_end_cut_to_a_tail_and_stamped()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.CreatePod("talk", spec => spec.RestartPolicy = "Never", "echo one", "sleep 0.3", "echo two >&2", "sleep 0.3", "printf three");
        await sandbox.ExpectPodAsync("talk", one => one.Status?.ContainerStatuses?[0].State.Running is not null || one.Status?.Phase == "Succeeded", "started");

        (await sandbox.LogsAsync("talk", follow: true)).ShouldBe("one\ntwo\nthree\n");

        (await sandbox.LogsAsync("talk", tail: 2)).ShouldBe("two\nthree\n");
        (await sandbox.LogsAsync("talk", tail: 1, timestamps: true)).ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z three\n$");
    }

    [Fact]
    public async Task After_a_restart_of_the_sandbox_the_same_pod_runs_in_a_new_process()
    {
        await using var sandbox = await Sandbox.StartAsync(persistent: true);
        sandbox.CreatePod("stay");
        var before = await sandbox.ExpectPodAsync("stay", Ready, "ready");

        await sandbox.RestartAsync();

        var after = await sandbox.ExpectPodAsync("stay", one => Ready(one) && one.Status.ContainerStatuses[0].RestartCount == 1, "ready again");
        after.Metadata.Uid.ShouldBe(before.Metadata.Uid);
        after.Status.PodIP.ShouldBe(before.Status.PodIP);
        after.Status.ContainerStatuses[0].LastState.Terminated.Reason.ShouldBe("Unknown");
    }

    [Fact]
    public async Task Twenty_pods_stop_in_parallel_and_leave_no_process()
    {
        var sandbox = await Sandbox.StartAsync();
        string work;
        await using (sandbox)
        {
            work = Path.Combine(sandbox.Folder, "node");
            for (var index = 0; index < 20; index++)
                sandbox.CreatePod($"many-{index}");
            await sandbox.ExpectAsync(() => sandbox.Client.List<V1Pod>("default").All(Ready), "all ready");
            Marked(work).Count().ShouldBeGreaterThanOrEqualTo(20);
        }
        Marked(work).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_command_that_does_not_exist_is_a_start_error()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.CreatePod("typo", spec =>
        {
            spec.RestartPolicy = "Never";
            spec.Containers[0] = new V1Container { Name = "main", Image = "base", Command = ["no-such-command"] };
        });

        var pod = await sandbox.ExpectPodAsync("typo", one => one.Status?.Phase == "Failed", "failed");

        var ended = pod.Status.ContainerStatuses[0].State.Terminated;
        (ended.ExitCode, ended.Reason).ShouldBe((128, "StartError"));
        ended.Message.ShouldContain("exec: \"no-such-command\": executable file not found in $PATH");
    }

    private static IEnumerable<int> Marked(string work) =>
        Ops.Sandbox.Node.Kubelet.ProcessTools.All().Where(pid => Ops.Sandbox.Node.Kubelet.ProcessTools.HasEnvironment(pid, Ops.Sandbox.Node.Kubelet.Leftovers.Marker, work));

    private static bool Ready(V1Pod pod) => pod.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true;
}
