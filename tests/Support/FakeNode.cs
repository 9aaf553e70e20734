using k8s;
using k8s.Models;

namespace Ops.Testing;

/// <summary>
/// A node without a kubelet on a real control plane: pods that the real scheduler binds to it are reported Running and
/// Ready, nothing runs. For tests of controllers, where only the objects matter.
/// </summary>
public sealed class FakeNode : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    private readonly Kubernetes _client;
    private readonly string _name;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<string> _reported = [];
    private Task _loop = Task.CompletedTask;

    private FakeNode(Kubernetes client, string name)
    {
        _client = client;
        _name = name;
    }

    /// <summary>Registers the node with room for <paramref name="pods"/> pods and as many GPUs, and begins to report.</summary>
    public static async Task<FakeNode> StartAsync(RealControlPlane plane, string name, string gpuProduct, int pods, CancellationToken cancellation)
    {
        var node = new FakeNode(plane.Client(), name);
        var capacity = new Dictionary<string, ResourceQuantity>
        {
            ["cpu"] = new("100000"),
            ["memory"] = new("100Ti"),
            ["pods"] = new(pods.ToString()),
            ["nvidia.com/gpu"] = new(pods.ToString()),
        };
        var created = await node._client.CoreV1.CreateNodeAsync(
            new V1Node
            {
                Metadata = new V1ObjectMeta
                {
                    Name = name,
                    Labels = new Dictionary<string, string> { ["kubernetes.io/hostname"] = name, ["nvidia.com/gpu.product"] = gpuProduct },
                },
            },
            cancellationToken: cancellation);
        created.Status = new V1NodeStatus
        {
            Capacity = capacity,
            Allocatable = capacity,
            Conditions = [new V1NodeCondition { Type = "Ready", Status = "True", Reason = "FakeNode", Message = "fake node of a test" }],
        };
        await node._client.CoreV1.ReplaceNodeStatusAsync(created, name, cancellationToken: cancellation);
        node._loop = Task.Run(() => node.RunAsync(node._stop.Token), CancellationToken.None);
        return node;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _client.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                // resourceVersion=0 is served from the API server's memory, so that polling costs etcd nothing.
                var pods = await _client.CoreV1.ListPodForAllNamespacesAsync(fieldSelector: $"spec.nodeName={_name}", resourceVersion: "0", cancellationToken: cancellation);
                foreach (var pod in pods.Items)
                    await ReportAsync(pod, cancellation);
                await Task.Delay(Period, cancellation);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is HttpRequestException or k8s.Autorest.HttpOperationException)
            {
                // An outage is what some tests are about: report again when the server is back.
                await Task.Delay(Period, CancellationToken.None);
            }
        }
    }

    private async Task ReportAsync(V1Pod pod, CancellationToken cancellation)
    {
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            await _client.CoreV1.DeleteNamespacedPodAsync(pod.Name(), pod.Namespace(), gracePeriodSeconds: 0, cancellationToken: cancellation);
            return;
        }

        if (!_reported.Add(pod.Uid()))
            return;

        var number = _reported.Count;
        var status = new V1PodStatus
        {
            Phase = "Running",
            PodIP = $"10.{200 + (number >> 16)}.{(number >> 8) & 255}.{number & 255}",
            Conditions = [.. new[] { "Initialized", "ContainersReady", "Ready" }.Select(type => new V1PodCondition { Type = type, Status = "True", LastTransitionTime = pod.Metadata.CreationTimestamp })],
        };
        var patch = new V1Patch(KubernetesJson.Serialize(new V1Pod { Status = status }), V1Patch.PatchType.StrategicMergePatch);
        await _client.CoreV1.PatchNamespacedPodStatusAsync(patch, pod.Name(), pod.Namespace(), cancellationToken: cancellation);
    }
}
