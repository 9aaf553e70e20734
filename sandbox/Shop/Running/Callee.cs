using System.Net;
using System.Net.Sockets;
using Ops.Sandbox.Shop.Telemetry;

namespace Ops.Sandbox.Shop.Running;

/// <summary>A call that gave no good answer, after all its attempts.</summary>
internal sealed class CallFailedException(string callee, int status) : Exception($"{callee} answered {status}")
{
    /// <summary>The last answer; 504 for none in time, 503 for no connection.</summary>
    public int Status { get; } = status;
}

/// <summary>How often and how patiently a service calls.</summary>
/// <param name="Attempts">At most.</param>
/// <param name="Limit">For one attempt.</param>
internal sealed record CallPolicy(int Attempts, TimeSpan Limit);

/// <summary>One service as another sees it: a bounded pool of connections, a time limit, retries.</summary>
internal sealed class Callee : IDisposable
{
    private readonly CallPolicy usual;
    private readonly HttpMessageInvoker http;
    private readonly Uri address;
    private readonly string caller;
    private readonly EdgeMetrics metrics;
    private readonly TimeProvider time;
    private double typicalSeconds = 0.005;

    public Callee(string name, Uri address, string caller, int connections, CallPolicy usual, EdgeMetrics metrics, TimeProvider time)
    {
        (Name, this.address, this.caller, this.usual, this.metrics, this.time) = (name, address, caller, usual, metrics, time);
        Policy = usual;
        Pool = new Pool(connections);
        http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = connections,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(1),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5),
            // A Service chooses a pod by connection: pods that are added get calls only once connections are opened anew.
            PooledConnectionLifetime = TimeSpan.FromSeconds(15),
        });
    }

    public string Name { get; }

    public Pool Pool { get; }

    /// <summary>Attempts and limit now in force.</summary>
    public CallPolicy Policy { get; private set; }

    /// <summary>Recent mean of good answers.</summary>
    public TimeSpan Typical => TimeSpan.FromSeconds(Volatile.Read(ref typicalSeconds));

    /// <summary>Puts another policy in force; null for the usual one.</summary>
    public void Adopt(CallPolicy? policy) => Policy = policy ?? usual;

    /// <summary>Calls until an answer is good or the attempts are used up.</summary>
    /// <exception cref="CallFailedException">No attempt succeeded.</exception>
    public async Task CallAsync(string operation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var status = await AttemptAsync($"/do/{operation}");
            if (status < 400)
                return;
            if (attempt >= Policy.Attempts)
                throw new CallFailedException(Name, status);
            metrics.Retries.Inc();
        }
    }

    /// <summary>Whether it is ready for calls.</summary>
    public async Task<bool> IsReadyAsync()
    {
        using var limit = new CancellationTokenSource(usual.Limit, time);
        return await SendAsync("/readyz", limit.Token) == 200;
    }

    private async Task<int> AttemptAsync(string path)
    {
        var start = time.GetTimestamp();
        var taken = await Pool.TryTakeAsync(usual.Limit);
        metrics.PoolWait.Inc(time.GetElapsedTime(start).TotalSeconds);
        if (!taken)
        {
            metrics.Took(503, time.GetElapsedTime(start));
            return 503;
        }

        // Waiting for a connection is the caller's own time: only what follows counts as the callee's and the network's.
        start = time.GetTimestamp();
        try
        {
            using var limit = new CancellationTokenSource(Policy.Limit, time);
            var status = await SendAsync(path, limit.Token);
            var took = time.GetElapsedTime(start);
            metrics.Took(status, took);
            if (status < 400)
                Volatile.Write(ref typicalSeconds, (0.95 * Volatile.Read(ref typicalSeconds)) + (0.05 * took.TotalSeconds));
            return status;
        }
        finally
        {
            Pool.Return();
        }
    }

    private async Task<int> SendAsync(string path, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, path)) { Version = HttpVersion.Version11 };
            request.Headers.Add(CallerHeader, caller);
            using var response = await http.SendAsync(request, cancellation);
            await response.Content.CopyToAsync(Stream.Null, cancellation);
            return (int)response.StatusCode;
        }
        catch (OperationCanceledException)
        {
            return 504;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            // The last one comes bare when a connection is reset right after it was made, as a Service without endpoints does.
            return 502;
        }
    }

    /// <summary>Names who calls, so that the callee can report its latency by caller.</summary>
    public const string CallerHeader = "x-shop-caller";

    public void Dispose()
    {
        http.Dispose();
        Pool.Dispose();
    }
}
