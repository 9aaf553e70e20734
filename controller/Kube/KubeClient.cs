using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>Settings of a <see cref="KubeClient"/>.</summary>
public sealed record KubeClientOptions
{
    /// <summary>Name in the User-Agent header. Default ops.</summary>
    public string UserAgent { get; init; } = "ops";

    /// <summary>The user to act as, for example system:serviceaccount:NAMESPACE:NAME; takes the right to impersonate it. Default none.</summary>
    public string? ActAs { get; init; }

    /// <summary>
    /// The group to act in beside <see cref="ActAs"/>; takes the right to impersonate it too. Default none. One only: several values of
    /// a header go out in one line, which an API server reads as the name of a single group.
    /// </summary>
    public string? ActAsGroup { get; init; }

    /// <summary>Time limit of one request that is not a watch. Default 30 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Clock of time limits. Default the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>
/// Talks to one API server: typed requests and raw watch streams over the connection pool and the credentials of the
/// KubernetesClient library. Errors are <see cref="KubeApiException"/>, HttpRequestException or TimeoutException.
/// </summary>
public sealed class KubeClient : IDisposable
{
    // HTTP/1.1 only: one connection a cache (tens), one a worker (tens), and room for bursts.
    private const int MaxConnections = 256;

    private readonly Kubernetes kubernetes;
    private readonly RefreshingToken? token;
    private readonly KubeClientOptions options;

    /// <summary>Creates a client for a fixed configuration.</summary>
    public KubeClient(KubernetesClientConfiguration configuration, KubeClientOptions? options = null)
        : this(configuration, null, options)
    {
    }

    /// <summary>Creates a client for a configuration that is read again when its token is refused.</summary>
    public KubeClient(Func<KubernetesClientConfiguration> configuration, KubeClientOptions? options = null)
        : this(configuration(), configuration, options)
    {
    }

    private KubeClient(KubernetesClientConfiguration configuration, Func<KubernetesClientConfiguration>? reload, KubeClientOptions? options)
    {
        this.options = options ?? new KubeClientOptions();
        Namespace = string.IsNullOrEmpty(configuration.Namespace) ? "default" : configuration.Namespace;
        if (RefreshingToken.Applies(configuration))
        {
            token = new RefreshingToken(configuration, reload, this.options.Time);
            configuration.TokenProvider = token;
        }

        var setup = configuration.FirstMessageHandlerSetup;
        configuration.FirstMessageHandlerSetup = handler =>
        {
            SetUp(handler);
            setup?.Invoke(handler);
        };
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        kubernetes = this.options.ActAs is { } user ? new Kubernetes(configuration, new ActingAs(user, this.options.ActAsGroup)) : new Kubernetes(configuration);
    }

    /// <summary>The library's typed client over the same connection pool and credentials, for what is not covered here.</summary>
    public IKubernetes Kubernetes => kubernetes;

    /// <summary>The namespace of the configuration, or default.</summary>
    public string Namespace { get; }

    /// <summary>Clock of time limits.</summary>
    internal TimeProvider Time => options.Time;

    /// <summary>The configuration of the pod that this process runs in, or of KUBECONFIG, whichever is present.</summary>
    public static KubeClient FromEnvironment(KubeClientOptions? options = null) =>
        new(KubernetesClientConfiguration.BuildDefaultConfig, options);

    /// <summary>Reads one object; null if it does not exist.</summary>
    public async Task<T?> GetAsync<T>(string? ns, string name, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            return await SendAsync<T>(HttpMethod.Get, ResourceOf<T>.Object(ns, name), null, cancellationToken);
        }
        catch (KubeApiException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Reads all objects, page by page.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(string? ns, string? labelSelector = null, string? fieldSelector = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var list = await new Lister<T>(this, ns, labelSelector, fieldSelector).ListAllAsync(cancellationToken);
        return list.Items;
    }

    /// <summary>Creates an object.</summary>
    public Task<T> CreateAsync<T>(T obj, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        SendAsync<T>(HttpMethod.Post, ResourceOf<T>.Collection(obj.Metadata.NamespaceProperty), Json(KubernetesJson.Serialize(obj)), cancellationToken);

    /// <summary>Replaces an object; its resourceVersion is the precondition, and a lost race is a 409.</summary>
    public Task<T> ReplaceAsync<T>(T obj, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        SendAsync<T>(HttpMethod.Put, ResourceOf<T>.Object(obj.Metadata.NamespaceProperty, obj.Metadata.Name), Json(KubernetesJson.Serialize(obj)), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => kubernetes.Dispose();

    /// <summary>A body of a media type without a charset, as API servers send and expect it.</summary>
    internal static Func<HttpContent> Json(string body, string mediaType = "application/json") => () =>
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return content;
    };

    /// <summary>Sends a request and reads the whole answer as a T.</summary>
    internal async Task<T> SendAsync<T>(HttpMethod method, string path, Func<HttpContent>? content, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var (body, _) = await SendForBytesAsync(method, path, content, cancellationToken);
        return Parse<T>(body);
    }

    /// <summary>Parses one object.</summary>
    internal static T Parse<T>(byte[] body)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        using var stream = new MemoryStream(body, writable: false);
        return ResourceOf<T>.Complete(KubernetesJson.Deserialize<T>(stream) ?? throw new JsonException("The server answered null."));
    }

    /// <summary>Sends a request within the time limit and reads the whole answer.</summary>
    internal async Task<(byte[] Body, HttpStatusCode Status)> SendForBytesAsync(HttpMethod method, string path, Func<HttpContent>? content, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.RequestTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var response = await SendAsync(method, path, content, either.Token);
            return (await response.Content.ReadAsByteArrayAsync(either.Token), response.StatusCode);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"{method} /{path}: no answer within {options.RequestTimeout.TotalSeconds} s."), e);
        }
    }

    /// <summary>Sends a request and returns as soon as the headers of a success are in. The caller bounds the time.</summary>
    internal async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, Func<HttpContent>? content, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var request = new HttpRequestMessage(method, new Uri(kubernetes.BaseUri, path));
            request.Version = HttpVersion.Version20;
            request.Content = content?.Invoke();
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            request.Headers.UserAgent.ParseAdd(options.UserAgent);
            if (kubernetes.Credentials is { } credentials)
                await credentials.ProcessHttpRequestAsync(request, cancellationToken);
            var sent = request.Headers.Authorization;
            var response = await kubernetes.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            Meters.Request(method, response.StatusCode);
            if (response.IsSuccessStatusCode)
                return response;
            var error = await KubeApiException.FromAsync(response, cancellationToken);
            var again = attempt == 1 && error.StatusCode == HttpStatusCode.Unauthorized && token is not null && await token.RefreshAsync(sent, cancellationToken);
            if (!again)
                throw error;
        }
    }

    private static void SetUp(SocketsHttpHandler handler)
    {
        handler.AutomaticDecompression = DecompressionMethods.GZip;
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
        handler.MaxConnectionsPerServer = MaxConnections;
        handler.EnableMultipleHttp2Connections = true;
        // A dead HTTP/2 connection would be reused by the very watch that replaces a stalled one; pings end it instead.
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        handler.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(15);
        // Addresses behind the server's name change; ten minutes also spreads load over several API servers.
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(10);
    }

    // Below everything that sends, so that the library's own calls act as the same user.
    private sealed class ActingAs(string user, string? group) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Add("Impersonate-User", user);
            if (group is not null)
                request.Headers.Add("Impersonate-Group", group);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
