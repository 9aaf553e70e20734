using k8s.Models;
using Ops.Api;
using Ops.Planning.Pools;

namespace Ops.Planning.Tests;

public sealed class PoolPlannerTests
{
    [Theory]
    [InlineData("vllm", 2)]
    [InlineData("llamacpp", 1)]
    [InlineData("simulated", 1)]
    public void A_pool_becomes_a_deployment_and_a_service(string engine, int gpus)
    {
        var plan = PoolPlanner.Plan(Fixtures.Pool(engine, gpus: gpus), null, null);
        plan.Problem.ShouldBeNull();
        Golden.ShouldMatch("pool-" + engine, plan.Deployment, plan.Service);
    }

    [Fact]
    public void Options_of_the_engine_and_the_energy_limits_reach_the_container()
    {
        var pool = Fixtures.Pool();
        pool.Spec = pool.Spec with
        {
            Engine = new()
            {
                Type = "simulated",
                Image = "registry.example/sim:2",
                Port = 9000,
                Args = ["--seed", "1"],
                Env = [new() { Name = "HF_TOKEN", ValueFrom = new() { SecretKeyRef = new() { Name = "hf", Key = "token" } } }],
            },
            Energy = new() { ClockMHz = 1200, PowerLimitWatts = 400 },
        };
        var plan = PoolPlanner.Plan(pool, null, null);
        Golden.ShouldMatch("pool-options", plan.Deployment, plan.Service);
    }

    [Fact]
    public void A_pod_template_lies_over_the_generated_one()
    {
        var plan = PoolPlanner.Plan(Fixtures.Pool("vllm", podTemplate: """
            {
              "metadata": {"labels": {"team": "search"}, "annotations": {"note": "x"}},
              "spec": {
                "priorityClassName": "serving",
                "terminationGracePeriodSeconds": 120,
                "tolerations": [{"key": "dedicated", "operator": "Exists"}],
                "containers": [
                  {"name": "engine", "resources": {"requests": {"cpu": "4", "memory": "32Gi"}}, "env": [{"name": "VLLM_LOGGING_LEVEL", "value": "DEBUG"}],
                   "volumeMounts": [{"name": "models", "mountPath": "/models"}]},
                  {"name": "sidecar", "image": "registry.example/sidecar:1"}
                ],
                "volumes": [{"name": "models", "persistentVolumeClaim": {"claimName": "models"}}, {"name": "scratch", "emptyDir": {"sizeLimit": "200Gi"}}]
              }
            }
            """), null, null);
        plan.Problem.ShouldBeNull();
        Golden.ShouldMatch("pool-overlay", plan.Deployment);
    }

    [Theory]
    [InlineData("""{"metadata":{"labels":{"ops.autonomic.dev/pool":"other"}}}""", "ops.autonomic.dev/pool")]
    [InlineData("""{"metadata":{"labels":{"app.kubernetes.io/managed-by":null}}}""", "app.kubernetes.io/managed-by")]
    [InlineData("""{"metadata":null}""", "metadata.labels")]
    [InlineData("""{"spec":{"nodeSelector":{"nvidia.com/gpu.product":"A100"}}}""", "spec.gpu.product")]
    [InlineData("""{"spec":{"nodeSelector":{"$patch":"replace","zone":"a"}}}""", "spec.gpu.product")]
    [InlineData("""{"spec":{"restartPolicy":"Never"}}""", "restartPolicy")]
    [InlineData("""{"spec":{"containers":[{"$patch":"delete","name":"engine"}]}}""", "container engine")]
    [InlineData("""{"spec":{"containers":[{"$patch":"replace"},{"name":"a","image":"b"}]}}""", "container engine")]
    [InlineData("""{"spec":{"containers":[{"name":"engine","args":["--model","other"]}]}}""", "spec.engine.args")]
    [InlineData("""{"spec":{"containers":[{"name":"engine","resources":{"limits":{"nvidia.com/gpu":"8"}}}]}}""", "spec.gpu.count")]
    [InlineData("""{"spec":{"containers":[{"name":"engine","resources":null}]}}""", "spec.gpu.count")]
    [InlineData("""{"spec":{"containers":[{"name":"engine","ports":[{"$patch":"delete","containerPort":8000}]}]}}""", "spec.engine.port")]
    [InlineData("""{"spec":{"containers":[{"name":"engine","env":[{"$patch":"delete","name":"POD_IP"}]}]}}""", "POD_IP")]
    [InlineData("""{"spec":{"containers":[{"name":"engine","livenessprobe":{}, "imagee": "x"}]}}""", "spec.podTemplate.spec.containers[0].imagee")]
    [InlineData("""{"spec":{"hostNetwork":"yes"}}""", "hostNetwork")]
    [InlineData("""{"spec":{"containers":"engine"}}""", "not a pod template")]
    [InlineData("""{"spec":{"containers":[{"name":"engine","resources":{"limits":{"memory":"lots"}}}]}}""", "not a pod template")]
    public void A_pod_template_that_takes_away_what_the_pool_needs_is_refused_with_the_field(string podTemplate, string named)
    {
        var plan = PoolPlanner.Plan(Fixtures.Pool(podTemplate: podTemplate), null, null);
        plan.Deployment.ShouldBeNull();
        plan.Service.ShouldBeNull();
        plan.Problem!.Reason.ShouldBe("InvalidPodTemplate");
        plan.Problem.Message.ShouldContain(named);
    }

    [Fact]
    public void A_suspended_pool_plans_nothing()
    {
        var pool = Fixtures.Pool();
        pool.Spec = pool.Spec with { Suspend = true };
        PoolPlanner.Plan(pool, null, null).ShouldBe(PoolPlan.Nothing("spec.suspend is true"));
    }

    [Fact]
    public void A_pool_in_deletion_plans_nothing()
    {
        var pool = Fixtures.Pool();
        pool.Metadata.DeletionTimestamp = Fixtures.Now.UtcDateTime;
        var plan = PoolPlanner.Plan(pool, null, null);
        (plan.Deployment, plan.Service, plan.Problem).ShouldBe((null, null, null));
    }

    [Fact]
    public void Objects_of_others_are_not_taken_over()
    {
        var pool = Fixtures.Pool();
        var foreign = new V1Service { Metadata = new() { Name = "llama" } };
        var plan = PoolPlanner.Plan(pool, null, foreign);
        plan.Problem!.Reason.ShouldBe("NameConflict");
        plan.Problem.Message.ShouldStartWith("Service llama exists");
        plan.Deployment.ShouldBeNull();
    }

    [Fact]
    public void Objects_of_an_earlier_pool_of_the_same_name_are_not_taken_over()
    {
        var pool = Fixtures.Pool();
        var earlier = Fixtures.Deployment(pool, 1, 1);
        earlier.Metadata.OwnerReferences[0].Uid = "uid-0";
        PoolPlanner.Plan(pool, earlier, null).Problem!.Message.ShouldStartWith("Deployment llama exists");
    }

    [Theory]
    [InlineData("8b")]
    [InlineData("a.b")]
    [InlineData("a234567890123456789012345678901234567890123456")]
    public void A_name_that_no_service_can_have_is_refused_also_where_the_server_knows_no_rules(string name)
    {
        var pool = Fixtures.Pool();
        pool.Metadata.Name = name;
        PoolPlanner.Plan(pool, null, null).Problem!.Message.ShouldStartWith("metadata.name");
    }

    [Fact]
    public void The_digest_of_the_template_changes_with_the_template_and_not_with_the_replicas()
    {
        static string Digest(k8s.Models.V1Deployment? deployment) => deployment!.Spec.Template.Metadata.Annotations[Annotations.Template];
        var one = Digest(PoolPlanner.Plan(Fixtures.Pool(replicas: 1), null, null).Deployment);
        Digest(PoolPlanner.Plan(Fixtures.Pool(replicas: 3), null, null).Deployment).ShouldBe(one);
        Digest(PoolPlanner.Plan(Fixtures.Pool(gpus: 2), null, null).Deployment).ShouldNotBe(one);
    }

    [Fact]
    public void The_same_pool_gives_the_same_plan()
    {
        var one = PoolPlanner.Plan(Fixtures.Pool("vllm"), null, null);
        var two = PoolPlanner.Plan(Fixtures.Pool("vllm"), null, null);
        k8s.KubernetesJson.Serialize(one.Deployment!).ShouldBe(k8s.KubernetesJson.Serialize(two.Deployment!));
    }
}
