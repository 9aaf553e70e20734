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

    [Fact]
    public void A_request_in_words_leads_to_the_plan_that_was_made_of_it_or_says_why_there_is_none()
    {
        static Remediation Request(RemediationStatus status) => new() { Metadata = new() { Name = "w", NamespaceProperty = "shop" }, Spec = new() { Policy = "shop", Request = "scale web to 3" }, Status = status };
        var plan = new Remediation
        {
            Metadata = new() { Name = "w-plan", NamespaceProperty = "shop" },
            Spec = new() { Policy = "shop", Incident = "w", Actions = [new() { Type = "ScaleWorkload", Target = new() { Kind = "Deployment", Name = "web" } }] },
        };
        Services.GetRequiredService<NavigationManager>().NavigateTo("/remediations?plan=shop%2Fw");
        state.Freeze(Snapshot(trouble: null) with { Remediations = [Request(new() { Phase = RemediationPhases.Planned, Plan = "w-plan" }), plan] });
        var text = Text(typeof(Remediations));
        text.ShouldContain("In words: “scale web to 3”");
        text.ShouldContain("?plan=shop%2Fw-plan");

        state.Freeze(Snapshot(trouble: null) with { Remediations = [Request(new() { Phase = RemediationPhases.Refused, Reason = "No <i>object</i> is named." })] });
        Text(typeof(Remediations)).ShouldContain("<p class=\"text\">No &lt;i&gt;object&lt;/i&gt; is named.</p>");
    }

    [Fact]
    public void A_request_in_words_is_made_under_the_policy_that_was_chosen()
    {
        static HealingPolicy Policy(string ns) => new() { Metadata = new() { Name = "p", NamespaceProperty = ns }, Spec = new() { ApproveWithin = "1h", Llm = new() { Deployment = "m" } } };
        var asked = new List<Remediation>();
        var form = Render<RequestForm>(parameters => parameters.Add(one => one.Policies, [Policy("a"), Policy("b")]).Add(one => one.OnAsk, asked.Add));
        form.Find("form").Submit();
        asked.ShouldBeEmpty("nothing is said yet");
        form.Find("select").Change("b/p");
        form.Find("input").Input("  scale web to 3 ");
        form.Find("form").Submit();
        var made = asked.ShouldHaveSingleItem();
        (made.Metadata.NamespaceProperty, made.Spec.Policy, made.Spec.Request, made.Spec.ApproveWithin, made.Spec.Actions.Count).ShouldBe(("b", "p", "scale web to 3", "1h", 0));
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
