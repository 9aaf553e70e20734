using System.Net;
using System.Text;
using k8s;
using k8s.Models;
using Ops.Sandbox.Api;
using Ops.Sandbox.Node;

namespace Ops.SandboxNode.Tests;

/// <summary>A real API server and node with small shell images, and a vocabulary of expectations.</summary>
internal sealed class Sandbox : IAsyncDisposable
{
    /// <summary>Generous on purpose: it bounds a hang and measures nothing.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static int ranges;

    private readonly string folder;
    private readonly ApiServerOptions serverOptions;
    private readonly NodeOptions nodeOptions;

    private Sandbox(string folder, ApiServerOptions serverOptions, NodeOptions nodeOptions)
    {
        this.folder = folder;
        this.serverOptions = serverOptions;
        this.nodeOptions = nodeOptions;
    }

    public ApiServer Server { get; private set; } = null!;

    public Ops.Sandbox.Node.SandboxNode Node { get; private set; } = null!;

    public LocalClient Client => Server.Local;

    public string Folder => folder;

    public static async Task<Sandbox> StartAsync(IReadOnlyList<NodeSpec>? nodes = null, bool persistent = false)
    {
        var home = Directory.CreateTempSubdirectory("ops-node-test-").FullName;
        // Tests run side by side: each gets a /24 of its own for pods and one for Services.
        var number = Interlocked.Increment(ref ranges) % 200;
        var process = Environment.ProcessId % 100;
        var sandbox = new Sandbox(
            home,
            new ApiServerOptions
            {
                StatePath = persistent ? Path.Combine(home, "state.db") : null,
                ServiceAddressRange = IPNetwork.Parse($"127.{120 + process % 60}.{number}.0/24"),
            },
            new NodeOptions
            {
                Nodes = nodes ?? [new NodeSpec("node-0")],
                Images = new Dictionary<string, ImageEntry> { ["sh"] = new("/bin/sh"), ["base"] = new(null), ["sleeper"] = new("sleep") { LeadingArguments = ["1000"] } },
                WorkDirectory = Path.Combine(home, "node"),
                PodAddressRange = $"127.{40 + process % 60}.{number}.0/24",
                ServiceAddressRange = $"127.{120 + process % 60}.{number}.0/24",
                StopWithin = TimeSpan.FromSeconds(2),
            });
        await sandbox.BeginAsync();
        return sandbox;
    }

    /// <summary>Stops node and server and starts both again on the same state.</summary>
    public async Task RestartAsync()
    {
        await Node.DisposeAsync();
        await Server.DisposeAsync();
        await BeginAsync();
    }

    public V1Pod CreatePod(string name, Action<V1PodSpec>? change = null, params string[] script)
    {
        var pod = Make.Pod(name, script);
        change?.Invoke(pod.Spec);
        return Client.Create(pod);
    }

    public V1Pod Pod(string name) => Client.Get<V1Pod>("default", name) ?? throw new InvalidOperationException($"pod {name} is gone");

    public Task<V1Pod> ExpectPodAsync(string name, Func<V1Pod, bool> holds, string what) => ExpectAsync<V1Pod>(name, holds, what);

    public async Task<T> ExpectAsync<T>(string name, Func<T, bool> holds, string what) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        T? found = null;
        await ExpectAsync(() => (found = Client.Get<T>("default", name)) is not null && holds(found), () => $"{typeof(T).Name} {name}: {what}; it is {KubernetesJson.Serialize(found)}\n{EventText()}");
        return found!;
    }

    public Task ExpectAsync(Func<bool> holds, string what) => ExpectAsync(holds, () => what + "\n" + EventText());

    public Task ExpectGoneAsync<T>(string name) where T : class, IKubernetesObject<V1ObjectMeta> =>
        ExpectAsync(() => Client.Get<T>("default", name) is null, $"{typeof(T).Name} {name} should be gone");

    public Task ExpectEventAsync(string subject, string reason, string message) =>
        ExpectAsync(() => Events(subject).Any(one => one.Reason == reason && one.Message.Contains(message, StringComparison.Ordinal)), $"event {reason} \"{message}\" of {subject}");

    public IEnumerable<Corev1Event> Events(string subject) => Client.List<Corev1Event>("default").Where(one => one.InvolvedObject.Name == subject);

    public async Task<string> LogsAsync(string pod, string container = "main", bool follow = false, bool previous = false, long? tail = null, bool timestamps = false)
    {
        using var output = new MemoryStream();
        var found = await Server.NodeStreams!.WriteLogsAsync("default", pod, container, new LogOptions(follow, previous, tail, null, timestamps, null), output, TestContext.Current.CancellationToken);
        found.ShouldBeTrue($"a log of {pod}/{container}");
        return Encoding.UTF8.GetString(output.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        await Server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task BeginAsync()
    {
        Server = await ApiServer.StartAsync(serverOptions);
        Node = await Ops.Sandbox.Node.SandboxNode.StartAsync(Server, nodeOptions);
    }

    private static async Task ExpectAsync(Func<bool> holds, Func<string> what)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!holds())
        {
            if (limit.IsCancellationRequested)
                throw new Xunit.Sdk.XunitException("never came true: " + what());
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private string EventText() => string.Join('\n', Client.List<Corev1Event>().Select(one => $"{one.InvolvedObject.Kind}/{one.InvolvedObject.Name} {one.Type} {one.Reason} x{one.Count}: {one.Message}"));
}
