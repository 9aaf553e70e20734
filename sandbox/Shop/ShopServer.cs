using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Ops.Sandbox.Shop.Faults;
using Ops.Sandbox.Shop.Http;
using Ops.Sandbox.Shop.Running;
using Ops.Sandbox.Shop.Telemetry;
using Ops.Sandbox.Shop.Users;

namespace Ops.Sandbox.Shop;

/// <summary>One process of the shop, built from its options. Used by Program and, on port 0, by tests.</summary>
internal sealed partial class ShopServer : IAsyncDisposable
{
    private readonly WebApplication web;
    private readonly ShopOptions options;
    private readonly Service? service;
    private readonly UserLoad? users;
    private readonly StartUp startUp;
    private readonly Relay? relay;
    private readonly FaultSwitch? faults;
    private readonly ShopMetrics metrics = new();
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stopping = new();
    private Task background = Task.CompletedTask;

    private ShopServer(ShopOptions options, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        if (ShopPlan.Shop.Find(options.Service) is { } plan)
            service = new Service(plan, options, metrics, time);
        else
            users = new UserLoad(options, metrics, time);
        startUp = new StartUp(users is null ? [.. service!.Callees.Values] : [users.Frontend], service, time);
        web = Web();
        if (options.FaultsOn)
        {
            relay = new Relay(options.Listen, time);
            faults = new FaultSwitch(new Reach(service, relay, users, service?.Plan.Job is null ? null : RunJobAsync, time), web.Services.GetRequiredService<ILogger<FaultSwitch>>());
        }

        web.Run(new Endpoints(service, faults, startUp, metrics, time).HandleAsync);
    }

    /// <summary>Where it answers; known once started.</summary>
    public IPEndPoint Address => relay?.Address ?? Inner;

    private IPEndPoint Inner => IPEndPoint.Parse(new Uri(web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Authority);

    public static ShopServer Build(ShopOptions options, TimeProvider time) => new(options, time);

    public async Task StartAsync()
    {
        await web.StartAsync();
        relay?.Start(Inner);
        var logger = web.Services.GetRequiredService<ILogger<ShopServer>>();
        Log.Serving(logger, options.Service, Address);
        if (faults is not null)
            Log.FaultsOn(logger);
        else if (options.FaultsWanted)
            Log.FaultsIgnored(logger, options.Listen.Address);
        background = Task.Run(() => GuardedAsync(logger));
    }

    public Task WaitForShutdownAsync() => web.WaitForShutdownAsync();

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await background;
        if (faults is not null)
            await faults.DisposeAsync();
        if (relay is not null)
            await relay.DisposeAsync();
        await web.DisposeAsync();
        service?.Dispose();
        users?.Dispose();
        stopping.Dispose();
    }

    private WebApplication Web()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning);
        // Behind the relay the service itself takes any free port of the same address.
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 4096;
            kestrel.Listen(options.FaultsOn ? new IPEndPoint(options.Listen.Address, 0) : options.Listen);
        });
        return builder.Build();
    }

    private async Task GuardedAsync(ILogger logger)
    {
        try
        {
            await BackgroundAsync(stopping.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // It was told to end.
        }
        catch (Exception error)
        {
            // A process that will never be ready should not look as if it were about to: it ends, and is started anew.
            Log.Broken(logger, error);
            await web.StopAsync();
        }
    }

    private async Task BackgroundAsync(CancellationToken cancellation)
    {
        await startUp.RunAsync(cancellation);
        if (users is not null)
            await users.RunAsync(cancellation);
        else if (service!.Plan.Job is { } job)
            while (true)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(job.EveryMilliseconds), time, cancellation);
                await RunJobAsync();
            }
    }

    private async Task RunJobAsync()
    {
        try
        {
            if (await service!.TryRunAsync(service.Find(service.Plan.Job!.Operation)!))
                metrics.JobRuns.Inc();
        }
        catch (CallFailedException)
        {
            // The callee's trouble shows in the metrics of the call; the job comes again.
            await Task.Delay(Adjustment.Interval, time);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Service} listens on {Address}.")]
        public static partial void Serving(ILogger logger, string service, IPEndPoint address);

        [LoggerMessage(2, LogLevel.Warning, "Faults can be injected at /chaos from this machine.")]
        public static partial void FaultsOn(ILogger logger);

        [LoggerMessage(4, LogLevel.Critical, "The work behind the requests broke off.")]
        public static partial void Broken(ILogger logger, Exception error);

        [LoggerMessage(3, LogLevel.Warning, "Faults stay off: {Address} is not a loopback address, so others could inject them.")]
        public static partial void FaultsIgnored(ILogger logger, IPAddress address);
    }
}
