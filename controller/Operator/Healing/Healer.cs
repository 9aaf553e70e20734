using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>
/// The service account that healing acts as. The operator's own account cannot do what it does, and it cannot do what the
/// operator's account does; the API server's audit log shows both names.
/// </summary>
internal sealed class Healer : IDisposable
{
    /// <summary>Name of the account, and of the field manager.</summary>
    public const string Name = "healer";

    public Healer(OperatorOptions options, ILeadership leadership, ILoggerFactory logs)
    {
        Client = KubeClient.FromEnvironment(new() { UserAgent = "ops-healer", ActAs = $"system:serviceaccount:{options.Namespace}:{Name}" });
        Objects = new(Client, "ops-healer");
        Writer = new(Client, leadership, logs);
        Events = new(Client, "ops-healer", leadership, TimeProvider.System, logs);
    }

    /// <summary>Requests as the account.</summary>
    public KubeClient Client { get; }

    /// <summary>Single objects as JSON.</summary>
    public RawObjects Objects { get; }

    /// <summary>Server-side apply, for incidents and statuses.</summary>
    public ApplyWriter Writer { get; }

    /// <summary>Events about remediations.</summary>
    public EventRecorder Events { get; }

    public void Dispose() => Client.Dispose();
}
