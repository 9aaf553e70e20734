using System.Net.Http.Headers;
using k8s;
using k8s.Authentication;

namespace Ops.Kube;

/// <summary>
/// A bearer token that is read again when the server refuses it. Token files rotate and kubeconfigs are rewritten under a
/// running process; the library's own provider looks only once a minute, which is a minute of refusals too long.
/// </summary>
internal sealed class RefreshingToken(KubernetesClientConfiguration first, Func<KubernetesClientConfiguration>? reload, TimeProvider time) : ITokenProvider
{
    // A token that stays wrong is looked up again this often at most, however many requests are refused.
    private static readonly TimeSpan ReloadInterval = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private volatile ITokenProvider current = ProviderOf(first) ?? throw new ArgumentException("The configuration has no token.", nameof(first));
    private long reloadedAt = time.GetTimestamp() - time.TimestampFrequency * 60;

    /// <summary>True if the configuration authenticates by token at all.</summary>
    public static bool Applies(KubernetesClientConfiguration configuration) => ProviderOf(configuration) is not null;

    /// <inheritdoc/>
    public Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken) =>
        current.GetAuthenticationHeaderAsync(cancellationToken);

    /// <summary>Looks for another token than the refused one; true if there is one and the request is worth repeating.</summary>
    public async Task<bool> RefreshAsync(AuthenticationHeaderValue? refused, CancellationToken cancellationToken)
    {
        if (await DiffersAsync(refused, cancellationToken))
            return true;
        if (reload is null)
            return false;
        lock (gate)
        {
            if (time.GetElapsedTime(reloadedAt) < ReloadInterval)
                return false;
            reloadedAt = time.GetTimestamp();
        }

        if (Reload() is not { } provider)
            return false;
        current = provider;
        return await DiffersAsync(refused, cancellationToken);
    }

    private ITokenProvider? Reload()
    {
        try
        {
            return ProviderOf(reload!());
        }
#pragma warning disable CA1031 // A configuration that is half written just now is read again at the next refusal; the refusal is the news.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    private async Task<bool> DiffersAsync(AuthenticationHeaderValue? refused, CancellationToken cancellationToken) =>
        !Equals(await current.GetAuthenticationHeaderAsync(cancellationToken), refused);

    private static ITokenProvider? ProviderOf(KubernetesClientConfiguration configuration) =>
        configuration.TokenProvider ?? (string.IsNullOrEmpty(configuration.AccessToken) ? null : new StringTokenProvider(configuration.AccessToken, "Bearer"));
}
