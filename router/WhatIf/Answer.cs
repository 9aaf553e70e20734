using System.Collections.Immutable;

namespace Ops.WhatIf;

/// <summary>What a simulated run of a route gave its clients and cost. All of it is simulated.</summary>
/// <param name="Policy">The policy that chose.</param>
/// <param name="Gpus">GPUs of all replicas.</param>
/// <param name="RequestsPerSecond">Requests that came.</param>
/// <param name="Performance">Quality delivered over the most that could be, 0..1.</param>
/// <param name="Goodput">Answers a second that met the objective.</param>
/// <param name="Availability">Share of requests answered before the hard deadline, 0..1.</param>
/// <param name="Quality">Mean declared quality of the answers, 0..1.</param>
/// <param name="Rejected">Share of requests that were rejected, 0..1.</param>
/// <param name="Watts">Mean power of all GPUs.</param>
/// <param name="JoulesPerGood">GPU joules by answer that met the objective; null where none did.</param>
/// <param name="Shares">Share of the answers by variant, in the order of the route's variants that answer.</param>
public sealed record Outlook(
    string Policy, int Gpus, double RequestsPerSecond, double Performance, double Goodput, double Availability, double Quality, double Rejected, double Watts,
    double? JoulesPerGood, ImmutableArray<(string Pool, double Share)> Shares);

/// <summary>The route as it is and as it would be, simulated alike.</summary>
/// <param name="Now">With the load, replicas and policy of now.</param>
/// <param name="Then">With what was asked.</param>
/// <param name="Requests">Simulated requests, both sides together.</param>
public sealed record Answer(Outlook Now, Outlook Then, int Requests);
