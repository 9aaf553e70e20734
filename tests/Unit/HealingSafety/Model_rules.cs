using Microsoft.Extensions.Time.Testing;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Planning;
using Ops.Healing.Planning.Llm;
using Ops.Healing.Tests;
using Ops.HealingScenario;
using Ops.Llm;

namespace Ops.HealingSafety;

/// <summary>The planner that asks a language model, over HTTP against a simulated one.</summary>
public sealed class Model_rules
{
    private static readonly Finding Down = new("Deployment", "web", Causes.ScaledToZero, "spec.replicas is 0");

    private readonly FakeTimeProvider time = new(Shop.Now);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LlmApis.OpenAi)]
    [InlineData(LlmApis.Azure)]
    public async Task A_good_model_brings_back_what_was_well(string api)
    {
        await using var server = await ScriptedModel.StartAsync(ModelCharacter.Of("good"), Cancellation);
        var opinion = await AskAsync(server, api: api);
        opinion.Problems.ShouldBeEmpty();
        var plan = opinion.Plans.ShouldHaveSingleItem();
        (plan.Planner, plan.Summary).ShouldBe((RemediationPlanners.Llm, "ScaleWorkload Deployment/web replicas=2"));
        // One question where the fault lies and three samples.
        server.Asked.ShouldBe(4);
        server.LastKey.ShouldContain("sesame");
    }

    [Theory]
    [InlineData("malformed", 10)]
    [InlineData("contradictory", 6)]
    public async Task What_is_no_plan_is_a_sentence(string character, int times)
    {
        await using var server = await ScriptedModel.StartAsync(ModelCharacter.Of(character), Cancellation);
        for (var i = 0; i < times; i++)
        {
            var opinion = await AskAsync(server);
            opinion.Plans.ShouldBeEmpty();
            opinion.Problems.ShouldNotBeEmpty();
            opinion.Problems.ShouldAllBe(problem => problem.Length > 5 && problem.Length < 400);
        }
    }

    [Fact]
    public async Task A_model_that_does_not_answer_costs_its_timeout_and_no_more()
    {
        await using var server = await ScriptedModel.StartAsync(ModelCharacter.Of("slow"), Cancellation);
        (await AskAsync(server, timeout: "1s")).Problems.ShouldBe(["locating: it did not answer within 1s"]);
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_a_sentence()
    {
        var server = await ScriptedModel.StartAsync(ModelCharacter.Of("good"), Cancellation);
        await server.DisposeAsync();
        (await AskAsync(server)).Problems.ShouldHaveSingleItem().ShouldContain("cannot be reached");
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var elsewhere = await ScriptedModel.StartAsync(ModelCharacter.Of("good"), Cancellation);
        await using var server = await ScriptedModel.StartAsync(new("redirecting", _ => new("", 307)), Cancellation);
        (await AskAsync(server)).Problems.ShouldHaveSingleItem().ShouldContain("HTTP 307");
        elsewhere.Asked.ShouldBe(0);
    }

    [Fact]
    public async Task Tokens_are_counted_and_the_hours_budget_ends_the_questions()
    {
        await using var server = await ScriptedModel.StartAsync(ModelCharacter.Of("good"), Cancellation);
        var meter = new TokenMeter(time);
        await AskAsync(server, meter: meter);
        meter.LastHour("shop").ShouldBe(4 * 940);
        var opinion = await AskAsync(server, tokens: (4 * 940) + 1000, meter: meter);
        opinion.Problems.ShouldHaveSingleItem().ShouldContain("tokens an hour is spent");
        server.Asked.ShouldBe(4);
        time.Advance(TimeSpan.FromMinutes(61));
        meter.LastHour("shop").ShouldBe(0);
        (await AskAsync(server, meter: meter)).Plans.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task The_prompt_holds_no_value_that_may_be_secret()
    {
        var snapshot = Shop.Of(
            [Shop.Deployment("web", one =>
            {
                one.Spec.Template.Spec.Containers[0].Env.Add(new() { Name = "PASSWORD", Value = "hunter2" });
                one.Spec.Template.Spec.Containers[0].Args = ["--token=hunter2"];
                one.Metadata.Annotations = new Dictionary<string, string> { ["note"] = "hunter2" };
                one.Spec.Template.Spec.Containers[0].Image = "shop:2";
            })],
            [Shop.Service("web")]);
        await using var server = await ScriptedModel.StartAsync(ModelCharacter.Of("good"), Cancellation);
        await AskAsync(server, snapshot);
        server.LastQuestion.ShouldNotContain("hunter2");
        // It is told what is changed, and an image by its name.
        server.LastQuestion.ShouldContain("shop:2");
    }

    [Fact]
    public void A_plan_that_healed_before_is_remembered_with_its_record()
    {
        Remediation Past(string phase, string replicas, int minutes)
        {
            var one = Shop.Plan(Shop.Action("ScaleWorkload", "Deployment", "cart", ("replicas", replicas)));
            one.Spec = one.Spec with { Planner = RemediationPlanners.Llm };
            one.Status = new() { Phase = phase, FinishedAt = Shop.Now.UtcDateTime.AddMinutes(minutes) };
            return one;
        }

        Remediation[] past = [Past(RemediationPhases.Succeeded, "2", 1), Past(RemediationPhases.Succeeded, "2", 2), Past(RemediationPhases.RolledBack, "2", 3), Past(RemediationPhases.RolledBack, "1", 4), Past(RemediationPhases.Refused, "9", 5)];
        var plan = PlanRecord.For(Down, past, Shop.Memory()).ShouldHaveSingleItem();
        plan.Summary.ShouldBe("ScaleWorkload Deployment/web replicas=2");
        plan.Rationale.ShouldContain("2 of 3 times");
        PlanRecord.For(Down, [], Shop.Memory()).ShouldBeEmpty();
    }

    private async Task<LlmOpinion> AskAsync(ScriptedModel server, NamespaceSnapshot? snapshot = null, string api = LlmApis.OpenAi, int tokens = 1_000_000, TokenMeter? meter = null, string timeout = "60s")
    {
        var llm = new HealingLlm { Api = api, Endpoint = api == LlmApis.Azure ? server.Endpoint[..^3] : server.Endpoint, Deployment = "simulated", Timeout = timeout, TokensPerHour = tokens };
        using var model = new OpenAiModel(llm, "sesame");
        snapshot ??= Shop.Of([Shop.Deployment("web", one => one.Spec.Replicas = 0), Shop.Deployment("cart")], [Shop.Service("web"), Shop.Service("cart")]);
        return await new LlmPlanner(model, meter ?? new(time)).AskAsync(new(Down, snapshot, Shop.Memory(), Shop.Policy(spec => spec with { Llm = llm }), []), Cancellation);
    }
}
