using Ops.Picking;

namespace Ops.Router;

/// <summary>What a client reads that was not let in. The codes are the metrics' reasons too.</summary>
internal static class AdmissionErrors
{
    internal const string QueueFull = "queue_full";
    internal const string TooLate = "deadline_unreachable";
    internal const string Expired = "deadline_passed";
    internal const string Displaced = "displaced";
    internal const string Shed = "shed";

    internal static readonly string[] Reasons = [QueueFull, TooLate, Expired, Displaced, Shed];

    internal static OpenAiError Of(LiveRoute route, PriorityLevel priority, in Refusal refusal) => refusal.Reason switch
    {
        RefusalReason.Shed => Error(Shed, $"{route.Label} is filling up, and requests of the priority '{priority.Name}' make room first.", refusal.RetryAfterSeconds),
        RefusalReason.TooLate => Error(TooLate, $"So many requests wait for {route.Label} that this one's turn would come after its hard deadline of {route.Config.Objective.HardDeadline} s.", refusal.RetryAfterSeconds),
        _ => Error(QueueFull, $"The queue of {route.Label} is full.", refusal.RetryAfterSeconds),
    };

    internal static OpenAiError Of(LiveRoute route, WaitEnd end, int retryAfterSeconds) => end == WaitEnd.Expired
        ? Error(Expired, $"There was no room at {route.Label} within the hard deadline of {route.Config.Objective.HardDeadline} s.", retryAfterSeconds)
        : Error(Displaced, $"The queue of {route.Label} is full, and this request gave way to one of a higher priority or of a tenant with fewer requests waiting.", retryAfterSeconds);

    private static OpenAiError Error(string code, string what, int retryAfterSeconds) =>
        new(429, code, $"{what} Try again in {retryAfterSeconds} s, or add replicas.", RetryAfterSeconds: retryAfterSeconds);
}
