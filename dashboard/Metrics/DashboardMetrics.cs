using Prometheus;

namespace Ops.Dashboard.Metrics;

/// <summary>What /metrics says of this process.</summary>
internal static class DashboardMetrics
{
    private static readonly Gauge Viewers = Prometheus.Metrics.CreateGauge("ops_dashboard_viewers", "Pages that are open.");
    private static readonly Gauge Users = Prometheus.Metrics.CreateGauge("ops_dashboard_users", "Users whose objects are watched.");
    private static readonly Counter Drawings = Prometheus.Metrics.CreateCounter("ops_dashboard_drawings_total", "Times that a page was drawn anew.");

    /// <summary>A page was opened (1) or closed (-1).</summary>
    public static void Viewer(int change) => Viewers.Inc(change);

    /// <summary>So many users are watched for.</summary>
    public static void UserCount(int users) => Users.Set(users);

    /// <summary>A page was drawn.</summary>
    public static void Drawn() => Drawings.Inc();
}
