using System.Collections.Immutable;

namespace Ops.Profiles;

/// <summary>A profile under one power setting as numbers.</summary>
/// <param name="StepSeconds">Seconds of a decode step by batch, from batch 1 on.</param>
/// <param name="StepJoules">Joules of that step on all GPUs of the replica.</param>
/// <param name="SecondsPerPromptToken">Prefill seconds by prompt token.</param>
/// <param name="JoulesPerPromptToken">Prefill joules by prompt token.</param>
public sealed record ProfileTable(ImmutableArray<double> StepSeconds, ImmutableArray<double> StepJoules, double SecondsPerPromptToken, double JoulesPerPromptToken);
