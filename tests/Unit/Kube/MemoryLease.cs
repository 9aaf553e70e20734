using System.Globalization;
using k8s;
using k8s.Models;

namespace Ops.Kube.Tests;

/// <summary>One lease with optimistic concurrency, and faults that a test can switch on. The real server is in the scenario tests.</summary>
internal sealed class MemoryLease
{
    private readonly Lock gate = new();
    private int version;

    public V1Lease? Current { get; private set; }

    /// <summary>Identities whose requests fail.</summary>
    public HashSet<string> CutOff { get; } = [];

    /// <summary>This many writes are stored and then answered by a broken connection.</summary>
    public int LoseAnswers { get; set; }

    /// <summary>While set, writes are stored and answered only when it completes.</summary>
    public TaskCompletionSource? Hold { get; set; }

    /// <summary>Answers held back.</summary>
    public int Holding { get; private set; }

    public ILeaseStore For(string identity) => new Store(this, identity);

    public void Steal(string identity, DateTime renewTime)
    {
        lock (gate)
        {
            Current = new V1Lease
            {
                Metadata = new V1ObjectMeta { Name = "l", ResourceVersion = Next() },
                Spec = new V1LeaseSpec { HolderIdentity = identity, LeaseDurationSeconds = 15, RenewTime = renewTime },
            };
        }
    }

    private string Next() => (++version).ToString(CultureInfo.InvariantCulture);

    private static V1Lease Copy(V1Lease lease) => KubernetesJson.Deserialize<V1Lease>(KubernetesJson.Serialize(lease));

    private sealed class Store(MemoryLease server, string identity) : ILeaseStore
    {
        public async Task<V1Lease?> GetAsync(CancellationToken cancellationToken)
        {
            await Task.Yield();
            Check();
            lock (server.gate)
                return server.Current is { } lease ? Copy(lease) : null;
        }

        public async Task<V1Lease?> WriteAsync(V1Lease lease, CancellationToken cancellationToken)
        {
            await Task.Yield();
            Check();
            V1Lease stored;
            lock (server.gate)
            {
                if (lease.Metadata.ResourceVersion != server.Current?.Metadata.ResourceVersion)
                    return null;
                server.Current = Copy(lease);
                server.Current.Metadata.ResourceVersion = server.Next();
                stored = Copy(server.Current);
                if (server.LoseAnswers > 0)
                {
                    server.LoseAnswers--;
                    throw new IOException("The connection broke.");
                }
            }

            if (server.Hold is { } hold)
            {
                server.Holding++;
                await hold.Task;
            }

            return stored;
        }

        private void Check()
        {
            if (server.CutOff.Contains(identity))
                throw new HttpRequestException("No route to the server.");
        }
    }
}
