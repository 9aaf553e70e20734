using System.Text.Json.Nodes;
using Ops.Sandbox.Objects;

namespace Ops.SandboxObjects.Tests;

public sealed class DefaultingTests
{
    [Fact]
    public void Absent_and_null_members_take_their_default_but_absent_parents_are_not_invented()
    {
        Defaulted("""{"replicas":1}""").ShouldBeJson("""{"replicas":1,"mode":"Fast"}""");
        Defaulted("""{"replicas":1,"mode":null,"image":null,"paused":null}""").ShouldBeJson("""{"replicas":1,"mode":"Fast","paused":null}""");
        Defaulted("""{"replicas":1,"mode":"Slow","nested":{}}""").ShouldBeJson("""{"replicas":1,"mode":"Slow","nested":{"level":3}}""");
        Defaulted("""{"replicas":1,"ports":[{"name":"a"},{"name":"b","protocol":"UDP"}]}""")["ports"]
            .ShouldBeJson("""[{"name":"a","protocol":"TCP"},{"name":"b","protocol":"UDP"}]""");
    }

    [Fact]
    public void Unknown_members_are_pruned_and_named_except_where_they_may_stay()
    {
        var widget = Widgets.Of("""{"replicas":1,"bogus":1,"free":{"any":{"thing":1}},"labels":{"x":"y"},"ports":[{"name":"a","odd":2}],"nested":{"deep":{}}}""");
        widget["top"] = 1;
        widget["metadata"]!["foo"] = 1;
        Pruning.Prune(widget, Widgets.Kind).ShouldBe(["metadata.foo", "spec.bogus", "spec.ports[0].odd", "spec.nested.deep", "top"]);
        widget["spec"].ShouldBeJson("""{"replicas":1,"free":{"any":{"thing":1}},"labels":{"x":"y"},"ports":[{"name":"a"}],"nested":{}}""");
        Pruning.Prune(widget, Widgets.Kind).ShouldBeEmpty();
    }

    [Fact]
    public void A_deployment_gets_what_the_real_server_fills_in()
    {
        var kind = BuiltInKinds.Find("apps", "v1", "Deployment")!;
        var obj = Json.Object("""
            {"metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"},"creationTimestamp":null},
             "spec":{"containers":[{"name":"c","image":"nginx","ports":[{"containerPort":80}],"resources":{"limits":{"cpu":0.5,"memory":"1024Mi","nvidia.com/gpu":1}},"readinessProbe":{"httpGet":{"port":80}}}]}}}}
            """);
        Defaulting.Apply(obj, kind);
        obj["spec"].ShouldBeJson("""
            {"replicas":1,"revisionHistoryLimit":10,"progressDeadlineSeconds":600,"selector":{"matchLabels":{"app":"web"}},
             "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"}},
             "template":{"metadata":{"labels":{"app":"web"}},"spec":{"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","schedulerName":"default-scheduler","securityContext":{},
              "containers":[{"name":"c","image":"nginx","imagePullPolicy":"Always","terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",
               "ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{"limits":{"cpu":"500m","memory":"1Gi","nvidia.com/gpu":"1"}},
               "readinessProbe":{"httpGet":{"port":80,"path":"/","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}}]}}}
            """);
        Validation.Validate(obj, null, kind).ShouldBeEmpty();
    }

    [Fact]
    public void Defaulting_twice_is_defaulting_once_for_every_built_in_kind_that_is_only_a_name()
    {
        foreach (var kind in BuiltInKinds.All)
        {
            var once = Json.Object("""{"metadata":{"name":"x"},"spec":{}}""");
            Defaulting.Apply(once, kind);
            var twice = (JsonObject)once.DeepClone();
            Defaulting.Apply(twice, kind);
            twice.ToJsonString().ShouldBe(once.ToJsonString(), kind.ToString());
        }
    }

    [Fact]
    public void A_service_a_secret_and_a_namespace_get_theirs()
    {
        var service = Json.Object("""{"metadata":{"name":"web"},"spec":{"ports":[{"port":80}],"clusterIP":"10.0.0.9"}}""");
        Defaulting.Apply(service, BuiltInKinds.Find("", "v1", "Service")!);
        service["spec"].ShouldBeJson("""
            {"type":"ClusterIP","sessionAffinity":"None","internalTrafficPolicy":"Cluster","ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack",
             "clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9"],"ports":[{"port":80,"targetPort":80,"protocol":"TCP"}]}
            """);
        var secret = Json.Object("""{"metadata":{"name":"s"},"stringData":{"key":"välue"},"data":{"other":"YQ=="}}""");
        Defaulting.Apply(secret, BuiltInKinds.Find("", "v1", "Secret")!);
        secret.ShouldBeJson("""{"metadata":{"name":"s"},"data":{"other":"YQ==","key":"dsOkbHVl"},"type":"Opaque"}""");
        var ns = Json.Object("""{"metadata":{"name":"team"}}""");
        Defaulting.Apply(ns, BuiltInKinds.Find("", "v1", "Namespace")!);
        ns.ShouldBeJson("""{"metadata":{"name":"team","labels":{"kubernetes.io/metadata.name":"team"}}}""");
    }

    [Fact]
    public void A_pod_requests_what_it_limits_and_empty_maps_vanish()
    {
        var pod = Json.Object("""{"metadata":{"name":"p","labels":{},"annotations":{}},"spec":{"containers":[{"name":"c","image":"a:1","args":[],"resources":{"limits":{"nvidia.com/gpu":"2"}}}]}}""");
        Defaulting.Apply(pod, BuiltInKinds.Find("", "v1", "Pod")!);
        pod["metadata"].ShouldBeJson("""{"name":"p"}""");
        pod["spec"]!["containers"]![0]!["resources"].ShouldBeJson("""{"limits":{"nvidia.com/gpu":"2"},"requests":{"nvidia.com/gpu":"2"}}""");
        pod["spec"]!["containers"]![0]!["imagePullPolicy"]!.GetValue<string>().ShouldBe("IfNotPresent");
        ((JsonObject)pod["spec"]!["containers"]![0]!).ContainsKey("args").ShouldBeFalse();
    }

    private static JsonObject Defaulted(string spec)
    {
        var widget = Widgets.Of(spec);
        Defaulting.Apply(widget, Widgets.Kind);
        return (JsonObject)widget["spec"]!;
    }
}
