using System.Globalization;

namespace Ops.Sandbox.Objects.Cel;

/// <summary>Durations and timestamps. Getters answer in UTC; the form with a time zone is refused as unknown.</summary>
internal static class CelTimes
{
    public static void AddTo(Dictionary<(string, bool, int), CelFunction> table)
    {
        table.Function("duration", 1, (a, _) => a[0] switch
        {
            CelDuration duration => duration,
            string text => CelDuration.TryParse(text, out var duration) ? duration : new CelError($"time: invalid duration \"{text}\""),
            _ => CelError.NoOverload("duration", a),
        });
        table.Function("timestamp", 1, (a, _) => a[0] switch
        {
            DateTimeOffset time => time,
            long seconds => seconds is >= -62135596800 and <= 253402300799 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : new CelError("timestamp overflow"),
            string text => TryTimestamp(text, out var time) ? time : new CelError($"parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse"),
            _ => CelError.NoOverload("timestamp", a),
        });
        Getter(table, "getFullYear", t => t.Year, null);
        Getter(table, "getMonth", t => t.Month - 1, null);
        Getter(table, "getDate", t => t.Day, null);
        Getter(table, "getDayOfMonth", t => t.Day - 1, null);
        Getter(table, "getDayOfWeek", t => (int)t.DayOfWeek, null);
        Getter(table, "getDayOfYear", t => t.DayOfYear - 1, null);
        Getter(table, "getHours", t => t.Hour, d => d.Nanoseconds / 3_600_000_000_000);
        Getter(table, "getMinutes", t => t.Minute, d => d.Nanoseconds / 60_000_000_000);
        Getter(table, "getSeconds", t => t.Second, d => d.Nanoseconds / 1_000_000_000);
        Getter(table, "getMilliseconds", t => t.Millisecond, d => d.Nanoseconds / 1_000_000 % 1000);
    }

    private static void Getter(Dictionary<(string, bool, int), CelFunction> table, string name, Func<DateTimeOffset, long> ofTime, Func<CelDuration, long>? ofDuration) =>
        table.Member(name, 1, (a, _) => a[0] switch
        {
            DateTimeOffset time => ofTime(time.ToUniversalTime()),
            CelDuration duration when ofDuration is not null => ofDuration(duration),
            _ => CelError.NoOverload(name, a),
        });

    private static bool TryTimestamp(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text, ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
