using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>The containers of one pod: starts them in order, restarts them with back-off, stops them with grace.</summary>
internal sealed class PodContainers : IAsyncDisposable
{
    /// <summary>A configuration error is looked at again this often.</summary>
    private static readonly TimeSpan ConfigRetry = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FirstReasonShown = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan VolumePeriod = TimeSpan.FromMinutes(1);

    private readonly KubeletContext context;
    private readonly Func<V1Pod> current;
    private readonly Action wake;
    private readonly ContainerStarter starter;
    private readonly ContainerStopper stopper;
    private readonly ContainerExec exec;
    private DateTimeOffset volumesDue;

    public PodContainers(KubeletContext context, Func<V1Pod> current, Action wake)
    {
        this.context = context;
        this.current = current;
        this.wake = wake;
        starter = new ContainerStarter(context);
        exec = new ContainerExec(context.Launcher, context.PodDirectory(current()));
        stopper = new ContainerStopper(context, current, exec);
        Slots = EarlierRuns.Restore(current(), context.Clock.GetUtcNow());
        Address = current().Spec.HostNetwork == true ? KubeletContext.HostIP : current().Status?.PodIP is { Length: > 0 } ip && context.Addresses.TryReserve(ip, current().Metadata.Uid) ? ip : null;
    }

    public IReadOnlyList<ContainerSlot> Slots { get; }

    /// <summary>The pod's address; null until its first container is about to start.</summary>
    public string? Address { get; private set; }

    public ContainerExec Exec => exec;

    private DateTimeOffset Now => context.Clock.GetUtcNow();

    /// <summary>Takes note of runs that have ended.</summary>
    public async Task ReapAsync()
    {
        foreach (var slot in Slots.Where(slot => slot.Process is { Exited.IsCompleted: true }))
        {
            var process = slot.Process!;
            var (code, at) = await process.Exited;
            if (slot.Probes is { } probes)
                await probes.DisposeAsync();
            slot.Probes = null;
            slot.Process = null;
            slot.IsKilling = false;
            slot.Ended = new V1ContainerStateTerminated
            {
                ExitCode = code,
                Reason = process.IsOutOfMemory ? "OOMKilled" : code == 0 ? "Completed" : "Error",
                StartedAt = process.StartedAt.UtcDateTime,
                FinishedAt = at.UtcDateTime,
                ContainerID = slot.ContainerId,
            };
            context.Leftovers.Remove(process);
        }
    }

    /// <summary>Starts what should run and does not. Returns when to look again, if not before.</summary>
    public async Task<TimeSpan?> SyncAsync()
    {
        RefreshVolumes();
        TimeSpan? next = null;
        foreach (var slot in Slots.Where(slot => slot.Probes?.Failed is not null && !slot.IsKilling))
            GiveUp(slot);
        foreach (var slot in Slots.Where(slot => slot.IsInit))
        {
            if (await AdvanceAsync(slot) is { } wait)
                next = next < wait ? next : wait;
            // The next one, and the main containers, come after this one is done, or, of a sidecar, is up.
            if (slot.IsSidecar ? !slot.IsStarted : !slot.HasSucceeded)
                return next;
        }
        foreach (var slot in Slots.Where(slot => !slot.IsInit))
        {
            if (await AdvanceAsync(slot) is { } wait)
                next = next < wait ? next : wait;
        }
        return next;
    }

    /// <summary>Mounted ConfigMaps and Secrets follow their sources, about a minute late, as the kubelet does it.</summary>
    private void RefreshVolumes()
    {
        if (Address is null || Now < volumesDue || !Slots.Any(slot => slot.IsRunning))
            return;
        volumesDue = Now + VolumePeriod;
        try
        {
            starter.VolumesOf(current(), Address).Fill();
        }
        catch (ContainerConfigException)
        {
            // A source that went away leaves its files as they were.
        }
    }

    /// <summary>Ends every run in parallel: main containers first, then sidecars.</summary>
    public async Task StopAllAsync(Func<DateTimeOffset> deadline, bool hooks)
    {
        await Task.WhenAll(Slots.Where(slot => !slot.IsSidecar).Select(slot => stopper.StopAsync(slot, deadline, hooks)));
        await Task.WhenAll(Slots.Where(slot => slot.IsSidecar).Select(slot => stopper.StopAsync(slot, deadline, hooks)));
        await ReapAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var slot in Slots)
        {
            if (slot.Probes is { } probes)
                await probes.DisposeAsync();
            slot.Probes = null;
        }
    }

    private async Task<TimeSpan?> AdvanceAsync(ContainerSlot slot)
    {
        if (slot.IsRunning || !MayRun(slot))
            return null;
        if (slot.Ended is { FinishedAt: { } at } && slot.Crashes.Left(new DateTimeOffset(at, TimeSpan.Zero), Now) is { } left)
        {
            SayCrashLoop(slot);
            return left;
        }
        if (slot.NotBefore - Now is { } wait && wait > TimeSpan.Zero)
            return wait;
        if (!Pull(slot, out var pullAgain))
            return pullAgain;
        return await StartAsync(slot);
    }

    private bool MayRun(ContainerSlot slot)
    {
        if (slot.Ended is null || slot.IsSidecar)
            return true;
        var policy = current().Spec.RestartPolicy ?? "Always";
        // An init container runs until it has succeeded once, unless the pod never restarts.
        return policy switch
        {
            "Never" => false,
            "OnFailure" => slot.HasFailed,
            _ => !slot.IsInit || slot.HasFailed,
        };
    }

    private bool Pull(ContainerSlot slot, out TimeSpan? again)
    {
        again = null;
        var image = slot.Spec.Image;
        if (ImageTable.Missing(context.Options.Images, image) is not { } problem)
            return true;
        if (slot.PullFailedAt is { } at && slot.Pulls.Left(at, Now) is { } left)
        {
            // The first reason stays long enough to be seen before it turns into the back-off.
            if (slot.Waiting?.Reason == "ErrImagePull" && Now < at + FirstReasonShown)
            {
                again = at + FirstReasonShown - Now;
                return false;
            }
            if (slot.Waiting?.Reason == "ErrImagePull")
            {
                Tell(slot, "BackOff", $"Back-off pulling image \"{image}\"");
                Tell(slot, "Failed", "Error: ImagePullBackOff", "Warning");
                slot.Waiting = new V1ContainerStateWaiting { Reason = "ImagePullBackOff", Message = $"Back-off pulling image \"{image}\": ErrImagePull: {problem}" };
            }
            again = left;
            return false;
        }
        Tell(slot, "Pulling", $"Pulling image \"{image}\"");
        Tell(slot, "Failed", $"Failed to pull image \"{image}\": {problem}", "Warning");
        Tell(slot, "Failed", "Error: ErrImagePull", "Warning");
        slot.Waiting = new V1ContainerStateWaiting { Reason = "ErrImagePull", Message = problem };
        slot.Pulls.Next(Now);
        slot.PullFailedAt = Now;
        again = FirstReasonShown;
        return false;
    }

    private async Task<TimeSpan?> StartAsync(ContainerSlot slot)
    {
        var pod = current();
        Address ??= context.Addresses.Take(pod.Metadata.Uid);
        var isRestart = slot.Ended is not null;
        try
        {
            if (isRestart)
                slot.RestartCount++;
            await starter.StartAsync(pod, slot, Address, context.Options.Images[slot.Spec.Image]);
            volumesDue = Now + VolumePeriod;
        }
        catch (ContainerConfigException problem)
        {
            slot.RestartCount -= isRestart ? 1 : 0;
            if (slot.Waiting?.Message != problem.Message)
                Tell(slot, "Failed", $"Error: {problem.Message}", "Warning");
            slot.Waiting = new V1ContainerStateWaiting { Reason = "CreateContainerConfigError", Message = problem.Message };
            slot.NotBefore = Now + ConfigRetry;
            return ConfigRetry;
        }
        catch (Exception problem) when (problem is FileNotFoundException or System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            return Unstartable(slot, problem.Message, isRestart);
        }
        Begin(slot, isRestart);
        return null;
    }

    private void Begin(ContainerSlot slot, bool isRestart)
    {
        var process = slot.Process!;
        if (isRestart)
            slot.Last = slot.Ended;
        slot.Ended = null;
        slot.Waiting = null;
        slot.NotBefore = null;
        slot.HasRun = true;
        // Counts from the first start on: the restart after that one is immediate, the one after waits 10 s.
        if (isRestart)
            slot.Crashes.Next(Now);
        slot.Probes = new ProbeSet(
            slot.Spec, process.StartedAt,
            (probe, cancellation) => ProbeAttempt.TryAsync(probe, slot.Spec, Address!, (command, limit) => exec.CaptureAsync(slot, command, limit), context.Clock, cancellation),
            (kind, message) => Tell(slot, "Unhealthy", $"{kind} probe failed: {message}", "Warning"),
            wake, context.Clock);
        Tell(slot, "Pulled", $"Container image \"{slot.Spec.Image}\" already present on machine");
        Tell(slot, "Created", $"Created container: {slot.Spec.Name}");
        Tell(slot, "Started", $"Started container {slot.Spec.Name}");
        _ = process.Exited.ContinueWith(_ => wake(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        if (MemoryLimit.Of(slot.Spec) is { } limit)
            _ = MemoryLimit.EnforceAsync(process, limit, context.Clock);
        if (slot.Spec.Lifecycle?.PostStart is { } hook)
            _ = stopper.PostStartAsync(slot, process, hook);
    }

    private TimeSpan? Unstartable(ContainerSlot slot, string message, bool isRestart)
    {
        var whole = $"failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: {message}: unknown";
        Tell(slot, "Failed", $"Error: {whole}", "Warning");
        slot.HasRun = true;
        slot.Last = slot.Ended;
        slot.Ended = new V1ContainerStateTerminated { ExitCode = 128, Reason = "StartError", Message = whole, StartedAt = DateTime.UnixEpoch, FinishedAt = Now.UtcDateTime, ContainerID = slot.ContainerId };
        slot.Waiting = MayRun(slot) ? new V1ContainerStateWaiting { Reason = "RunContainerError", Message = whole } : null;
        if (isRestart)
            slot.Crashes.Next(Now);
        return slot.Crashes.Current;
    }

    private void GiveUp(ContainerSlot slot)
    {
        slot.IsKilling = true;
        var kind = slot.Probes!.Failed!;
        var probe = kind == "startup" ? slot.Spec.StartupProbe : slot.Spec.LivenessProbe;
        Tell(slot, "Killing", $"Container {slot.Spec.Name} failed {kind} probe, will be restarted");
        var deadline = Now.AddSeconds(probe.TerminationGracePeriodSeconds ?? current().Spec.TerminationGracePeriodSeconds ?? 30);
        // Its exit wakes the worker, which goes on with the pod's other containers meanwhile.
        _ = stopper.StopAsync(slot, () => deadline, hooks: true, tell: false);
    }

    private void SayCrashLoop(ContainerSlot slot)
    {
        var pod = current();
        var message = $"back-off {Go(slot.Crashes.Current)} restarting failed container={slot.Spec.Name} pod={pod.Metadata.Name}_{pod.Metadata.NamespaceProperty}({pod.Metadata.Uid})";
        if (slot.Waiting is { Reason: "CrashLoopBackOff" } && slot.Waiting.Message == message)
            return;
        slot.Waiting = new V1ContainerStateWaiting { Reason = "CrashLoopBackOff", Message = message };
        Tell(slot, "BackOff", $"Back-off restarting failed container {slot.Spec.Name} in pod {pod.Metadata.Name}_{pod.Metadata.NamespaceProperty}({pod.Metadata.Uid})", "Warning");
    }

    /// <summary>A duration as Go prints it: 10s, 1m20s.</summary>
    private static string Go(TimeSpan time) => time < TimeSpan.FromMinutes(1) ? $"{time.TotalSeconds:0}s" : $"{(int)time.TotalMinutes}m{time.Seconds}s";

    private void Tell(ContainerSlot slot, string reason, string message, string type = "Normal")
    {
        var path = $"spec.{(slot.IsInit ? "initContainers" : "containers")}{{{slot.Spec.Name}}}";
        context.State.Events.Tell(new Narration(References.To(current(), path), KubeletContext.Component, reason, message, type), current().Spec.NodeName);
    }
}
