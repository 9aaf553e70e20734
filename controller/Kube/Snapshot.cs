using System.Collections;
using System.Collections.Immutable;

namespace Ops.Kube;

/// <summary>The values of an immutable dictionary, counted without walking them.</summary>
internal sealed class Snapshot<T>(ImmutableDictionary<ObjectKey, T> objects) : IReadOnlyCollection<T>
{
    /// <inheritdoc/>
    public int Count => objects.Count;

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => objects.Values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
