using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Webhooks;

/// <summary>A webhook could not be asked, or its answer is none; the message is Go's.</summary>
internal sealed class WebhookFailedException(string message) : Exception(message);

/// <summary>Sends a review to one webhook over TLS, to a URL of this machine or to a Service, and reads the answer.</summary>
internal sealed class WebhookCaller(ObjectStore store)
{
    // An answer is a verdict and a patch, no object.
    private const int MaxAnswer = 1 << 20;

    /// <summary>The response member of the answer.</summary>
    /// <exception cref="WebhookFailedException">There is no answer.</exception>
    public JsonObject Ask(Webhook hook, string uid, JsonObject review)
    {
        var config = hook.Spec.Child("clientConfig") ?? [];
        var shown = Shown(config, hook.Timeout);
        try
        {
            var (address, host) = Target(config, shown);
            using var client = Client(config.Text("caBundle"));
            using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(review.ToJsonString(), Encoding.UTF8, "application/json") };
            request.Headers.Host = host;
            using var limit = new CancellationTokenSource(hook.Timeout);
            using var response = client.Send(request, limit.Token);
            using var reader = new StreamReader(response.Content.ReadAsStream(limit.Token));
            var body = reader.ReadToEnd();
            if (!response.IsSuccessStatusCode)
                throw new WebhookFailedException($"the server rejected our request for an unknown reason (status {(int)response.StatusCode})");
            return Response(body, uid);
        }
        catch (OperationCanceledException)
        {
            throw new WebhookFailedException($"failed to call webhook: Post \"{shown}\": context deadline exceeded");
        }
        catch (Exception trouble) when (trouble is HttpRequestException or IOException or AuthenticationException)
        {
            throw new WebhookFailedException($"failed to call webhook: Post \"{shown}\": {Words(trouble)}");
        }
    }

    private static JsonObject Response(string body, string uid)
    {
        var review = Parse(body);
        if (review.Text("kind") != "AdmissionReview" || review.Text("apiVersion") != "admission.k8s.io/v1")
            throw new WebhookFailedException("received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview");
        if (review.Child("response") is not { } response)
            throw new WebhookFailedException("webhook response was absent");
        return response.Text("uid") == uid ? response : throw new WebhookFailedException($"received invalid webhook response: expected response.uid=\"{uid}\", got \"{response.Text("uid")}\"");
    }

    private static JsonObject Parse(string body)
    {
        try
        {
            return JsonNode.Parse(body) as JsonObject ?? [];
        }
        catch (System.Text.Json.JsonException)
        {
            throw new WebhookFailedException("received invalid webhook response: it is no JSON");
        }
    }

    private static string Shown(JsonObject config, TimeSpan timeout) =>
        (config.Child("service") is { } service ? $"https://{HostOf(service)}:{service.Number("port") ?? 443}{Path(service)}" : config.Text("url")) + $"?timeout={timeout.TotalSeconds:0}s";

    private static string HostOf(JsonObject service) => $"{service.Text("name")}.{service.Text("namespace")}.svc";

    private static string Path(JsonObject service) => service.Text("path") is { Length: > 0 } path ? path : "/";

    private (Uri Address, string Host) Target(JsonObject config, string shown)
    {
        if (config.Child("service") is not { } service)
        {
            var url = new Uri(shown);
            return (url, url.Authority);
        }

        var (ns, name, port) = (service.Text("namespace") ?? "", service.Text("name") ?? "", service.Number("port") ?? 443);
        var spec = store.Snapshot.Find(Known.Services, new ObjectId(ns, name))?.Parse().Child("spec")
            ?? throw new WebhookFailedException($"failed to call webhook: Post \"{shown}\": service \"{name}\" not found");
        var address = new UriBuilder("https", spec.Text("clusterIP"), (int)port, Path(service), new Uri(shown).Query);
        return (address.Uri, HostOf(service));
    }

    private static HttpClient Client(string? bundle)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) => certificate is not null && IsTrusted(new X509Certificate2(certificate), bundle, errors);
        return new HttpClient(handler) { MaxResponseContentBufferSize = MaxAnswer };
    }

    // Only the bundle counts, since an API server knows no other authority here; the name must be that of the Service or URL.
    private static bool IsTrusted(X509Certificate2 certificate, string? bundle, SslPolicyErrors errors)
    {
        if (bundle is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(Encoding.ASCII.GetString(Convert.FromBase64String(bundle)));
        return chain.Build(certificate);
    }

    private static string Words(Exception trouble) => trouble switch
    {
        HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } => "dial tcp: connect: connection refused",
        HttpRequestException { InnerException: AuthenticationException } => "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        _ => trouble.Message,
    };
}
