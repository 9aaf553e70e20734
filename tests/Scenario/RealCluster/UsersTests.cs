namespace Ops.RealCluster.Tests;

/// <summary>What a user of kubectl sees on a real API server.</summary>
public sealed class UsersTests(RealCluster cluster)
{
    [Fact]
    public async Task A_pool_converges_through_the_real_controllers_and_kubectl_reads_well()
    {
        await using var op = await cluster.StartOperatorAsync();
        await cluster.ApplyAsync(Yaml.Pool("llama"));
        await cluster.ApplyAsync(Yaml.Route("chat", "llama"));

        (await cluster.KubectlAsync("wait", "--for=condition=Ready", "mp/llama", "--timeout=60s")).ShouldContain("condition met");
        (await cluster.KubectlAsync("wait", "--for=condition=Ready", "mr/chat", "--timeout=60s")).ShouldContain("condition met");

        (await cluster.KubectlAsync("scale", "mp", "llama", "--replicas=3")).ShouldContain("scaled");
        await Eventually.HoldsAsync(
            async () => (await cluster.KubectlAsync("get", "mp", "llama", "-o", "jsonpath={.status.readyReplicas}")) == "3",
            "three replicas are ready after kubectl scale");
        (await cluster.KubectlAsync("get", "deploy", "llama", "-o", "jsonpath={.spec.replicas}")).ShouldBe("3");

        var table = await cluster.KubectlAsync("get", "mp,mr", "-o", "wide");
        table.ShouldContain("meta-llama/Llama-3.1-8B-Instruct");
        table.ShouldContain("price");
        (await cluster.KubectlAsync("explain", "mp.spec.gpu")).ShouldContain("product");

        await cluster.KubectlAsync("delete", "mp", "llama", "--timeout=60s");
        await Eventually.HoldsAsync(
            async () => (await cluster.KubectlAsync("get", "deploy,svc,pod", "-l", "ops.autonomic.dev/pool=llama", "-o", "name")).Length == 0,
            "the pool's Deployment, Service and pods are gone with it");
    }

    [Theory]
    [InlineData("replicas: -1", "spec.replicas")]
    [InlineData("gpu: {product: NVIDIA-H100-80GB-HBM3, count: 99}", "spec.gpu.count")]
    [InlineData("engine: {type: magic}", "spec.engine.type")]
    public async Task A_bad_pool_is_refused_with_the_name_of_the_field(string line, string field)
    {
        var field0 = line[..line.IndexOf(':')];
        var lines = Yaml.Pool("bad").Split('\n').Where(l => !l.TrimStart().StartsWith(field0 + ":", StringComparison.Ordinal));
        var result = await cluster.Kubectl.RunAsync(["apply", "--validate=false", "-f", "-"], TestContext.Current.CancellationToken, string.Join('\n', lines) + "\n  " + line);
        result.ExitCode.ShouldNotBe(0);
        result.Error.ShouldContain(field);
    }
}
