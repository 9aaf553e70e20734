namespace Ops.Bench.Healing.Acv;

/// <summary>One graded case.</summary>
/// <param name="Level">1 to 5 of the study's levels of autonomy.</param>
/// <param name="IsManager">Whether it is about several services.</param>
/// <param name="Name">For people.</param>
/// <param name="Passed">What the oracle says.</param>
/// <param name="Note">What was seen.</param>
internal sealed record AcvGrade(int Level, bool IsManager, string Name, bool Passed, string Note);
