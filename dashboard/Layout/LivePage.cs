using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Cluster;
using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Layout;

/// <summary>A component that draws anew when the viewer's state says so.</summary>
public abstract class LivePage : ComponentBase, IDisposable
{
    [Inject]
    internal ViewState State { get; set; } = null!;

    [Inject]
    internal MetricStore Metrics { get; set; } = null!;

    internal ClusterSnapshot Cluster => State.Cluster;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="Dispose()"/>
    protected virtual void Dispose(bool disposing) => State.Changed -= DrawAsync;

    /// <inheritdoc/>
    protected override void OnInitialized() => State.Changed += DrawAsync;

    /// <inheritdoc/>
    protected override void OnParametersSet() => Compute();

    /// <summary>Works out what is drawn, once for each drawing.</summary>
    protected virtual void Compute()
    {
    }

    /// <summary>A figure over the range that is shown.</summary>
    internal Curve Read(string figure, params string?[] of) => Metrics.Read(MetricStore.Name(figure, of), State.From, State.Now);

    private Task DrawAsync() => InvokeAsync(() =>
    {
        Compute();
        StateHasChanged();
    });
}
