using System.Collections.Frozen;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Resources;

/// <summary>An immutable view of every served resource.</summary>
internal sealed class ResourceCatalogue
{
    private readonly FrozenDictionary<(string Group, string Version, string Plural), ServedResource> _byPlural;
    private readonly FrozenDictionary<(string Group, string Version, string Kind), ServedResource> _byKind;

    public ResourceCatalogue(long number, IReadOnlyList<ServedResource> all)
    {
        Number = number;
        All = all;
        _byPlural = all.ToFrozenDictionary(r => (r.Kind.Group, r.Kind.Version, r.Kind.Plural));
        _byKind = all.ToFrozenDictionary(r => (r.Kind.Group, r.Kind.Version, r.Kind.Kind));
        Versions = [.. all.GroupBy(r => (r.Kind.Group, r.Kind.Version)).Select(g => g.Key)];
    }

    /// <summary>Grows with every change, so that derived documents know when they are stale.</summary>
    public long Number { get; }

    public IReadOnlyList<ServedResource> All { get; }

    /// <summary>Group versions in order of preference within a group.</summary>
    public IReadOnlyList<(string Group, string Version)> Versions { get; }

    public ServedResource? Find(string group, string version, string plural) => _byPlural.GetValueOrDefault((group, version, plural));

    public ServedResource? FindKind(string group, string version, string kind) => _byKind.GetValueOrDefault((group, version, kind));

    /// <summary>One resource a storage place: the version that is stored.</summary>
    public IEnumerable<ServedResource> Stored => All.GroupBy(r => r.Storage).Select(g => g.FirstOrDefault(r => r.IsStorageVersion) ?? g.First());
}

/// <summary>Built-in resources plus those of established CRDs; readers take one catalogue and keep it for a request.</summary>
internal sealed class ResourceRegistry
{
    private readonly IReadOnlyList<ServedResource> _builtIn;
    private ResourceCatalogue _current;

    public ResourceRegistry(IEnumerable<KindDefinition> builtIn)
    {
        var kinds = builtIn.ToList();
        _builtIn = [.. kinds.Select(k => ServeBuiltIn(k, kinds))];
        _current = new ResourceCatalogue(1, _builtIn);
    }

    public event EventHandler? Changed;

    public ResourceCatalogue Current => Volatile.Read(ref _current);

    public void SetCustom(IEnumerable<ServedResource> custom)
    {
        Volatile.Write(ref _current, new ResourceCatalogue(_current.Number + 1, [.. _builtIn, .. custom]));
        Changed?.Invoke(this, EventArgs.Empty);
    }

    private static ServedResource ServeBuiltIn(KindDefinition kind, List<KindDefinition> all)
    {
        if (kind is { Group: "events.k8s.io", Plural: "events" }) return new ServedResource(kind, EventConversion.Storage, "v1");
        var stored = all.First(k => k.Group == kind.Group && k.Plural == kind.Plural);
        return new ServedResource(kind, new ResourceId(kind.Group, kind.Plural), ServedResource.ApiVersionOf(stored.Group, stored.Version));
    }
}
