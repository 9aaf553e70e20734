using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection;

/// <summary>Looks at one kind of thing. Pure: the same snapshot and memory give the same findings.</summary>
internal interface IAnalyser
{
    /// <summary>What is wrong.</summary>
    IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory);
}
