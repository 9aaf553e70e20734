using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>Ends a container's run: hook, SIGTERM, and SIGKILL when its grace is over.</summary>
internal sealed class ContainerStopper(KubeletContext context, Func<V1Pod> current, ContainerExec exec)
{
    /// <summary>How often a shortened deadline is noticed.</summary>
    private static readonly TimeSpan DeadlineCheck = TimeSpan.FromMilliseconds(200);

    public async Task StopAsync(ContainerSlot slot, Func<DateTimeOffset> deadline, bool hooks, bool tell = true)
    {
        if (slot.Process is not { Exited.IsCompleted: false } process)
            return;
        slot.IsKilling = true;
        if (hooks && tell)
            Tell(slot, "Killing", $"Stopping container {slot.Spec.Name}");
        if (hooks && slot.Spec.Lifecycle?.PreStop is { } hook && deadline() > Now)
            await RunHookAsync(slot, process, hook, deadline, "PreStop");
        process.Terminate();
        while (!process.Exited.IsCompleted && deadline() is var until && until > Now)
        {
            var wait = until - Now;
            await Task.WhenAny(process.Exited, Task.Delay(wait < DeadlineCheck ? wait : DeadlineCheck, context.Clock));
        }
        process.Kill();
        await process.Exited;
    }

    /// <summary>Runs beside the container; a hook that fails ends it.</summary>
    public async Task PostStartAsync(ContainerSlot slot, ContainerProcess process, V1LifecycleHandler hook)
    {
        if (!await RunHookAsync(slot, process, hook, static () => DateTimeOffset.MaxValue, "PostStart"))
            process.Kill();
    }

    private DateTimeOffset Now => context.Clock.GetUtcNow();

    private async Task<bool> RunHookAsync(ContainerSlot slot, ContainerProcess process, V1LifecycleHandler hook, Func<DateTimeOffset> deadline, string name)
    {
        using var cancellation = new CancellationTokenSource();
        var run = TryAsync(slot, hook, cancellation.Token);
        while (!run.IsCompleted && !process.Exited.IsCompleted && deadline() > Now)
            await Task.WhenAny(run, process.Exited, Task.Delay(DeadlineCheck, context.Clock));
        await cancellation.CancelAsync();
        var problem = await run;
        if (problem is not null)
            Tell(slot, $"Failed{name}Hook", $"{name}Hook failed: {problem}", "Warning");
        return problem is null;
    }

    private async Task<string?> TryAsync(ContainerSlot slot, V1LifecycleHandler hook, CancellationToken cancellation)
    {
        try
        {
            if (hook.Exec is { } command)
            {
                var (code, output) = await exec.CaptureAsync(slot, [.. command.Command], cancellation);
                return code == 0 ? null : $"command '{string.Join(' ', command.Command)}' exited with {code}: {output}";
            }
            if (hook.HttpGet is { } http)
            {
                var result = await ProbeAttempt.HttpGetAsync(http, slot.Spec, current().Status?.PodIP ?? KubeletContext.HostIP, cancellation, cancellation);
                return result.Success ? null : result.Message;
            }
            if (hook.Sleep is { } sleep)
                await Task.Delay(TimeSpan.FromSeconds(sleep.Seconds), context.Clock, cancellation);
            return null;
        }
        catch (OperationCanceledException)
        {
            return "the grace period is over";
        }
    }

    private void Tell(ContainerSlot slot, string reason, string message, string type = "Normal")
    {
        var path = $"spec.{(slot.IsInit ? "initContainers" : "containers")}{{{slot.Spec.Name}}}";
        context.State.Events.Tell(new Narration(References.To(current(), path), KubeletContext.Component, reason, message, type), current().Spec.NodeName);
    }
}
