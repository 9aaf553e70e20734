using k8s;
using k8s.Models;

namespace Ops.OperatorScenario;

/// <summary>A store with a password, from its Secret to a change of it, with the operator's own account.</summary>
public sealed class StoreAuthTests(Fleet fleet)
{
    private const string Ns = "storeauth";

    [Fact]
    public async Task A_password_is_asked_for_changes_without_a_restart_and_is_seen_nowhere()
    {
        fleet.RequireRedis();
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], """
            apiVersion: ops.autonomic.dev/v1alpha1
            kind: ShardedStore
            metadata: {name: carts}
            spec:
              engine: {type: redis}
              durability: {minReplicasToWrite: 1}
              auth: {secretRef: {name: carts-auth}}
            """);
        await fleet.DegradedCartsAsync(Ns, "SecretForbidden", "grant its account get on it");
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], StoreWaits.Grant("carts-auth"));
        await fleet.DegradedCartsAsync(Ns, "SecretMissing", "there is no Secret carts-auth");
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Secret("first-a8f3b2"));
        await fleet.WholeCartsAsync(Ns);

        var pods = fleet.List<V1Pod>(Ns);
        pods.Count.ShouldBe(6);
        foreach (var pod in pods)
        {
            (await AskAsync(pod, null)).ShouldStartWith("-NOAUTH");
            (await AskAsync(pod, "first-a8f3b2")).ShouldBe("PONG");
            KubernetesJson.Serialize(pod).ShouldNotContain("first-a8f3b2");
            (await fleet.KubectlAsync(["-n", Ns, "logs", pod.Metadata.Name])).ShouldNotContain("first-a8f3b2");
        }

        foreach (var process in Directory.GetDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)))
            CommandLine(process).ShouldNotContain("first-a8f3b2");

        // Both passwords while clients change over, then only the new one; the same processes all the time.
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Secret("second-77c1d0", "first-a8f3b2"));
        await fleet.UntilAsync("all nodes take the new password", async () => (await AnswersAsync("second-77c1d0")).All(answer => answer == "PONG"));
        (await AnswersAsync("first-a8f3b2")).ShouldAllBe(answer => answer == "PONG");
        await fleet.KubectlAsync(["-n", Ns, "patch", "secret", "carts-auth", "--type=merge", "-p", """{"data":{"previous":null}}"""]);
        await fleet.UntilAsync("no node takes the old password", async () => (await AnswersAsync("first-a8f3b2")).All(answer => answer.StartsWith("-WRONGPASS", StringComparison.Ordinal)));
        (await AnswersAsync("second-77c1d0")).ShouldAllBe(answer => answer == "PONG");
        await fleet.WholeCartsAsync(Ns);
        fleet.List<V1Pod>(Ns).Select(pod => (pod.Metadata.Uid, pod.Status.ContainerStatuses[0].RestartCount)).Order()
            .ShouldBe(pods.Select(pod => (pod.Metadata.Uid, pod.Status.ContainerStatuses[0].RestartCount)).Order());

        // A wrong Secret changes nothing and is named.
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Secret("not one"));
        (await fleet.DegradedCartsAsync(Ns, "SecretWrong", "entry password of Secret carts-auth")).ShouldNotContain("not one");
        (await AnswersAsync("second-77c1d0")).ShouldAllBe(answer => answer == "PONG");
        var log = fleet.Operator.Tail(100_000);
        (log.Contains("first-a8f3b2") || log.Contains("second-77c1d0")).ShouldBeFalse();
        await fleet.DropAsync(Ns);
    }

    private static string Secret(string password, string? previous = null) => $$"""
        apiVersion: v1
        kind: Secret
        metadata: {name: carts-auth}
        stringData: {password: "{{password}}"{{(previous is null ? "" : $", previous: \"{previous}\"")}}}
        """;

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return "";
        }
    }

    private async Task<IReadOnlyList<string>> AnswersAsync(string password) => await Task.WhenAll(fleet.List<V1Pod>(Ns).Select(pod => AskAsync(pod, password)));

    // The answer to PING, or the words of a refused AUTH.
    private static async Task<string> AskAsync(V1Pod pod, string? password)
    {
        using var client = new StoreClient(pod.Status.PodIP, password);
        return await client.AskAsync(pod.Status.PodIP, "PING");
    }
}
