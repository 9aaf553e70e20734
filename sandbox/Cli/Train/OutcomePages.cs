using System.Collections.Immutable;
using Ops.Cli.Terminal;
using Ops.Picking;

namespace Ops.Cli.Train;

/// <summary>What the routers' exploration led to, read from each of them.</summary>
internal sealed class OutcomePages(Screen screen) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(30), MaxResponseContentBufferSize = OutcomeFile.MaxBytes };

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    /// <summary>Reads every router; one that does not answer or has outcomes of another policy is said and left out.</summary>
    /// <param name="routers">Name and internal address of each.</param>
    /// <param name="route">Namespace and name of the route.</param>
    /// <param name="digest">Digest of the route's present policy.</param>
    /// <param name="pools">The route's pools in order.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task<IReadOnlyList<(LiveOutcome[] Draws, float[] Rows)>> ReadAsync(
        IReadOnlyDictionary<string, Uri> routers, string route, string digest, ImmutableArray<string> pools, CancellationToken cancellation)
    {
        var found = new List<(LiveOutcome[], float[])>();
        foreach (var (name, address) in routers)
        {
            try
            {
                var bytes = await http.GetByteArrayAsync(new Uri(address, $"/outcomes?route={Uri.EscapeDataString(route)}"), cancellation);
                var one = OutcomeFile.Read(bytes, digest, pools);
                screen.Line($"router  {name}: {one.Draws.Count(draw => draw.Followed):N0} outcomes of exploration, {one.Draws.Count(draw => !draw.Followed):N0} controls");
                found.Add(one);
            }
            catch (Exception error) when (error is HttpRequestException or InvalidDataException || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
            {
                screen.Line($"router  {name}: left out, {error.Message}");
            }
        }

        return found;
    }
}
