using System.Globalization;
using System.Net;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace Ops.Kube;

/// <summary>Why a watch ended.</summary>
internal enum WatchEnd
{
    /// <summary>The server closed it, usually at timeoutSeconds.</summary>
    Closed,

    /// <summary>The position is too old: 410 as status or as event.</summary>
    Expired,

    /// <summary>The connection broke, or a line did.</summary>
    Broken,

    /// <summary>Nothing came for longer than a healthy server stays silent.</summary>
    Stalled,

    /// <summary>The server answered with another error.</summary>
    Refused,
}

/// <summary>
/// The protocol half of a cache: list, watch from there, watch again from the last position seen, and list again when
/// the position cannot be trusted any more. It knows nothing of what the events mean.
/// </summary>
/// <param name="client">The API server.</param>
/// <param name="options">What to list and how patient to be.</param>
/// <param name="onListing">Takes a complete list.</param>
/// <param name="onEvent">Takes an event.</param>
/// <param name="onTrouble">Takes the present trouble, or null when things are well.</param>
/// <param name="logger">Where trouble is reported.</param>
internal sealed class ListWatch<T>(
    KubeClient client,
    ResourceCacheOptions options,
    Action<Listing<T>> onListing,
    Action<WatchEvent<T>> onEvent,
    Action<string?> onTrouble,
    ILogger logger)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Lister<T> lister = new(client, options.Namespace, options.LabelSelector, options.FieldSelector, options.PageSize, options.OlderVersion);
    private readonly TimeProvider time = client.Time;
    private readonly Random random = new(options.Seed);
    private readonly BackOff backOff = new(options.FirstDelay, options.MaxDelay, new Random(options.Seed));
    private string? position;
    private int barren;
    private bool heard;

    /// <summary>Runs until cancelled; every failure is retried.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (position is null)
                    await ListAsync(cancellationToken);
                await WatchAsync(cancellationToken);
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever a server or a network answers, a cache goes on trying; nobody would restart it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                // Only lists throw this far.
                await WaitAsync(e, cancellationToken);
            }
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var listing = await lister.ListAllAsync(cancellationToken);
        onListing(listing);
        position = listing.ResourceVersion;
        barren = 0;
        onTrouble(null);
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        heard = false;
        var began = time.GetTimestamp();
        var (end, error) = await WatchToItsEndAsync(cancellationToken);
        if (cancellationToken.IsCancellationRequested)
            return;
        Meters.WatchEnd(ResourceOf<T>.Name, end.ToString());
        if (heard)
        {
            barren = 0;
            backOff.Reset();
        }

        if (MustListAgain(end, error))
            position = null;
        Log.WatchEnded(logger, ResourceOf<T>.Name, end, position is null, error?.Message ?? "");

        // A watch that lasted, or that told something, may be replaced at once; one that failed at its start may not.
        var lasted = heard || time.GetElapsedTime(began) >= options.MaxDelay;
        if (end is WatchEnd.Refused || !lasted)
            await WaitAsync(error, cancellationToken);
    }

    private bool MustListAgain(WatchEnd end, Exception? error)
    {
        if (end == WatchEnd.Expired)
            return true;
        if (end == WatchEnd.Refused)
            return error is KubeApiException { StatusCode: HttpStatusCode.BadRequest or HttpStatusCode.NotFound };
        // A server that cannot be reached says nothing about the position; a line that makes no sense may come again.
        var tellsOfPosition = end is WatchEnd.Closed or WatchEnd.Stalled || error is WatchBrokenException;
        return tellsOfPosition && !heard && ++barren >= options.BarrenWatchesBeforeList;
    }

    private async Task<(WatchEnd End, Exception? Error)> WatchToItsEndAsync(CancellationToken cancellationToken)
    {
        // Between once and twice the given time, so that many caches do not return in the same second.
        var seconds = Math.Max(1, (int)(options.WatchTimeout.TotalSeconds * (1 + random.NextDouble())));
        using var watchdog = new CancellationTokenSource(TimeSpan.FromSeconds(seconds) + options.StallMargin, time);
        using var silence = new CancellationTokenSource(options.SilenceLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watchdog.Token, silence.Token);
        var answered = false;
        try
        {
            var query = string.Create(CultureInfo.InvariantCulture, $"?watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={Uri.EscapeDataString(position!)}{lister.Selectors}");
            using var response = await client.SendAsync(HttpMethod.Get, lister.Path + query, null, either.Token);
            await using var stream = await response.Content.ReadAsStreamAsync(either.Token);
            await using var reader = new WatchReader<T>(stream);
            answered = true;
            onTrouble(null);
            return await ReadAsync(reader, silence, either.Token);
        }
        catch (KubeApiException e)
        {
            return (e.IsExpired ? WatchEnd.Expired : WatchEnd.Refused, e);
        }
        catch (Exception) when (either.IsCancellationRequested)
        {
            // A quiet kind on a server without bookmarks ends like this too, so silence after an answer is no trouble.
            return (WatchEnd.Stalled, answered ? null : new TimeoutException($"no answer to a watch within {options.SilenceLimit.TotalSeconds} s."));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return (WatchEnd.Broken, e);
        }
    }

    private async Task<(WatchEnd End, Exception? Error)> ReadAsync(WatchReader<T> reader, CancellationTokenSource silence, CancellationToken cancellationToken)
    {
        while (await reader.ReadAsync(cancellationToken) is { } e)
        {
            silence.CancelAfter(options.SilenceLimit);
            if (e.Error is { } error)
                return (error.IsExpired ? WatchEnd.Expired : WatchEnd.Refused, error);
            heard = true;
            onEvent(e);
            position = e.ResourceVersion;
        }

        return (WatchEnd.Closed, null);
    }

    private async Task WaitAsync(Exception? error, CancellationToken cancellationToken)
    {
        var delay = backOff.Next();
        if (error is KubeApiException { RetryAfter: { } asked } && asked > delay)
            delay = asked < options.MaxDelay ? asked : options.MaxDelay;
        // It begins before it is told: who reads of the trouble may count from then on.
        var wait = Task.Delay(delay, time, cancellationToken);
        if (error is not null)
            Report(error, delay);
        try
        {
            await wait;
        }
        catch (OperationCanceledException)
        {
            // The loop's condition ends the run.
        }
    }

    private void Report(Exception error, TimeSpan delay)
    {
        var where = options.Namespace is null ? "all namespaces" : "namespace " + options.Namespace;
        var text = (error as KubeApiException)?.StatusCode switch
        {
            HttpStatusCode.Forbidden => $"This identity may not list and watch {ResourceOf<T>.Name} in {where}; grant it the verbs list and watch. {error.Message}",
            HttpStatusCode.Unauthorized => $"The API server refuses this token. {error.Message}",
            HttpStatusCode.NotFound => $"The API server does not serve {ResourceOf<T>.Name}; is its CustomResourceDefinition installed? {error.Message}",
            _ => $"{ResourceOf<T>.Name} in {where}: {error.Message}",
        };
        onTrouble(text);
        // The first failures of a row are everyday; a lasting one deserves a louder line.
        Log.Trouble(logger, backOff.Failures >= 3 || error is KubeApiException ? LogLevel.Warning : LogLevel.Debug, text, delay);
    }
}

/// <summary>Log messages of list and watch.</summary>
internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Watch of {Resource} ended: {End}, list again: {Relist}. {Detail}")]
    public static partial void WatchEnded(ILogger logger, string resource, WatchEnd end, bool relist, string detail);

    [LoggerMessage(Message = "{Trouble} Next attempt in {Delay}.")]
    public static partial void Trouble(ILogger logger, LogLevel level, string trouble, TimeSpan delay);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An object of {Resource} does not fit its type and keeps its last readable state: {Key}")]
    public static partial void Unreadable(ILogger logger, string resource, ObjectKey? key);

    [LoggerMessage(Level = LogLevel.Error, Message = "A handler of changes of {Resource} threw at {Key}; the change counts as delivered.")]
    public static partial void HandlerThrew(ILogger logger, Exception error, string resource, ObjectKey key);
}
