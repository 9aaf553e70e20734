using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Ops.Dashboard.Layout;

/// <summary>A page whose connection is lost waits to come back; until then nobody sees it, so it is not drawn.</summary>
internal sealed class ViewerConnection(ViewState state) : CircuitHandler
{
    /// <inheritdoc/>
    public override Task OnConnectionUpAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        state.IsSeen = true;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnConnectionDownAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        state.IsSeen = false;
        return Task.CompletedTask;
    }
}
