namespace Ops.Sandbox.Api;

/// <summary>Options of pods/log, as kubectl logs sends them.</summary>
/// <param name="Follow">Keep sending until the container ends or the client leaves.</param>
/// <param name="Previous">The instance before the last restart.</param>
/// <param name="TailLines">Only the last lines; null means all.</param>
/// <param name="SinceSeconds">Only lines younger than this; null means all.</param>
/// <param name="Timestamps">Put the time of each line before it.</param>
/// <param name="LimitBytes">Stop after this many bytes; null means no limit.</param>
public sealed record LogOptions(bool Follow, bool Previous, long? TailLines, long? SinceSeconds, bool Timestamps, long? LimitBytes);

/// <summary>What the API server asks of the nodes: logs and commands of containers that run.</summary>
public interface INodeStreams
{
    /// <summary>Writes a container's log.</summary>
    /// <returns>False when there is no such container instance, or it has no log.</returns>
    Task<bool> WriteLogsAsync(string ns, string pod, string container, LogOptions options, Stream destination, CancellationToken cancellationToken);

    /// <summary>Runs a command beside a container.</summary>
    /// <returns>The exit code.</returns>
    Task<int> ExecAsync(string ns, string pod, string container, IReadOnlyList<string> command, Stream? stdin, Stream stdout, Stream stderr, CancellationToken cancellationToken);
}
