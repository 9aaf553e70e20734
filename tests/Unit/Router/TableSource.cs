using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Ops.Picking;

namespace Ops.Router.Tests;

/// <summary>A configuration that the test writes instead of a cluster.</summary>
internal sealed class TableSource : IRoutingTableSource
{
    internal const string Key = "sk-test-0123456789";

    internal static readonly ApiKeys Keys = ApiKeys.From([(new Caller("tester"), Encoding.UTF8.GetBytes(Key)), (new Caller("other"), "sk-other"u8.ToArray())]);

    public event Action? Changed;

    public RoutingTable Current { get; private set; } = RoutingTable.Empty;

    public string? NotReadyReason { get; set; }

    internal void Set(params RouteConfig[] routes) => Set(new RoutingTable([.. routes], Keys));

    internal void Set(RoutingTable table)
    {
        Current = table;
        Changed?.Invoke();
    }

    internal static RouteConfig Route(params VariantConfig[] variants) => new()
    {
        Namespace = "default",
        Name = "chat",
        Model = "chat",
        CreatedAt = 1_700_000_000,
        Variants = [.. variants],
    };

    internal static VariantConfig Variant(string pool, double quality, params Upstream[] replicas) =>
        Variant(pool, quality, [.. replicas.Select(u => u.Address)]);

    internal static VariantConfig Variant(string pool, double quality, params ReplicaAddress[] replicas) => new()
    {
        Pool = pool,
        Model = $"vendor/{pool}",
        Quality = [quality],
        Replicas = [.. replicas],
    };
}
