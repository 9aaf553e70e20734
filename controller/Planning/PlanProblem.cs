namespace Ops.Planning;

/// <summary>Why a plan changes nothing: something that a person has to mend.</summary>
/// <param name="Reason">One CamelCase word, the reason of the Degraded condition.</param>
/// <param name="Message">What is wrong, where, and how to mend it.</param>
public sealed record PlanProblem(string Reason, string Message);
