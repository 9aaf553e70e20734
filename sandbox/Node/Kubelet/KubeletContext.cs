using k8s.Models;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Api;
using Ops.Sandbox.Node.Control;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>What every pod's worker shares.</summary>
internal sealed record KubeletContext(
    ClusterState State, ApiServer Server, NodeOptions Options, ProcessLauncher Launcher, Leftovers Leftovers, AddressPool Addresses, ILogger Logger)
{
    /// <summary>Who tells a pod's Events.</summary>
    public const string Component = "kubelet";

    /// <summary>Every simulated machine is this one.</summary>
    public const string HostIP = "127.0.0.1";

    public TimeProvider Clock => Options.TimeProvider;

    public string PodDirectory(V1Pod pod) => Path.Combine(Options.WorkDirectory, "pods", pod.Metadata.Uid);

    public string ClaimsDirectory => Path.Combine(Options.WorkDirectory, "claims");

    public string LogPath(V1Pod pod, string container, int run) => LogPath(pod.Metadata.NamespaceProperty, pod.Metadata.Name, pod.Metadata.Uid, container, run);

    /// <summary>As under /var/log/pods: one folder a pod, one a container, one file a run.</summary>
    public string LogPath(string @namespace, string name, string uid, string container, int run) =>
        Path.Combine(Options.WorkDirectory, "logs", $"{@namespace}_{name}_{uid}", container, $"{run}.log");

    public EnvironmentSources SourcesFor(V1Pod pod, string podIP) => new(
        name => State.Client.Get<V1ConfigMap>(pod.Metadata.NamespaceProperty, name),
        name => State.Client.Get<V1Secret>(pod.Metadata.NamespaceProperty, name),
        State.Services.In(pod.Metadata.NamespaceProperty),
        podIP,
        HostIP,
        State.Nodes.Get(null, pod.Spec.NodeName));

    /// <summary>A token of the pod's service account; null when the pod or the account does not want one.</summary>
    public string? TokenFor(V1Pod pod)
    {
        var account = State.ServiceAccounts.Get(pod.Metadata.NamespaceProperty, pod.Spec.ServiceAccountName ?? "default");
        if (!(pod.Spec.AutomountServiceAccountToken ?? account?.AutomountServiceAccountToken ?? true))
            return null;
        try
        {
            return Server.IssueServiceAccountToken(pod.Metadata.NamespaceProperty, pod.Spec.ServiceAccountName ?? "default");
        }
        catch (ApiException refusal) when (refusal.IsNotFound)
        {
            throw new ContainerConfigException($"serviceaccount \"{pod.Spec.ServiceAccountName ?? "default"}\" not found");
        }
    }
}
