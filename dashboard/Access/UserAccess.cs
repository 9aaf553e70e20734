using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Ops.Kube;

namespace Ops.Dashboard.Access;

/// <summary>What a token turned out to be.</summary>
/// <param name="User">The name by which the API server knows its owner; null when the token was refused.</param>
/// <param name="Problem">Why nobody is signed in, one sentence; null when somebody is.</param>
internal sealed record TokenCheck(string? User, string? Problem);

/// <summary>The API server as one user sees it: every request carries that user's own token, or acts as that user and as nobody else.</summary>
internal sealed class UserAccess
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Func<KubernetesClientConfiguration> cluster;

    /// <summary>Creates it for the API server that this process's own configuration names.</summary>
    public UserAccess(Func<KubernetesClientConfiguration> cluster) => this.cluster = cluster;

    /// <summary>A client with the user's token and none of this process's own credentials, or one that impersonates the user.</summary>
    public KubeClient ClientFor(UserCredential user)
    {
        const string agent = "ops-dashboard";
        if (user.Token is null)
            return new(cluster, new() { UserAgent = agent, ActAs = user.User, ActAsGroup = user.Group });
        var own = cluster();
        return new(
            new KubernetesClientConfiguration { Host = own.Host, SslCaCerts = own.SslCaCerts, SkipTlsVerify = own.SkipTlsVerify, TlsServerName = own.TlsServerName, AccessToken = user.Token },
            new() { UserAgent = agent });
    }

    /// <summary>Asks the API server who it is.</summary>
    public async Task<TokenCheck> CheckAsync(UserCredential user, CancellationToken cancellation)
    {
        using var client = ClientFor(user);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            return new(await UserOfAsync(client, limit.Token), null);
        }
        catch (HttpOperationException e) when (user.Token is null && e.Response.StatusCode == HttpStatusCode.Forbidden)
        {
            return new(null, $"The dashboard's account may not act as {user.User}{(user.Group is null ? "" : $" in {user.Group}")}; grant it the verb impersonate as manifests/samples/dashboard-oidc.yaml does.");
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            return new(null, "The API server does not accept this token. It may have expired; ask for a new one.");
        }
        catch (HttpOperationException e)
        {
            return new(null, $"The API server answered {(int)e.Response.StatusCode} {e.Response.ReasonPhrase}; try again.");
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return new(null, "The API server does not answer, so nobody can be signed in; try again in a moment.");
        }
    }

    /// <summary>Whether the user may do this, by the API server's own judgement.</summary>
    public static async Task<bool> MayAsync(KubeClient client, V1ResourceAttributes what, CancellationToken cancellation)
    {
        var review = new V1SelfSubjectAccessReview { Spec = new() { ResourceAttributes = what } };
        var answer = await client.Kubernetes.AuthorizationV1.CreateSelfSubjectAccessReviewAsync(review, cancellationToken: cancellation);
        return answer.Status.Allowed;
    }

    private static async Task<string> UserOfAsync(KubeClient client, CancellationToken cancellation)
    {
        try
        {
            var review = await client.Kubernetes.AuthenticationV1.CreateSelfSubjectReviewAsync(new V1SelfSubjectReview(), cancellationToken: cancellation);
            return review.Status.UserInfo.Username;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.NotFound)
        {
            // Servers before 1.27 do not tell a user's name, only whether the token is good.
            await MayAsync(client, new() { Verb = "list", Resource = "pods" }, cancellation);
            return "token";
        }
    }
}
