using Ops.Api;
using Ops.Kube;
using Ops.PowerAgent.Gpus;
using Ops.PowerAgent.Kubelet;

namespace Ops.PowerAgent;

/// <summary>
/// Looks at the node's GPUs again and again, sets what pools ask, and writes down what is in force. Runs while this process
/// holds the node's Lease; when it ends, for whatever reason, the GPUs go back to what they came with.
/// </summary>
internal sealed partial class AgentLoop : IDisposable
{
    // To give GPUs back, after the loop was told to end.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    private readonly NodeCaches _caches;
    private readonly PowerReporter _reporter;
    private readonly EventRecorder _events;
    private readonly PowerAgentOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<AgentLoop> _logger;
    private readonly PodResources _kubelet;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly PowerRound _simulated;
    private readonly NvmlGpus? _nvml;
    private readonly PowerRound? _real;
    private readonly string _noNvml;
    private IReadOnlyList<PoolPod> _pods = [];
    private string _trouble = "";

    public AgentLoop(NodeCaches caches, PowerReporter reporter, EventRecorder events, PowerAgentOptions options, TimeProvider time, ILogger<AgentLoop> logger)
    {
        (_caches, _reporter, _events, _options, _time, _logger) = (caches, reporter, events, options, time, logger);
        _kubelet = new PodResources(options.PodResources, time);
        _simulated = new PowerRound(new SimulatedGpus(_http, () => _pods));
        _nvml = NvmlGpus.Open(options.Nvml, out _noNvml);
        _real = _nvml is null ? null : new PowerRound(_nvml);
        PowerMetrics.HasNvml(_nvml is not null);
        if (_nvml is null)
            Log.NoNvml(logger, options.Node, _noNvml);
    }

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var (_, cache) in _caches.All)
            await cache.WaitForSyncAsync(cancellationToken);
        var before = await _reporter.ReadAsync(cancellationToken);
        _real?.TakeOver(before);
        _simulated.TakeOver(before);
        try
        {
            using var timer = new PeriodicTimer(_options.Interval, _time);
            do
            {
                await RoundAsync(cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        finally
        {
            await RestoreAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _kubelet.Dispose();
        _nvml?.Dispose();
    }

    private async Task RoundAsync(CancellationToken cancellation)
    {
        _pods = PodWishes.Of(_caches.Pods.List(), (ns, name) => _caches.Pools.Get(ns, name));
        var (trouble, steps) = ("", 0);
        var states = new List<GpuState>();
        var problems = new Dictionary<string, string>();
        try
        {
            Take(await _simulated.RunAsync(_pods.Where(pod => pod.SimulatedAt is not null).ToDictionary(pod => pod.Name), cancellation));
            if (_real is not null)
                Take(await RealAsync(cancellation));
            else
                foreach (var pod in _pods.Where(pod => pod.SimulatedAt is null && pod.Wish != PowerWish.None))
                    problems[pod.Name] = $"node {_options.Node} is refused: {_noNvml}";
        }
        catch (GpuException error)
        {
            trouble = error.Message;
        }

        PowerMetrics.Round(trouble.Length == 0 && problems.Count == 0, steps);
        Tell(trouble, problems);
        try
        {
            await _reporter.WriteAsync(states, trouble.Length > 0 ? trouble : _noNvml, cancellation);
        }
        catch (Exception error) when (error is KubeApiException or HttpRequestException or NotLeaderException)
        {
            // The GPUs come first. Without the API server the Lease is lost soon, and with it the right to set them.
            Log.NotReported(_logger, error.Message);
        }

        void Take(PowerReport report)
        {
            states.AddRange(report.States);
            steps += report.Steps;
            foreach (var (pod, problem) in report.Problems)
                problems[pod] = problem;
        }
    }

    private async Task<PowerReport> RealAsync(CancellationToken cancellation)
    {
        var devices = _pods.Any(pod => pod.SimulatedAt is null) ? await _kubelet.DevicesAsync(WellKnown.GpuResource, cancellation) : new Dictionary<string, IReadOnlyList<string>>();
        var users = new Dictionary<string, PoolPod>();
        foreach (var pod in _pods.Where(pod => pod.SimulatedAt is null))
            foreach (var device in devices.GetValueOrDefault(pod.Name) ?? [])
                users[device] = pod;
        var report = await _real!.RunAsync(users, cancellation);
        PowerMetrics.Show(report.States);
        return report;
    }

    private void Tell(string trouble, Dictionary<string, string> problems)
    {
        if (trouble != _trouble && trouble.Length > 0)
            Log.Trouble(_logger, trouble);
        _trouble = trouble;
        foreach (var (name, problem) in problems)
            if (_pods.FirstOrDefault(pod => pod.Name == name) is { } pod)
                _events.Warning(pod.Pod, "PowerNotApplied", problem);
    }

    private async Task RestoreAsync()
    {
        using var limit = new CancellationTokenSource(Farewell, _time);
        foreach (var round in new[] { _simulated, _real })
        {
            try
            {
                if (round is not null)
                    await round.RestoreAsync(limit.Token);
            }
            catch (Exception error) when (error is GpuException or OperationCanceledException)
            {
                Log.NotRestored(_logger, error.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node}: {Reason}; the clocks and limits of real GPUs are left alone. Simulated engines are looked after.")]
        public static partial void NoNvml(ILogger logger, string node, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The GPUs are not as asked: {Reason}")]
        public static partial void Trouble(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "What is in force could not be written down: {Reason}")]
        public static partial void NotReported(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "GPUs keep the clocks and limits of their pools: {Reason}. The next agent on this node gives them back.")]
        public static partial void NotRestored(ILogger logger, string reason);
    }
}
