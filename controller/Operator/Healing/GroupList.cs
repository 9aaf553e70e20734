using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>The API groups that the cluster serves: what tells whether a finalizer can have an owner.</summary>
internal sealed partial class GroupList(Healer healer, TimeProvider time, ILogger<GroupList> logger)
{
    // Groups come and go with whole controllers; a deletion has to hang for longer than this before it matters.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private volatile IReadOnlyCollection<string> names = [];

    /// <summary>The groups as last read; empty before the first time.</summary>
    public IReadOnlyCollection<string> Names => names;

    /// <summary>Reads them again and again until cancelled; what cannot be read stays as it was.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                names = await healer.Objects.GroupsAsync(cancellationToken);
            }
            catch (Exception trouble) when (trouble is KubeApiException or HttpRequestException or TimeoutException or System.Text.Json.JsonException)
            {
                Log.NotRead(logger, trouble.Message);
            }

            await Task.Delay(Period, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The API groups could not be read: {Trouble}")]
        public static partial void NotRead(ILogger logger, string trouble);
    }
}
