using System.Net.Http.Headers;
using System.Text;
using Ops.Testing;

namespace Ops.RealCluster.Tests;

/// <summary>The control plane goes away and comes back; operator and router go on without a restart.</summary>
public sealed class OutageTests(RealCluster cluster) : IAsyncLifetime
{
    private const string Key = "outage-test-key";
    private readonly string _folder = Directory.CreateTempSubdirectory("ops-outage-").FullName;

    [Fact]
    public async Task Operator_and_router_outlive_an_outage_of_a_minute_an_etcd_restart_and_a_token_rotation()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var op = await cluster.StartOperatorAsync();
        await using var router = await cluster.StartRouterAsync();
        await using var engine = await StartEngineAsync("steady");
        await using var traffic = new Traffic(new Uri(router.Url, "/v1/chat/completions"), Key, "steady");
        await Eventually.HoldsAsync(traffic.AnswersAsync, "the router answers through the replica outside the cluster");
        traffic.Begin();

        await cluster.Plane.StopApiServerAsync();
        await Task.Delay(TimeSpan.FromSeconds(60), cancellation);
        await cluster.Plane.StartApiServerAsync(cancellation);
        await ExpectReconciledAsync("after-outage");

        await cluster.Plane.RestartEtcdAsync();
        await ExpectReconciledAsync("after-etcd");

        await cluster.Installation.WriteTokenAsync(op, "operator", cancellation);
        await cluster.Installation.WriteTokenAsync(router, "router", cancellation);
        await ExpectReconciledAsync("after-rotation");

        var (answered, failures) = await traffic.EndAsync();
        failures.ShouldBeEmpty();
        answered.ShouldBeGreaterThan(100);
        op.Process.HasExited.ShouldBeFalse();
        router.Process.HasExited.ShouldBeFalse();
    }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => await cluster.ApplyAsync($$"""
        apiVersion: v1
        kind: Secret
        metadata: {name: outage-keys, namespace: ops-system, labels: {ops.autonomic.dev/api-keys: "true"} }
        stringData: {test: {{Key}} }
        """);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task ExpectReconciledAsync(string name)
    {
        // The API server may still be finding its feet after etcd came back.
        await Eventually.HoldsAsync(
            async () => (await cluster.Kubectl.RunAsync(["apply", "--validate=false", "-f", "-"], TestContext.Current.CancellationToken, Yaml.Pool(name))).ExitCode == 0,
            "the API server takes objects again");
        await cluster.KubectlAsync("wait", "--for=condition=Ready", $"mp/{name}", "--timeout=90s");
    }

    // A pool without pods and a real engine process as its replica, so that traffic does not depend on the cluster.
    private async Task<ChildProcess> StartEngineAsync(string pool)
    {
        var port = FreePort.Any();
        var engine = ChildProcess.Start(
            Repository.Executable("Ops.Sandbox.ModelServer"),
            ["--model", "meta-llama/Llama-3.1-8B-Instruct", "--host", "127.0.0.1", "--port", port.ToString(), "--gpu-product", "NVIDIA-H100-80GB-HBM3"],
            Path.Combine(_folder, "engine.log"));
        await cluster.ApplyAsync(Yaml.Pool(pool, replicas: 0));
        await cluster.ApplyAsync(Yaml.Route(pool, pool));
        var served = (await cluster.KubectlAsync("api-versions")).Split('\n').Contains("discovery.k8s.io/v1") ? "discovery.k8s.io/v1" : "discovery.k8s.io/v1beta1";
        await cluster.ApplyAsync(Yaml.Slice(pool, "127.0.0.1", port, served));
        return engine;
    }

    /// <summary>Five requests a second until told to stop, at most 5,000.</summary>
    private sealed class Traffic(Uri url, string key, string model) : IAsyncDisposable
    {
        private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };
        private readonly CancellationTokenSource _stop = new();
        private readonly List<string> _failures = [];
        private int _answered;
        private Task _loop = Task.CompletedTask;

        public void Begin() => _loop = Task.Run(async () =>
        {
            for (var i = 0; i < 5000 && !_stop.IsCancellationRequested; i++)
            {
                if (await FailureAsync() is { } failure)
                    _failures.Add(failure);
                else
                    _answered++;
                await Task.Delay(200);
            }
        });

        public async Task<bool> AnswersAsync() => await FailureAsync() is null;

        public async Task<(int Answered, IReadOnlyList<string> Failures)> EndAsync()
        {
            await _stop.CancelAsync();
            await _loop;
            return (_answered, _failures);
        }

        public async ValueTask DisposeAsync()
        {
            await EndAsync();
            _http.Dispose();
            _stop.Dispose();
        }

        private async Task<string?> FailureAsync()
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, url);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
                request.Content = new StringContent($$"""{"model":"{{model}}","max_tokens":4,"messages":[{"role":"user","content":"hello"}]}""", Encoding.UTF8, "application/json");
                using var answer = await _http.SendAsync(request);
                return answer.IsSuccessStatusCode ? null : $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                return e.Message;
            }
        }
    }
}
