using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Ops.Router;

/// <summary>
/// The issuer's signing keys, as it publishes them. Read when first needed, again after ten minutes, and when a token
/// names a key that is not among them, though at most once in ten seconds: anybody can send tokens with invented keys.
/// What was read is kept while the issuer cannot be reached.
/// </summary>
internal sealed partial class SigningKeys : IDisposable
{
    private const long MaxAgeMs = 600_000;
    private const long MinAgeMs = 10_000;

    // A set of keys has some KB.
    private const int MaxBytes = 256 << 10;

    private readonly JwtOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<SigningKeys> _logger;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = MaxBytes };
    private readonly SemaphoreSlim _one = new(1, 1);
    private volatile Known _known = new([], long.MinValue);

    internal SigningKeys(JwtOptions options, TimeProvider time, ILogger<SigningKeys> logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
    }

    public void Dispose()
    {
        _http.Dispose();
        _one.Dispose();
    }

    /// <summary>The keys; empty when they could never be read.</summary>
    internal async ValueTask<IList<SecurityKey>> GetAsync(CancellationToken cancellation)
    {
        var known = _known;
        if (known.ReadAtMs != long.MinValue && _time.NowMs() - known.ReadAtMs < MaxAgeMs)
            return known.Keys;
        return await RefreshAsync(known.Keys, cancellation) ?? known.Keys;
    }

    /// <summary>Reads the keys again.</summary>
    /// <param name="old">The keys that did not do.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>Other keys than the old ones, or null.</returns>
    internal async ValueTask<IList<SecurityKey>?> RefreshAsync(IList<SecurityKey> old, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            var known = _known;
            if (!ReferenceEquals(known.Keys, old))
                return known.Keys;
            if (known.ReadAtMs != long.MinValue && _time.NowMs() - known.ReadAtMs < MinAgeMs)
                return null;
            _known = known with { ReadAtMs = _time.NowMs() };
            _known = new Known(await ReadAsync(cancellation), _time.NowMs());
            return _known.Keys;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException or ArgumentException or JsonException or InvalidOperationException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            Log.Unreadable(_logger, _options.Issuer, e.Message);
            return null;
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<IList<SecurityKey>> ReadAsync(CancellationToken cancellation)
    {
        var source = _options.Jwks ?? await DiscoverAsync(cancellation);
        var json = source.StartsWith("http", StringComparison.OrdinalIgnoreCase)
            ? await _http.GetStringAsync(new Uri(source), cancellation)
            : await File.ReadAllTextAsync(source, cancellation);
        return new JsonWebKeySet(json).GetSigningKeys();
    }

    // {"issuer":"https://login.example.com","jwks_uri":"https://login.example.com/keys",...}
    private async Task<string> DiscoverAsync(CancellationToken cancellation)
    {
        using var document = JsonDocument.Parse(await _http.GetStringAsync(new Uri(_options.Issuer.TrimEnd('/') + "/.well-known/openid-configuration"), cancellation));
        return document.RootElement.TryGetProperty("jwks_uri", out var uri) && uri.GetString() is { } text
            ? text
            : throw new JsonException("The issuer's openid-configuration names no jwks_uri.");
    }

    private sealed record Known(IList<SecurityKey> Keys, long ReadAtMs);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The signing keys of {Issuer} cannot be read, tokens are checked with those known before: {Reason}")]
        public static partial void Unreadable(ILogger logger, string issuer, string reason);
    }
}
