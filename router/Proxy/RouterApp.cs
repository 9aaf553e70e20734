using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Ops.Kube;
using Ops.Picking;

namespace Ops.Router;

/// <summary>Puts the router together.</summary>
internal static class RouterApp
{
    /// <summary>Builds the application.</summary>
    /// <param name="args">Command line, for example --urls http://127.0.0.1:8080.</param>
    /// <param name="addSource">Registers the <see cref="IRoutingTableSource"/>; the cluster by default.</param>
    /// <param name="accessLog">Where access log lines go; standard output by default.</param>
    internal static WebApplication Build(string[] args, Action<IServiceCollection>? addSource = null, Stream? accessLog = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        var options = Options(builder.Configuration);
        builder.Services.AddSingleton(options);
        if (string.IsNullOrEmpty(builder.Configuration[WebHostDefaults.ServerUrlsKey]))
            builder.WebHost.UseUrls("http://127.0.0.1:8080");
        builder.WebHost.ConfigureKestrel(kestrel => Limit(kestrel, options));
        if (options.TlsCertificateFile is not null || options.TlsKeyFile is not null)
            UseTls(builder, options);
        builder.Logging.ClearProviders().AddJsonConsole(Lines)
            .AddFilter("Microsoft", LogLevel.Warning)
            // The request log of the host costs more than the router's own and says less.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            .AddFilter("Yarp", LogLevel.None)
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTimeout);
        AddTracing(builder);
        AddRouter(builder.Services, options, accessLog ?? Console.OpenStandardOutput());
        (addSource ?? AddCluster)(builder.Services);

        var app = builder.Build();
        var pipeline = app.Services.GetRequiredService<RouterPipeline>();
        app.Run(pipeline.HandleAsync);
        return app;
    }

    private static void UseTls(WebApplicationBuilder builder, RouterOptions options)
    {
        if (options is not { TlsCertificateFile: { Length: > 0 }, TlsKeyFile: { Length: > 0 } })
            throw new InvalidOperationException("Router__TlsCertificateFile and Router__TlsKeyFile belong together; set both or none.");
        builder.Services.AddSingleton(s => new ServerCertificate(options, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<ServerCertificate>>()));
        builder.Services.AddHostedService(s => s.GetRequiredService<ServerCertificate>());
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            var certificate = kestrel.ApplicationServices.GetRequiredService<ServerCertificate>();
            kestrel.ConfigureHttpsDefaults(https =>
            {
                // The server insists on a selector, which cannot give intermediate certificates; the handshake can.
                https.ServerCertificateSelector = (_, _) => certificate.Current.TargetCertificate;
                https.OnAuthenticate = (_, handshake) => (handshake.ServerCertificateSelectionCallback, handshake.ServerCertificateContext) = (null, certificate.Current);
            });
        });
    }

    // OpenTelemetry's own variables configure it: OTEL_EXPORTER_OTLP_ENDPOINT, ..._PROTOCOL, ..._HEADERS, OTEL_TRACES_SAMPLER.
    private static void AddTracing(WebApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]) && string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]))
            return;
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("ops-router", serviceNamespace: "ops", serviceInstanceId: builder.Configuration["POD_NAME"]))
            .WithTracing(tracing => tracing.AddSource(Tracing.Name).AddOtlpExporter());
    }

    private static void AddRouter(IServiceCollection services, RouterOptions options, Stream accessLog)
    {
        services.AddHttpForwarder();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(new BodyBudget(options.BodyBudgetBytes));
        services.AddSingleton(s => new RouterMetrics(() => s.GetRequiredService<BodyBudget>().Used));
        services.AddSingleton(new UpstreamTrust(options.UpstreamCaFile));
        services.AddSingleton<ReplicaReader>();
        services.AddSingleton<UpstreamClient>();
        services.AddSingleton<IOutputLengthEstimator>(new OnlineLengthEstimator());
        services.AddSingleton(new PrefixIndex(options.PrefixBlocks));
        services.AddSingleton(s => new ModelFleet(s.GetRequiredService<IRoutingTableSource>(), s.GetRequiredService<RouterMetrics>(), s.GetRequiredService<PrefixIndex>()));
        services.AddSingleton(s => new AdmissionMetrics(s.GetRequiredService<RouterMetrics>().Registry));
        services.AddSingleton(new ProgramTable());
        AddTenancy(services, options.Jwt);
        if (options.BudgetFile is { Length: > 0 } path)
            services.AddHostedService(s => new BudgetFile(path, s.GetRequiredService<CallerMeters>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<BudgetFile>>()));
        services.AddSingleton<SleepWaker>();
        services.AddSingleton<AdmissionDesk>();
        services.AddHostedService<AdmissionTicker>();
        services.AddSingleton<ReplicaChoice>();
        services.AddSingleton<HoldingRoom>();
        var carbon = CarbonIntensity.Parse(options.CarbonIntensity);
        services.AddSingleton(s => new Accounting(s.GetRequiredService<RouterMetrics>(), s.GetRequiredService<IOutputLengthEstimator>(), carbon, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<AttemptRunner>();
        services.AddSingleton<InferenceHandler>();
        services.AddSingleton<RouterPipeline>();
        services.AddSingleton(s => new AccessLog(s.GetRequiredService<RouterMetrics>(), accessLog));
        services.AddHostedService(s => s.GetRequiredService<AccessLog>());
        services.AddSingleton<DrainService>();
        services.AddHostedService(s => s.GetRequiredService<DrainService>());
        services.AddHostedService<Scraper>();
        services.AddHostedService<HealthProber>();
    }

    private static void AddTenancy(IServiceCollection services, JwtOptions? jwt)
    {
        services.AddSingleton<CallerMeters>();
        if (jwt is not null)
        {
            services.AddSingleton(jwt.Checked());
            services.AddSingleton(s => new SigningKeys(jwt, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<SigningKeys>>()));
            services.AddSingleton(s => new TokenAuthority(jwt, s.GetRequiredService<SigningKeys>(), s.GetRequiredService<TimeProvider>()));
        }

        services.AddSingleton(s => new Authenticator(s.GetService<TokenAuthority>(), s.GetRequiredService<TimeProvider>()));
    }

    private static void AddCluster(IServiceCollection services)
    {
        services.AddSingleton(_ => KubeClient.FromEnvironment(new KubeClientOptions { UserAgent = "ops-router" }));
        AddTableFromCluster(services);
    }

    /// <summary>Registers the cluster as the source of the routing table; needs a <see cref="KubeClient"/>.</summary>
    internal static void AddTableFromCluster(IServiceCollection services)
    {
        services.AddSingleton<KubeRoutingTableSource>();
        services.AddSingleton<IRoutingTableSource>(s => s.GetRequiredService<KubeRoutingTableSource>());
        services.AddHostedService(s => s.GetRequiredService<KubeRoutingTableSource>());
    }

    private static RouterOptions Options(ConfigurationManager configuration)
    {
        var options = configuration.GetSection("Router").Get<RouterOptions>() ?? new RouterOptions();
        return options with { Namespace = options.Namespace ?? configuration["POD_NAMESPACE"] ?? Ops.Api.WellKnown.SystemNamespace };
    }

    private static void Lines(JsonConsoleFormatterOptions json)
    {
        json.UseUtcTimestamp = true;
        json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
    }

    private static void Limit(KestrelServerOptions kestrel, RouterOptions options)
    {
        kestrel.AddServerHeader = false;
        // The limit is the handler's: it answers at once, and the server then takes in and discards what is still on its
        // way for up to 5 s. With a limit of its own the server would reset the connection, and the client would see
        // that instead of the answer.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        kestrel.Limits.RequestHeadersTimeout = options.RequestHeadersTimeout;
    }
}
