using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Api.Admission;
using Ops.Sandbox.Api.Admission.Quotas;
using Ops.Sandbox.Api.Auth;
using Ops.Sandbox.Api.Controllers;
using Ops.Sandbox.Api.Crd;
using Ops.Sandbox.Api.Discovery;
using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Api.Streams;
using Ops.Sandbox.Api.Subresources;
using Ops.Sandbox.Api.Webhooks;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api;

/// <summary>A Kubernetes-compatible API server inside this process, on the loopback address, without TLS, with tokens.</summary>
public sealed class ApiServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ObjectStore _store;
    private readonly Tokens _tokens;
    private readonly CancellationTokenSource _stopping;
    private readonly RequestMetrics _metrics;
    private readonly Task _loops;
    private readonly X509Certificate2 _certificate;

    private ApiServer(WebApplication app, ObjectStore store, Tokens tokens, string adminToken, LocalClient local, RequestMetrics metrics, CancellationTokenSource stopping, Task loops, X509Certificate2 certificate)
    {
        _certificate = certificate;
        _loops = loops;
        _app = app;
        _store = store;
        _tokens = tokens;
        _metrics = metrics;
        _stopping = stopping;
        AdminToken = adminToken;
        Local = local;
        Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    /// <summary>Where the server listens, for example <c>http://127.0.0.1:41234</c>.</summary>
    public string Url { get; }

    /// <summary>The same port over TLS, with a certificate of its own: kubectl sends tokens to https only.</summary>
    public string SecureUrl => Url.Replace("http://", "https://", StringComparison.Ordinal);

    /// <summary>Bearer token of system:masters.</summary>
    public string AdminToken { get; }

    /// <summary>The in-process client.</summary>
    public LocalClient Local { get; }

    /// <summary>Who answers pods/log and pods/exec; without it they are refused with 503.</summary>
    public INodeStreams? NodeStreams { get; set; }

    /// <summary>Starts a server and waits until it answers.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<ApiServer> StartAsync(ApiServerOptions options, CancellationToken cancellationToken = default)
    {
        var stopping = new CancellationTokenSource();
        var file = options.StatePath is null ? null : new StoreFile(options.StatePath);
        var store = new ObjectStore(file);
        var time = options.TimeProvider;
        var adminToken = options.AdminToken ?? Secret(file, "admin-token");
        var tokens = new Tokens(Convert.FromHexString(Secret(file, "signing-key")), time);
        var registry = new ResourceRegistry(BuiltInKinds.All.Where(IsServed));
        var webhooks = new WebhookAdmission(store);
        var writer = new ObjectWriter(store, Admission(options), webhooks, time);
        var deleter = new ObjectDeleter(store, webhooks, time);
        var reader = new ObjectReader(store, time);
        var metrics = new RequestMetrics();
        var authorizer = new Authorizer(store);
        var local = new LocalClient(store, registry, writer, deleter, options.LoggerFactory.CreateLogger<LocalClient>(), stopping.Token);
        var crds = new CrdController(store, registry, deleter, time, options.LoggerFactory.CreateLogger<CrdController>());
        crds.Reconcile();
        Bootstrap.Fill(local);
        store.Compact();

        ApiServer? server = null;
        var authenticator = new Authenticator(adminToken, tokens, store);
        var resources = new ResourceHandler(reader, writer, deleter, new WatchStream(store, registry, metrics, time), time, stopping.Token);
        var dispatcher = new Dispatcher(
            registry,
            resources,
            [
                new ServerInfoHandler(store, metrics, () => server is not null),
                new DiscoveryHandler(registry),
                new OpenApiHandler(registry),
                new ReviewHandler(authenticator, authorizer, time),
            ],
            [
                new ScaleHandler(reader, writer, time),
                new PodBinding(store, time),
                new PodEviction(store, deleter),
                new PodLogs(reader, () => server?.NodeStreams, stopping.Token),
                new PodExec(reader, () => server?.NodeStreams, stopping.Token),
                new NamespaceFinalize(writer),
                new TokenRequests(reader, tokens, time),
            ]);
        var pipeline = new RequestPipeline(authenticator, authorizer, dispatcher, metrics, options.LoggerFactory.CreateLogger<RequestPipeline>());
        var certificate = ServerCertificate.Load(Secret(file, "certificate", ServerCertificate.Create));
        var app = Listen(options, pipeline, certificate);
        await app.StartAsync(cancellationToken);
        var loops = Task.WhenAll(
            crds.RunAsync(stopping.Token),
            new NamespaceCleaner(store, registry, deleter, time, options.LoggerFactory.CreateLogger<NamespaceCleaner>()).RunAsync(stopping.Token),
            new QuotaStatus(store, time, options.LoggerFactory.CreateLogger<QuotaStatus>()).RunAsync(stopping.Token),
            new EventExpiry(registry, deleter, time, options.EventLifetime).RunAsync(stopping.Token));
        server = new ApiServer(app, store, tokens, adminToken, local, metrics, stopping, loops, certificate);
        return server;
    }

    /// <summary>A kubeconfig file for a token; it speaks TLS and carries the server's certificate.</summary>
    public string KubeconfigFor(string token) => Kubeconfig.Write(SecureUrl, ServerCertificate.AuthorityData(_certificate), token, token == AdminToken ? "admin" : "token-user");

    /// <summary>A token of a service account, good for one year or until the account goes.</summary>
    /// <exception cref="ApiException">404 when the account does not exist.</exception>
    public string IssueServiceAccountToken(string ns, string name)
    {
        var account = _store.Snapshot.Find(Known.ServiceAccounts, new ObjectId(ns, name)) ?? throw Errors.NotFound(Known.ServiceAccounts, name);
        return _tokens.Issue(ns, name, account.Uid, TimeSpan.FromDays(365), ["https://kubernetes.default.svc.cluster.local"]);
    }

    /// <summary>Requests served since the start, by verb in lower case (get, list, watch, create, update, patch, delete).</summary>
    public long RequestsOf(string verb) => _metrics.Of(verb);

    /// <summary>
    /// Forgets the history of changes up to now, as a real server does every five minutes: a watch from before gets 410 and
    /// its client has to list again.
    /// </summary>
    public void Compact() => _store.Compact();

    /// <summary>Changes stored since the start.</summary>
    public long StoredWrites => _store.Writes;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _loops.ContinueWith(static _ => { }, TaskScheduler.Default);
        _store.Dispose();
        _stopping.Dispose();
        _certificate.Dispose();
    }

    /// <summary>Admission policies would have to be evaluated; a sandbox that only stored them would pretend a protection that is not there.</summary>
    private static bool IsServed(KindDefinition kind) => kind.Group != Known.MutatingWebhooks.Group || kind.Plural == Known.MutatingWebhooks.Plural || kind.Plural == Known.ValidatingWebhooks.Plural;

    private static AdmissionChain Admission(ApiServerOptions options) => new(
        new NamespaceLifecycle(),
        new UnenforcedKinds(),
        new NamespaceDefaults(),
        new CrdAdmission(),
        new WebhookRules(),
        new LimitRanges(),
        new PodIdentity(),
        new PodPriority(),
        new PodSecurity(),
        new ServiceAddresses(options.ServiceAddressRange),
        new ResourceQuotas(options.TimeProvider));

    private static WebApplication Listen(ApiServerOptions options, RequestPipeline pipeline, X509Certificate2 certificate)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions());
        // The web host has nothing to tell that the pipeline does not tell better.
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Reading stops at RequestBody.MaxBytes; what a client sends beyond it is drained, so that it gets to read its 413.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.AllowSynchronousIO = false;
            kestrel.Listen(IPAddress.Loopback, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(new TlsDetection(certificate).Wrap);
            });
        });
        var app = builder.Build();
        pipeline.Compose(app);
        return app;
    }

    /// <summary>The program that embeds the server decides about Ctrl-C, not the server.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Made once and kept beside the state: 32 random bytes in hex, unless it is something else.</summary>
    private static string Secret(StoreFile? file, string name, Func<string>? make = null)
    {
        if (file?.ReadMeta(name) is { } kept) return kept;
        var made = make?.Invoke() ?? RandomNumberGenerator.GetHexString(64, lowercase: true);
        file?.WriteMeta(name, made);
        return made;
    }
}
