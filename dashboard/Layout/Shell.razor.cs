using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.JSInterop;
using MudBlazor;
using Ops.Api;
using Ops.Dashboard.Access;
using Ops.Dashboard.Health;

namespace Ops.Dashboard.Layout;

/// <summary>What stands around every page: navigation, the one time control, what is wrong with the view itself.</summary>
public sealed partial class Shell
{
    // A refused kind names its reason in a sentence; more than three at once say the same thing.
    private const int MaxTroubles = 3;

    private ErrorBoundary? boundary;
    private DotNetObjectReference<Shell>? self;
    private string user = "";
    private bool dark;

    private (string Class, string Text) Connection
    {
        get
        {
            var kinds = State.Cluster.Kinds;
            if (kinds.Length == 0)
                return ("idle", "connecting");
            var bad = State.Cluster.Troubled.Count();
            if (bad == kinds.Length)
                return ("bad", State.Cluster.Troubled.All(kind => kind.IsForbidden) ? "no rights" : "API server away");
            return bad > 0 ? ("warn", $"{kinds.Length - bad} of {kinds.Length} kinds") : State.PausedAt is null ? ("ok", "live") : ("warn", "paused");
        }
    }

    private IEnumerable<(string Class, string Text)> Troubles
    {
        get
        {
            var troubled = State.Cluster.Troubled.ToList();
            if (troubled.Count == State.Cluster.Kinds.Length && troubled.Count > 0)
                return [("bad", troubled.All(kind => kind.IsForbidden)
                    ? "You may not list anything that is shown here. Ask whoever runs this cluster for the role view, or sign in with another token."
                    : $"Nothing can be read at the moment; what you see is old. {troubled[0].Trouble}")];
            var texts = troubled.Take(MaxTroubles).Select(kind => ("warn", kind.Sentence!));
            return troubled.Count > MaxTroubles ? texts.Append(("warn", $"{troubled.Count - MaxTroubles} more kinds cannot be read.")) : texts;
        }
    }

    /// <summary>Takes a key that was pressed outside of any field; called by ops.js.</summary>
    /// <param name="keys">One key, or g and a second one.</param>
    [JSInvokable]
    public async Task OnKeysAsync(string keys)
    {
        if (keys is ['g', var letter] && SiteMap.All(Options).FirstOrDefault(page => page.Key == letter) is { } target)
            Navigation.NavigateTo(State.Link(target.Path));
        else if (keys is [>= '1' and <= '4'])
            State.Set(("range", ViewState.Ranges[keys[0] - '1'].Name));
        else if (keys == "p")
            State.TogglePause();
        else if (keys == "d")
            await ToggleThemeAsync();
        else if (keys == "?")
            await HelpAsync();
    }

    /// <summary>Follows the browser's theme; called by ops.js.</summary>
    /// <param name="isDark">Whether it is dark.</param>
    [JSInvokable]
    public void OnTheme(bool isDark)
    {
        dark = isDark;
        StateHasChanged();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        State.Changed -= DrawAsync;
        self?.Dispose();
        await ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        var identity = (await Identity.GetAuthenticationStateAsync()).User;
        user = identity.Identity?.Name ?? "";
        State.Changed += DrawAsync;
        if (UserCredential.Of(identity) is { } credential)
            State.Start(credential);
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
            return;
        self = DotNetObjectReference.Create(this);
        await Scripts.InvokeVoidAsync("ops.start", self);
    }

    private Task DrawAsync() => InvokeAsync(StateHasChanged);

    private async Task ToggleThemeAsync() => await Scripts.InvokeVoidAsync("ops.toggleTheme");

    private Task HelpAsync() => Dialogs.ShowAsync<HelpDialog>("Keyboard", new DialogOptions { CloseButton = true, CloseOnEscapeKey = true });

    private bool IsHere(PageInfo page)
    {
        var path = new Uri(Navigation.Uri).AbsolutePath;
        return page.Path == SiteMap.Overview ? path == SiteMap.Overview : path.StartsWith(page.Path, StringComparison.Ordinal);
    }

    private int? Badge(PageInfo page)
    {
        var count = page.Path switch
        {
            SiteMap.Overview => Attention.Of(State.Cluster).Count(row => row.Urgency >= Urgency.Warning),
            SiteMap.Incidents => State.Cluster.Incidents.Count(incident => incident.Status?.Phase == IncidentPhases.Open),
            SiteMap.Remediations => State.Cluster.Remediations.Count(plan => plan.Status?.Phase == RemediationPhases.AwaitingApproval),
            SiteMap.Stores => State.Cluster.Stores.Count(store => Attention.OfStoreState(store) >= Urgency.Warning),
            _ => 0,
        };
        return count == 0 ? null : count;
    }
}
