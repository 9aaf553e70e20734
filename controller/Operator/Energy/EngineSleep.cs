using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ops.Operator.Energy;

/// <summary>vLLM's pages about sleep, of one engine: POST /sleep, POST /wake_up, GET /is_sleeping.</summary>
internal sealed class EngineSleep : IDisposable
{
    // 140 GB of weights at a slow 2 GB/s are 70 s, and answers under way may have to end first.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(2);

    // An answer of a dozen bytes; what is longer is none.
    private const int MaxBytes = 4096;

    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
    })
    {
        Timeout = Patience,
        MaxResponseContentBufferSize = MaxBytes,
    };

    /// <summary>Whether it sleeps; null where it does not say.</summary>
    public async Task<bool?> IsSleepingAsync(Uri engine, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Quick);
        try
        {
            return (await client.GetFromJsonAsync<Answer>(new Uri(engine, "/is_sleeping"), limit.Token))?.IsSleeping;
        }
        catch (Exception error) when (Failed(error, cancellationToken) || error is JsonException)
        {
            return null;
        }
    }

    /// <summary>Moves the weights to host memory.</summary>
    /// <returns>Why it did not, or null.</returns>
    public Task<string?> SleepAsync(Uri engine, CancellationToken cancellationToken) => PostAsync(new Uri(engine, "/sleep?level=1"), cancellationToken);

    /// <summary>Loads the weights from there.</summary>
    /// <returns>Why it did not, or null.</returns>
    public Task<string?> WakeAsync(Uri engine, CancellationToken cancellationToken) => PostAsync(new Uri(engine, "/wake_up"), cancellationToken);

    public void Dispose() => client.Dispose();

    private async Task<string?> PostAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.PostAsync(address, content: null, cancellationToken);
            return response.IsSuccessStatusCode ? null : $"{address.AbsolutePath} answered {(int)response.StatusCode}";
        }
        catch (Exception error) when (Failed(error, cancellationToken))
        {
            return $"{address.AbsolutePath}: {error.Message}";
        }
    }

    private static bool Failed(Exception error, CancellationToken cancellationToken) =>
        error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private sealed record Answer([property: JsonPropertyName("is_sleeping")] bool? IsSleeping);
}
