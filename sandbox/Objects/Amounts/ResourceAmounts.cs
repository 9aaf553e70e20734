using System.Text.Json.Nodes;
using k8s.Models;

namespace Ops.Sandbox.Objects;

/// <summary>Amounts of resources by name, as requests, limits and quotas state them.</summary>
public sealed class ResourceAmounts : SortedDictionary<string, ResourceQuantity>
{
    /// <summary>No amounts yet.</summary>
    public ResourceAmounts()
        : base(StringComparer.Ordinal)
    {
    }

    /// <summary>Amounts of a model.</summary>
    /// <param name="amounts">By name, or null for none.</param>
    public ResourceAmounts(IDictionary<string, ResourceQuantity>? amounts)
        : this()
    {
        foreach (var (name, amount) in amounts ?? new Dictionary<string, ResourceQuantity>())
            this[name] = amount;
    }

    /// <summary>Amounts of a document; what is no quantity is left out.</summary>
    /// <param name="amounts">For example <c>{"cpu": "500m"}</c>, or null for none.</param>
    public static ResourceAmounts Read(JsonObject? amounts)
    {
        var read = new ResourceAmounts();
        foreach (var (name, value) in amounts ?? [])
            if (value is not null && Quantities.TryParse(value.ToString(), out var amount))
                read[name] = amount;
        return read;
    }

    /// <summary>An amount, 0 where there is none.</summary>
    public decimal Of(string name) => TryGetValue(name, out var amount) ? amount.ToDecimal() : 0;

    /// <summary>Adds an amount. A sum is written as its first amount that is not 0 was, as Go's quantities are.</summary>
    public void Plus(string name, ResourceQuantity amount)
    {
        var before = Of(name);
        this[name] = before == 0 ? amount : new(before + amount.ToDecimal(), 0, this[name].Format);
    }

    /// <summary>Adds amounts.</summary>
    public void Plus(ResourceAmounts amounts)
    {
        foreach (var (name, amount) in amounts)
            Plus(name, amount);
    }

    /// <summary>Has each amount be at least what is given.</summary>
    public void AtLeast(ResourceAmounts amounts)
    {
        foreach (var (name, amount) in amounts)
            if (amount.ToDecimal() > Of(name))
                this[name] = amount;
    }

    /// <summary>Those of the names only.</summary>
    public ResourceAmounts Only(IEnumerable<string> names)
    {
        var some = new ResourceAmounts();
        foreach (var name in names)
            if (TryGetValue(name, out var amount))
                some[name] = amount;
        return some;
    }

    /// <summary>As a document: <c>{"cpu": "500m"}</c>.</summary>
    public JsonObject ToJson() => new(this.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value.ToString())));

    /// <summary>As kube-apiserver's sentences have them: <c>cpu=500m,pods=1</c>.</summary>
    public override string ToString() => string.Join(',', this.Select(one => $"{one.Key}={one.Value}"));
}
