using Bunit;
using Bunit.TestDoubles;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using MudBlazor.Services;
using Ops.Api;
using Ops.Dashboard.Access;
using Ops.Dashboard.Cluster;
using Ops.Dashboard.Layout;
using Ops.Dashboard.Metrics;
using Ops.Dashboard.Pages;
using Ops.Kube;

namespace Ops.Dashboard.Tests;

/// <summary>What every page says when there is nothing, when a kind may not be read, and when the API server is away.</summary>
public sealed class Page_states : BunitContext
{
    private const string Away = "The API server does not answer.";

    private readonly ViewState state;

    public Page_states()
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        this.AddAuthorization().SetAuthorized("ada");
        // Nobody listens there, and nobody is asked: what is shown is given.
        static KubernetesClientConfiguration Nowhere() => new() { Host = "http://127.0.0.1:9" };
        Services.AddMudServices();
        Services.AddSingleton(TimeProvider.System);
        Services.AddSingleton(new DashboardOptions());
        Services.AddSingleton<Microsoft.Extensions.Logging.ILoggerFactory>(NullLoggerFactory.Instance);
        Services.AddSingleton(new UserAccess(Nowhere));
        Services.AddSingleton(new KubeClient(Nowhere));
        Services.AddSingleton<ClusterViews>();
        Services.AddSingleton<MetricStore>();
        Services.AddSingleton<MetricScraper>();
        Services.AddSingleton<DecisionFeed>();
        Services.AddScoped<ViewState>();
        state = Services.GetRequiredService<ViewState>();
    }

    public static TheoryData<Type, string, string> Pages => new()
    {
        { typeof(Overview), "Nothing does.", "pools" },
        { typeof(Fleet), "No ModelPool yet.", ModelPool.PluralName },
        { typeof(Routing), "No ModelRoute yet.", ModelRoute.PluralName },
        { typeof(Incidents), "No incident.", Incident.PluralName },
        { typeof(Remediations), "No plan.", Remediation.PluralName },
        { typeof(Stores), "No ShardedStore yet", ShardedStore.PluralName },
        { typeof(Topology), "Nothing runs yet.", "deployments" },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_without_objects_says_what_would_be_there(Type page, string empty, string plural)
    {
        state.Freeze(Snapshot(trouble: null));
        Text(page).ShouldContain(empty, customMessage: plural);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_whose_objects_cannot_be_read_does_not_say_that_there_are_none(Type page, string empty, string plural)
    {
        state.Freeze(Snapshot(Away));
        var text = Text(page);
        text.ShouldNotContain(empty, customMessage: plural);
        text.ShouldContain(page == typeof(Overview) ? "Nothing can be seen" : Away);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_whose_kind_the_user_may_not_list_names_the_verbs(Type page, string empty, string plural)
    {
        state.Freeze(Snapshot(ResourceTrouble.Forbidden + " list it."));
        var text = Text(page);
        text.ShouldNotContain(empty);
        text.ShouldContain(page == typeof(Overview) ? "Nothing can be seen" : $"You may not list {plural}");
    }

    [Fact]
    public void Charts_say_why_they_are_empty_where_no_figures_come()
    {
        state.Freeze(Snapshot(trouble: null));
        // The pods to read are not listed yet: as long as that is so, so it says.
        Text(typeof(Overview)).ShouldContain(ResourceTrouble.NotYet);
    }

    [Fact]
    public void No_incident_is_no_good_news_while_nobody_looks()
    {
        static V1Deployment Service(int ready) => new() { Metadata = new() { Name = "rca", NamespaceProperty = WellKnown.SystemNamespace }, Status = new() { ReadyReplicas = ready } };
        state.Freeze(Snapshot(trouble: null) with { Deployments = [Service(0)] });
        Text(typeof(Incidents)).ShouldContain("is not ready: what goes wrong now is not noticed");

        state.Freeze(Snapshot(trouble: null) with { Deployments = [Service(1)] });
        Text(typeof(Incidents)).ShouldNotContain("is not noticed");
    }

    [Fact]
    public void A_plan_that_succeeded_without_an_inverse_says_why_it_cannot_be_undone()
    {
        var plan = new Remediation
        {
            Metadata = new() { Name = "p", NamespaceProperty = "shop" },
            Spec = new() { Policy = "shop", Incident = "i", Cause = "StaleSecret", Actions = [new() { Type = "RestartPod", Target = new() { Kind = "Pod", Name = "web-1" } }] },
            Status = new() { Phase = RemediationPhases.Succeeded, PlanHash = "ab", NoInverse = "Pod web-1 was deleted and its controller has made a new one; there is nothing to give back." },
        };
        state.Freeze(Snapshot(trouble: null) with { Remediations = [plan] });
        Text(typeof(Remediations)).ShouldContain("It cannot be undone: Pod web-1 was deleted");

        Services.GetRequiredService<NavigationManager>().NavigateTo("/remediations?state=refused");
        state.Freeze(Snapshot(trouble: null) with { Remediations = [plan] });
        Text(typeof(Remediations)).ShouldContain("No plan is refused. 1 is in another state.");
    }

    private string Text(Type page) => Render(builder =>
    {
        builder.OpenComponent(0, page);
        builder.CloseComponent();
    }).Markup;

    private static ClusterSnapshot Snapshot(string? trouble) => new()
    {
        Kinds =
        [
            .. ((string[])[ModelPool.PluralName, ModelRoute.PluralName, EnergyBudget.PluralName, Incident.PluralName, Remediation.PluralName, HealingPolicy.PluralName, Approver.PluralName, ShardedStore.PluralName, "pods", "deployments"])
                .Select(plural => new KindState(plural, trouble is null, trouble)),
        ],
    };
}
