namespace Ops.HealingSafety;

/// <summary>All of them.</summary>
internal static class Attacks
{
    public static IReadOnlyList<Attack> All { get; } = [.. WordAttacks.All, .. ModelAttacks.All, .. GateAttacks.All];
}
