namespace Ops.Router;

/// <summary>Where the configuration comes from.</summary>
internal interface IRoutingTableSource
{
    /// <summary>The newest table; empty until loaded.</summary>
    RoutingTable Current { get; }

    /// <summary>Null once the configuration is loaded; until then what is missing, as one sentence.</summary>
    string? NotReadyReason { get; }

    /// <summary>Raised after <see cref="Current"/> changed.</summary>
    event Action? Changed;
}
