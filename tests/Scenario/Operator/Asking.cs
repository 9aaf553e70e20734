using System.Net.Http.Json;
using Ops.Api;

namespace Ops.OperatorScenario;

/// <summary>A small steady load on the replicas of a pool, past any router.</summary>
internal sealed class Asking : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };

    private readonly CancellationTokenSource stop = new();
    private readonly Task work;

    public Asking(Func<IReadOnlyList<Uri>> replicas, string model, TimeSpan every) => work = RunAsync(replicas, model, every);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await work;
        stop.Dispose();
    }

    private async Task RunAsync(Func<IReadOnlyList<Uri>> replicas, string model, TimeSpan every)
    {
        using var timer = new PeriodicTimer(every);
        try
        {
            for (var turn = 0; await timer.WaitForNextTickAsync(stop.Token); turn++)
            {
                var all = replicas();
                if (all.Count > 0)
                    await AskAsync(all[turn % all.Count], model);
            }
        }
        catch (OperationCanceledException)
        {
            // The ordinary end.
        }
    }

    private async Task AskAsync(Uri replica, string model)
    {
        try
        {
            using var answer = await Http.PostAsJsonAsync(new Uri(replica, "v1/completions"), new { model, prompt = "Hello", max_tokens = 1 }, stop.Token);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException { InnerException: TimeoutException })
        {
            // Not up yet, on its way out, or busy: the next turn asks another.
        }
    }
}
