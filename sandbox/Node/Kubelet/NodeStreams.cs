using Ops.Sandbox.Api;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>Logs and exec for the API server.</summary>
internal sealed class NodeStreams(KubeletContext context, IReadOnlyList<NodeAgent> agents) : INodeStreams
{
    public async Task<bool> WriteLogsAsync(string ns, string pod, string container, LogOptions options, Stream destination, CancellationToken cancellationToken)
    {
        if (context.State.Pods.Get(ns, pod) is not { } found)
            return false;
        var slot = SlotOf(ns, pod, container);
        var status = (found.Status?.ContainerStatuses ?? []).Concat(found.Status?.InitContainerStatuses ?? []).FirstOrDefault(one => one.Name == container);
        var run = slot?.RestartCount ?? status?.RestartCount ?? 0;
        if (options.Previous && --run < 0)
            return false;
        var path = context.LogPath(ns, pod, found.Metadata.Uid, container, run);
        var process = options.Previous ? null : slot?.Process;
        // A run that wrote nothing has no file, yet has a log: an empty one.
        if (!File.Exists(path) && process is null && (options.Previous || slot?.HasRun != true) && status?.State?.Terminated is null)
            return false;
        var query = new LogQuery(
            options.Follow && process is not null,
            (int?)options.TailLines,
            options.SinceSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            options.Timestamps,
            options.LimitBytes);
        await LogReader.WriteAsync(path, query, () => process?.Log.IsComplete != false, destination, context.Clock, cancellationToken);
        return true;
    }

    public async Task<int> ExecAsync(
        string ns, string pod, string container, IReadOnlyList<string> command, Stream? stdin, Stream stdout, Stream stderr, CancellationToken cancellationToken)
    {
        var worker = agents.Select(agent => agent.WorkerOf(ns, pod)).FirstOrDefault(one => one is not null);
        if (worker?.Containers.Slots.FirstOrDefault(slot => slot.Spec.Name == container) is not { Process: { } process } slot)
            throw new InvalidOperationException($"container not found (\"{container}\")");
        // A command does not outlive the container it runs beside.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var run = worker.Containers.Exec.RunAsync(slot, command, stdin, stdout, stderr, either.Token);
        if (await Task.WhenAny(run, process.Exited) != run)
            await either.CancelAsync();
        try
        {
            return await run;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return 128 + ProcessTools.SigKill;
        }
    }

    private ContainerSlot? SlotOf(string ns, string pod, string container) =>
        agents.Select(agent => agent.WorkerOf(ns, pod)).FirstOrDefault(one => one is not null)?
            .Containers.Slots.FirstOrDefault(slot => slot.Spec.Name == container);
}
