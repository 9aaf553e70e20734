using System.Net.Sockets;
using k8s.Models;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>What one try of a probe said.</summary>
internal sealed record ProbeResult(bool Success, string Message)
{
    public static readonly ProbeResult Fine = new(true, string.Empty);

    public static ProbeResult Failed(string message) => new(false, message);
}

/// <summary>One try of an HTTP, TCP or exec check, in the kubelet's words.</summary>
internal static class ProbeAttempt
{
    /// <summary>Longest part of a failing check's output that goes into an Event, as in the kubelet.</summary>
    private const int MaxOutput = 10 * 1024;

    // One connection a try, as the kubelet does, so that a probe also proves that connections are accepted.
    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.Zero,
        SslOptions = new System.Net.Security.SslClientAuthenticationOptions
        {
#pragma warning disable CA5359 // The kubelet does not verify a probe's certificate either: it asks for health, not for identity.
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        },
    })
    { Timeout = Timeout.InfiniteTimeSpan };

    public static async Task<ProbeResult> TryAsync(
        V1Probe probe, V1Container container, string podIP, Func<IReadOnlyList<string>, CancellationToken, Task<(int Code, string Output)>> exec, TimeProvider clock, CancellationToken stopping)
    {
        var limit = TimeSpan.FromSeconds(probe.TimeoutSeconds is > 0 and var seconds ? seconds : 1);
        using var timer = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stopping);
        if (probe.HttpGet is { } http)
            return await HttpGetAsync(http, container, podIP, either.Token, stopping);
        if (probe.TcpSocket is { } tcp)
            return await TcpAsync(tcp, container, podIP, either.Token, stopping);
        if (probe.Exec is { } command)
            return await ExecAsync(command, limit, exec, either.Token, stopping);
        return ProbeResult.Failed("probes of this kind are not supported by the sandbox (it has httpGet, tcpSocket and exec)");
    }

    /// <summary>The number of a port, or of the container's port of that name.</summary>
    public static int PortOf(IntOrString? port, V1Container container)
    {
        if (int.TryParse(port?.Value, out var number))
            return number;
        return (container.Ports ?? []).FirstOrDefault(one => one.Name == port?.Value)?.ContainerPort ?? 0;
    }

    public static async Task<ProbeResult> HttpGetAsync(V1HTTPGetAction action, V1Container container, string podIP, CancellationToken limit, CancellationToken stopping)
    {
        var host = string.IsNullOrEmpty(action.Host) ? podIP : action.Host;
        var path = string.IsNullOrEmpty(action.Path) ? "/" : action.Path;
        var url = $"{(action.Scheme ?? "HTTP").ToLowerInvariant()}://{host}:{PortOf(action.Port, container)}{(path.StartsWith('/') ? path : "/" + path)}";
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.ConnectionClose = true;
            request.Headers.TryAddWithoutValidation("User-Agent", "kube-probe/1.36");
            foreach (var header in action.HttpHeaders ?? [])
                request.Headers.TryAddWithoutValidation(header.Name, header.Value);
            using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit);
            var code = (int)response.StatusCode;
            return code is >= 200 and < 400 ? ProbeResult.Fine : ProbeResult.Failed($"HTTP probe failed with statuscode: {code}");
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return ProbeResult.Failed($"Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
        }
        catch (HttpRequestException problem) when (problem.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
        {
            return ProbeResult.Failed($"Get \"{url}\": dial tcp {host}:{PortOf(action.Port, container)}: connect: connection refused");
        }
        catch (Exception problem) when (problem is HttpRequestException or UriFormatException or InvalidOperationException)
        {
            return ProbeResult.Failed($"Get \"{url}\": {problem.Message}");
        }
    }

    private static async Task<ProbeResult> TcpAsync(V1TCPSocketAction action, V1Container container, string podIP, CancellationToken limit, CancellationToken stopping)
    {
        var host = string.IsNullOrEmpty(action.Host) ? podIP : action.Host;
        var port = PortOf(action.Port, container);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(host, port, limit);
            return ProbeResult.Fine;
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return ProbeResult.Failed($"dial tcp {host}:{port}: i/o timeout");
        }
        catch (SocketException problem)
        {
            var words = problem.SocketErrorCode == SocketError.ConnectionRefused ? "connect: connection refused" : problem.Message;
            return ProbeResult.Failed($"dial tcp {host}:{port}: {words}");
        }
    }

    private static async Task<ProbeResult> ExecAsync(
        V1ExecAction action, TimeSpan timeout, Func<IReadOnlyList<string>, CancellationToken, Task<(int Code, string Output)>> exec, CancellationToken limit, CancellationToken stopping)
    {
        try
        {
            var (code, output) = await exec([.. action.Command ?? []], limit);
            return code == 0 ? ProbeResult.Fine : ProbeResult.Failed(output.Length > MaxOutput ? output[..MaxOutput] : output);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return ProbeResult.Failed($"command \"{string.Join(' ', action.Command ?? [])}\" timed out after {timeout.TotalSeconds}s");
        }
    }
}
