namespace Ops.Router;

/// <summary>
/// The first step of a stop: say on /readyz that no more requests should come, and go on serving those that do until
/// everybody has heard it. Only then does the server close its listener and wait for running requests.
/// </summary>
internal sealed partial class DrainService(RouterOptions options, TimeProvider time, ILogger<DrainService> logger) : IHostedLifecycleService
{
    private volatile bool _draining;

    internal bool IsDraining => _draining;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _draining = true;
        Log.Draining(logger, options.DrainDelay.TotalSeconds, options.DrainTimeout.TotalSeconds);
        await Task.Delay(options.DrainDelay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Stopping: still accepting requests for {Delay} s, then finishing running ones within {Timeout} s")]
        public static partial void Draining(ILogger logger, double delay, double timeout);
    }
}
