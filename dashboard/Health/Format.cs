using System.Globalization;

namespace Ops.Dashboard.Health;

/// <summary>Numbers and times as people read them at a glance: three digits, a unit, nothing where nothing is known.</summary>
internal static class Format
{
    /// <summary>What stands where nothing is known.</summary>
    public const string None = "–";

    /// <summary>Three significant digits with thousands.</summary>
    public static string Number(double? value) => value is not { } number || !double.IsFinite(number) ? None : Math.Abs(number) switch
    {
        0 => "0",
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{number / 1_000_000:0.##} M"),
        >= 10_000 => string.Create(CultureInfo.InvariantCulture, $"{number / 1_000:0.#} k"),
        >= 100 => string.Create(CultureInfo.InvariantCulture, $"{number:#,0}"),
        >= 10 => string.Create(CultureInfo.InvariantCulture, $"{number:0.0}"),
        >= 0.1 => string.Create(CultureInfo.InvariantCulture, $"{number:0.00}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{number:0.###}"),
    };

    /// <summary>What is counted: whole, with thousands.</summary>
    public static string Count(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:#,0}");

    /// <summary>A number with its unit.</summary>
    public static string With(double? value, string unit) => value is null ? None : $"{Number(value)} {unit}";

    /// <summary>Bytes in powers of 1,024.</summary>
    public static string Bytes(double? value) => value switch
    {
        null => None,
        >= 1 << 20 => With(value / (1 << 20), "MiB"),
        >= 1 << 10 => With(value / (1 << 10), "KiB"),
        _ => $"{Count(value.Value)} B",
    };

    /// <summary>Watts, kilowatts above a thousand.</summary>
    public static string Watts(double? value) => value is >= 1000 ? string.Create(CultureInfo.InvariantCulture, $"{value / 1000:0.00} kW") : With(value is { } watts ? Math.Round(watts) : null, "W");

    /// <summary>A share 0..1 as percent; shares near one keep the digits that matter.</summary>
    public static string Percent(double? share) => share switch
    {
        null => None,
        >= 0.99995 => "100 %",
        >= 0.99 => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.00} %"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %"),
    };

    /// <summary>Seconds as ms, s or min.</summary>
    public static string Seconds(double? seconds) => seconds switch
    {
        null => None,
        < 0.0995 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.#} ms"),
        < 0.9995 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0} ms"),
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0#} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0.#} min"),
    };

    /// <summary>A whole number with its sign.</summary>
    public static string Signed(int number) => number.ToString("+0;−0;0", CultureInfo.InvariantCulture);

    /// <summary>A rank: whole, or a half where equals share the middle of their places.</summary>
    public static string Rank(double? rank) => rank is { } place ? string.Create(CultureInfo.InvariantCulture, $"{place:0.#}") : None;

    /// <summary>How long something lasts: 40 s, 12 min, 3 h, 5 d.</summary>
    public static string Span(TimeSpan span) => span.TotalSeconds switch
    {
        < 0.5 => "0 s",
        < 100 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0} s"),
        < 6_000 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:0} min"),
        < 172_800 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:0} d"),
    };

    /// <summary>How long ago a moment was.</summary>
    public static string Ago(DateTime? moment, DateTimeOffset now) => moment is { } at ? $"{Span(now - Utc(at))} ago" : None;

    /// <summary>A time of day in UTC.</summary>
    public static string Clock(DateTimeOffset at) => at.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>A moment in full, for tooltips.</summary>
    public static string Full(DateTime? moment) => moment is { } at ? Utc(at).UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) : "";

    /// <summary>A moment of the API, which speaks UTC, as an offset.</summary>
    public static DateTimeOffset Utc(DateTime at) => new(DateTime.SpecifyKind(at.Kind == DateTimeKind.Local ? at.ToUniversalTime() : at, DateTimeKind.Utc));
}
