using System.Buffers;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Ops.Kube;

/// <summary>Reads /metrics of a pod, within a time and a size.</summary>
public sealed class MetricsReader : IDisposable
{
    // vLLM's page has about 100 KB, and a server with many label values some MB. What is beyond is not read.
    private const int MaxBytes = 4 << 20;

    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        // Pods are spoken to directly, whatever proxy the environment names for the outside world.
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        MaxConnectionsPerServer = 2,
    })
    {
        Timeout = TimeSpan.FromSeconds(2),
    };

    /// <summary>The page as text, or null when the pod does not give one.</summary>
    public async Task<string?> ReadAsync(Uri address, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!response.IsSuccessStatusCode)
                return null;
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(client.Timeout);
            var length = 0;
            while (true)
            {
                if (length == buffer.Length)
                    buffer = Grow(buffer);
                var read = await body.ReadAsync(buffer.AsMemory(length), limit.Token);
                length += read;
                if (read == 0)
                    return Encoding.UTF8.GetString(buffer, 0, length);
                if (length > MaxBytes)
                    return null;
            }
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException
            || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
