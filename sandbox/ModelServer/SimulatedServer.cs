using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Ops.Sandbox.ModelServer.Engine;
using Ops.Sandbox.ModelServer.Http;
using Ops.Sandbox.ModelServer.Metrics;

namespace Ops.Sandbox.ModelServer;

/// <summary>The server, built from its options. Used by Program and, on port 0, by tests.</summary>
internal static partial class SimulatedServer
{
    /// <summary>The server of a model, and one for each model that shares its GPUs.</summary>
    public static IReadOnlyList<WebApplication> BuildAll(ServerOptions options, TimeProvider time)
    {
        var clock = new EngineClock(time);
        var gpus = new SharedGpus(options.Profile.Gpu, options.Profile.GpuCount, clock.Now, options.Power, options.SleepWatts);
        return [Build(options, time, clock, gpus, countsIdle: true), .. options.CoResidents.Select(other => Build(other, time, clock, gpus, countsIdle: false))];
    }

    private static WebApplication Build(ServerOptions options, TimeProvider time, EngineClock clock, SharedGpus gpus, bool countsIdle)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning);
        builder.WebHost.UseKestrelCore().UseUrls(options.Url).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Answers.MaxBodyBytes + 1L;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTime);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton(new ServerMetrics(options.ServedNames[0]));
        builder.Services.AddSingleton(services => new SimulatedEngine(
            options.Profile, options.Limits, options.LoadTime, clock, gpus, options.FirstGpu, countsIdle, services.GetRequiredService<ServerMetrics>()));
        builder.Services.AddSingleton<Answers>();
        builder.Services.AddSingleton<Embeddings>();
        builder.Services.AddSingleton<SleepPages>();
        builder.Services.AddSingleton<Endpoints>();
        var app = builder.Build();
        app.Run(app.Services.GetRequiredService<Endpoints>().HandleAsync);
        app.Services.GetRequiredService<SimulatedEngine>().Start();
        return app;
    }

    /// <summary>Address that the server listens on.</summary>
    public static string Address(WebApplication app) =>
        app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static void Announce(WebApplication app, ServerOptions options) => Log.Serving(
        app.Services.GetRequiredService<ILogger<SimulatedEngine>>(), options.Model, options.Profile.GpuCount, options.Profile.Gpu.Name, Address(app),
        options.Limits.MaxSequences, options.Limits.CacheTokens);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Simulating {Model} on {Gpus} x {Product} at {Address}: {Sequences} sequences, {CacheTokens} tokens of cache.")]
        public static partial void Serving(ILogger logger, string model, int gpus, string product, string address, int sequences, int cacheTokens);
    }
}
