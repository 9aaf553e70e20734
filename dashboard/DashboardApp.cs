using k8s;
using Microsoft.AspNetCore.Hosting.StaticWebAssets;
using Microsoft.Extensions.Logging.Console;
using Microsoft.AspNetCore.Components.Server.Circuits;
using MudBlazor.Services;
using Ops.Dashboard.Access;
using Ops.Dashboard.Ask;
using Ops.Dashboard.Cluster;
using Ops.Dashboard.Layout;
using Ops.Dashboard.Metrics;
using Ops.Dashboard.WhatIf;
using Ops.Kube;
using Ops.Llm;
using Prometheus;

namespace Ops.Dashboard;

/// <summary>Puts the dashboard together.</summary>
internal static class DashboardApp
{
    /// <summary>Builds the application.</summary>
    /// <param name="args">Command line, for example --urls http://127.0.0.1:8080.</param>
    public static WebApplication Build(string[] args)
    {
        // Files of the page lie beside the executable, wherever it is started from.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        // A build that was not published has them where its sources are.
        StaticWebAssetsLoader.UseStaticWebAssets(builder.Environment, builder.Configuration);
        // Such a build would otherwise look for edited files with each answer, and send all of them uncompressed.
        builder.Configuration["ReloadStaticAssetsAtRuntime"] = "false";
        if (string.IsNullOrEmpty(builder.Configuration[WebHostDefaults.ServerUrlsKey]))
            builder.WebHost.UseUrls("http://127.0.0.1:8080");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Nothing larger than a token is ever sent.
            kestrel.Limits.MaxRequestBodySize = 64 << 10;
            // Each viewer holds one connection; a few hundred are more than a team.
            kestrel.Limits.MaxConcurrentConnections = 1_000;
            kestrel.Limits.MaxConcurrentUpgradedConnections = 500;
        });
        builder.Logging.ClearProviders().AddJsonConsole(Lines)
            .AddFilter("Microsoft", LogLevel.Warning)
            // Missing rights of a user are that user's matter and shown to them.
            .AddFilter("Ops.Kube.ResourceCache", LogLevel.Error)
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        var options = builder.Configuration.GetSection("Dashboard").Get<DashboardOptions>() ?? new DashboardOptions();
        options.Oidc.Checked();
        options.Ask.Checked();
        Register(builder.Services, options);
        return Map(builder.Build());
    }

    private static void Register(IServiceCollection services, DashboardOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(TimeProvider.System);
        SessionKeys.Register(services, options.SessionKeyFile);
        SignIn.Register(services, options);
        services.AddSingleton(new UserAccess(KubernetesClientConfiguration.BuildDefaultConfig));
        services.AddSingleton<ClusterViews>();
        services.AddSingleton(_ => KubeClient.FromEnvironment(new() { UserAgent = "ops-dashboard" }));
        services.AddSingleton<MetricStore>();
        services.AddSingleton<MetricScraper>();
        services.AddHostedService(provider => provider.GetRequiredService<MetricScraper>());
        services.AddSingleton<WhatIfDesk>();
        services.AddSingleton(options.Ask);
        services.AddSingleton<TokenMeter>();
        services.AddSingleton<QuestionMeter>();
        services.AddSingleton<AskDesk>();
        services.AddSingleton<DecisionFeed>();
        services.AddScoped<ViewState>();
        services.AddScoped<CircuitHandler, ViewerConnection>();
        services.AddCascadingAuthenticationState();
        services.AddMudServices(mud => mud.SnackbarConfiguration.PositionClass = MudBlazor.Defaults.Classes.Position.BottomRight);
        services.AddRazorComponents().AddInteractiveServerComponents(circuit =>
        {
            // A lost connection comes back to the same page for three minutes; a hundred such pages are 10 MB.
            circuit.DisconnectedCircuitMaxRetained = 100;
            circuit.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(3);
        });
    }

    private static WebApplication Map(WebApplication app)
    {
        app.UseSecurityHeaders(app.Services.GetRequiredService<DashboardOptions>().Oidc);
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapGet("/healthz", () => Results.Text("ok\n"));
        app.MapGet("/readyz", (MetricScraper scraper) => scraper.IsReady ? Results.Text("ok\n") : Results.Text($"pods: {scraper.Trouble}\n", statusCode: 503));
        app.MapMetrics();
        app.MapStaticAssets();
        app.MapSignIn();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode().RequireAuthorization();
        return app;
    }

    private static void Lines(JsonConsoleFormatterOptions json)
    {
        json.UseUtcTimestamp = true;
        json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
    }
}
