using System.ComponentModel;
using System.Reflection;
using System.Text.Json.Nodes;
using k8s;

namespace Ops.Api.Tests;

public sealed class ResourceTypesTests
{
    [Fact]
    public void A_pool_with_nothing_but_the_required_fields_has_defaults()
    {
        var spec = new ModelPoolSpec { Model = "m", Gpu = new() { Product = "p" } };
        spec.EffectiveReplicas.ShouldBe(1);
        spec.Gpu.EffectiveCount.ShouldBe(1);
        spec.Engine.EffectivePort.ShouldBe(8000);
        spec.Engine.EffectiveImage.ShouldContain("vllm");
    }

    [Fact]
    public void A_route_without_options_has_defaults()
    {
        var route = new ModelRoute { Metadata = { Name = "chat" } };
        route.EffectiveModel.ShouldBe("chat");
        route.Spec.EffectivePolicy.EffectiveType.ShouldBe("price");
        route.Spec.EffectiveRetry.EffectiveAttempts.ShouldBe(2);
        route.Spec.EffectiveObjective.EffectiveTimeToFirstToken.ShouldBe(TimeSpan.FromSeconds(1));
        route.Spec.EffectiveObjective.EffectiveTimePerOutputToken.ShouldBe(TimeSpan.FromMilliseconds(100));
        route.Spec.EffectiveObjective.EffectiveEndToEnd.ShouldBe(TimeSpan.FromSeconds(30));
        route.Spec.EffectiveObjective.EffectiveHardDeadline.ShouldBe(TimeSpan.FromSeconds(60));
        route.Spec.EffectiveTimeouts.EffectiveConnect.ShouldBe(TimeSpan.FromSeconds(1));
        route.Spec.EffectiveTimeouts.EffectiveFirstByte.ShouldBe(TimeSpan.FromSeconds(60));
        route.Spec.EffectiveTimeouts.EffectiveIdle.ShouldBe(TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData(typeof(ModelPoolSpec))]
    [InlineData(typeof(EngineSpec))]
    [InlineData(typeof(GpuSpec))]
    [InlineData(typeof(ObjectiveSpec))]
    [InlineData(typeof(PolicySpec))]
    [InlineData(typeof(RetrySpec))]
    [InlineData(typeof(TimeoutSpec))]
    [InlineData(typeof(HealingPolicySpec))]
    [InlineData(typeof(HealingBudget))]
    public void The_default_in_the_schema_is_the_one_in_the_code(Type type)
    {
        var empty = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties())
        {
            if (property.GetCustomAttribute<DefaultValueAttribute>() is not { } schema)
                continue;
            var effective = type.GetProperty("Effective" + property.Name) ?? property;
            var actual = effective.GetValue(empty);
            var expected = actual is TimeSpan ? GoDuration.Parse((string)schema.Value!) : schema.Value;
            actual.ShouldBe(expected, $"{type.Name}.{property.Name}");
        }
    }

    [Fact]
    public void On_the_wire_units_keep_their_case_and_derived_values_stay_away()
    {
        var pool = new ModelPool
        {
            Metadata = { Name = "p" },
            Spec = new() { Model = "m", Gpu = new() { Product = "g" }, Energy = new() { ClockMHz = 1200, PowerLimitWatts = 400 } },
        };
        JsonNode.DeepEquals(JsonNode.Parse(KubernetesJson.Serialize(pool)), JsonNode.Parse("""
            {
              "apiVersion": "ops.autonomic.dev/v1alpha1", "kind": "ModelPool", "metadata": {"name": "p"},
              "spec": {
                "suspend": false, "model": "m", "engine": {"type": "vllm"}, "gpu": {"product": "g"},
                "energy": {"clockMHz": 1200, "powerLimitWatts": 400}
              }
            }
            """)).ShouldBeTrue(KubernetesJson.Serialize(pool));
    }

    [Fact]
    public void A_pod_template_is_kept_as_written()
    {
        var pool = KubernetesJson.Deserialize<ModelPool>("""{"metadata":{"name":"p"},"spec":{"model":"m","podTemplate":{"spec":{"x":[1,{"y":null}]}}}}""");
        pool.Spec.PodTemplate!.ToJsonString().ShouldBe("""{"spec":{"x":[1,{"y":null}]}}""");
    }

    [Fact]
    public void Quality_falls_back_to_the_default_task()
    {
        var variant = new VariantSpec { Pool = "p", Quality = new Dictionary<string, double> { ["default"] = 0.5, ["code"] = 0.9 } };
        variant.QualityFor("code").ShouldBe(0.9);
        variant.QualityFor("math").ShouldBe(0.5);
        new VariantSpec().QualityFor("math").ShouldBe(0);
    }
}
