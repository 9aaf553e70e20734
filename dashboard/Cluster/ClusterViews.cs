using Ops.Dashboard.Access;
using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Cluster;

/// <summary>
/// One <see cref="ClusterView"/> a user and namespace, shared by all pages that are open with it: fifty viewers of one user cost one
/// set of watches. A view without viewers lives on for a minute, so that a reload lists nothing anew.
/// </summary>
internal sealed class ClusterViews(UserAccess access, DashboardOptions options, TimeProvider time, ILoggerFactory logs) : IAsyncDisposable
{
    private static readonly TimeSpan Linger = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<(UserCredential User, string? Namespace), Entry> entries = [];

    /// <summary>Takes part in a user's view; dispose the lease when the page closes.</summary>
    /// <param name="user">As whom the API server is asked.</param>
    /// <param name="ns">Only this namespace; null for all.</param>
    /// <returns>Null when <see cref="DashboardOptions.MaxUsers"/> others are here.</returns>
    public Lease? Acquire(UserCredential user, string? ns)
    {
        var key = (user, ns);
        lock (gate)
        {
            if (!entries.TryGetValue(key, out var entry))
            {
                if (entries.Count >= options.MaxUsers)
                    return null;
                entries[key] = entry = new(new(access.ClientFor(user), ns, time, logs));
                DashboardMetrics.UserCount(entries.Count);
            }

            entry.Viewers++;
            return new Lease(entry.View, () => Release(key, entry));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var entry in entries.Values.ToList())
            await entry.View.DisposeAsync();
    }

    private void Release((UserCredential User, string? Namespace) key, Entry entry)
    {
        lock (gate)
        {
            if (--entry.Viewers == 0)
                _ = EndLaterAsync(key, entry, ++entry.Turn);
        }
    }

    private async Task EndLaterAsync((UserCredential User, string? Namespace) key, Entry entry, int turn)
    {
        await Task.Delay(Linger, time);
        lock (gate)
        {
            // Somebody came back meanwhile, and may have left again: then that departure waits for itself.
            if (entry.Viewers > 0 || entry.Turn != turn)
                return;
            entries.Remove(key);
            DashboardMetrics.UserCount(entries.Count);
        }

        await entry.View.DisposeAsync();
    }

    /// <summary>A page's share in a view.</summary>
    internal sealed class Lease(ClusterView view, Action release) : IDisposable
    {
        private Action? release = release;

        /// <summary>The view.</summary>
        public ClusterView View => view;

        /// <inheritdoc/>
        public void Dispose() => Interlocked.Exchange(ref release, null)?.Invoke();
    }

    private sealed class Entry(ClusterView view)
    {
        public ClusterView View => view;

        public int Viewers { get; set; }

        public int Turn { get; set; }
    }
}
