using k8s.Models;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Api;

namespace Ops.Sandbox.Node.Control;

/// <summary>Tells Events. The same story told again raises the count of the Event that told it first.</summary>
internal sealed partial class EventRecorder(LocalClient client, TimeProvider clock, ILogger logger)
{
    /// <summary>Events that may still be counted up; the oldest is forgotten first. One takes about 0.3 KiB here.</summary>
    private const int Remembered = 4096;

    /// <summary>A subject's stories in one period, as kube's spam filter: 25 at once, one more every five minutes.</summary>
    private const int Burst = 25;

    private static readonly TimeSpan Refill = TimeSpan.FromMinutes(5);

    private readonly Lock guard = new();
    private readonly Dictionary<string, (string Namespace, string Name, int Count)> told = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();
    private readonly Dictionary<string, (double Tokens, DateTimeOffset At)> budgets = new(StringComparer.Ordinal);

    public void Tell(Narration story, string? host = null)
    {
        lock (guard)
        {
            var key = $"{story.About.Kind}/{story.About.Uid}/{story.About.FieldPath}/{story.Type}/{story.Reason}/{story.Component}/{story.Message}";
            try
            {
                if (!MaySpeak($"{story.Component}/{story.About.Uid}"))
                    return;
                if (told.TryGetValue(key, out var before) && CountUp(key, before))
                    return;
                var made = client.Create(Make(story, host));
                Remember(key, made.Metadata.NamespaceProperty, made.Metadata.Name);
            }
            catch (ApiException refusal)
            {
                // A namespace on its way out takes no events; nobody depends on one.
                Log.NotTold(logger, story.Reason, story.About.Name, refusal.Message);
            }
        }
    }

    private bool CountUp(string key, (string Namespace, string Name, int Count) before)
    {
        if (client.Get<Corev1Event>(before.Namespace, before.Name) is not { } live)
            return false;
        live.Count = before.Count + 1;
        live.LastTimestamp = clock.GetUtcNow().UtcDateTime;
        client.Update(live);
        told[key] = before with { Count = before.Count + 1 };
        return true;
    }

    private Corev1Event Make(Narration story, string? host)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var @namespace = string.IsNullOrEmpty(story.About.NamespaceProperty) ? "default" : story.About.NamespaceProperty;
        return new Corev1Event
        {
            ApiVersion = "v1",
            Kind = "Event",
            // web-0.18a1b2c3d4e5f607: the subject and the nanoseconds of the first telling, in hexadecimal.
            Metadata = new V1ObjectMeta { Name = $"{story.About.Name}.{(now - DateTime.UnixEpoch).Ticks * 100 + told.Count % 100:x}", NamespaceProperty = @namespace },
            InvolvedObject = story.About,
            Reason = story.Reason,
            Message = story.Message,
            Type = story.Type,
            Source = new V1EventSource { Component = story.Component, Host = host },
            ReportingComponent = story.Component,
            ReportingInstance = host ?? string.Empty,
            FirstTimestamp = now,
            LastTimestamp = now,
            Count = 1,
        };
    }

    private void Remember(string key, string @namespace, string name)
    {
        told[key] = (@namespace, name, 1);
        order.Enqueue(key);
        if (order.Count > Remembered)
            told.Remove(order.Dequeue());
    }

    private bool MaySpeak(string subject)
    {
        var now = clock.GetUtcNow();
        var (tokens, at) = budgets.GetValueOrDefault(subject, (Burst, now));
        tokens = Math.Min(Burst, tokens + (now - at) / Refill);
        if (budgets.Count >= Remembered)
            budgets.Clear();
        budgets[subject] = (tokens < 1 ? tokens : tokens - 1, now);
        return tokens >= 1;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "event {Reason} of {Subject} was not stored: {Problem}")]
        public static partial void NotTold(ILogger logger, string reason, string subject, string problem);
    }
}
