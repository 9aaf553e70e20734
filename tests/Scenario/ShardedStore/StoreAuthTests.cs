using System.Net.Sockets;
using System.Security.Cryptography;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.OperatorScenario;

namespace Ops.ShardedStoreScenario;

/// <summary>A store with a password and a user, from their Secrets to a change of them, with the operator's own account.</summary>
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

        var (pods, processes) = (fleet.List<V1Pod>(Ns), fleet.Processes(Ns));
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
        await UserAsync();
        fleet.Processes(Ns).ShouldBe(processes);
        await UserOfARestartedNodeAsync();

        // A wrong Secret changes nothing and is named.
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Secret("not one"));
        (await fleet.DegradedCartsAsync(Ns, "SecretWrong", "entry password of Secret carts-auth")).ShouldNotContain("not one");
        (await AnswersAsync("second-77c1d0")).ShouldAllBe(answer => answer == "PONG");
        var log = fleet.Operator.Tail(100_000);
        (log.Contains("first-a8f3b2") || log.Contains("second-77c1d0") || log.Contains("shop-one") || log.Contains(Convert.ToHexStringLower(SHA256.HashData("shop-one"u8)))).ShouldBeFalse();
        await fleet.DropAsync(Ns);
    }

    // A user from what is missing for it to another password, without a restart.
    private async Task UserAsync()
    {
        await fleet.KubectlAsync(["-n", Ns, "patch", "sstore", "carts", "--type=merge", "-p", """{"spec": {"users": [{"name": "shop", "passwordSecretRef": {"name": "carts-users", "key": "shop"}, "commands": ["read", "write"], "keys": ["cart:*"]}]}}"""]);
        (await fleet.DegradedCartsAsync(Ns, "SecretForbidden", "may not read Secret carts-users")).ShouldContain("store-users.yaml");
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], StoreWaits.Grant("carts-users"));
        await fleet.DegradedCartsAsync(Ns, "SecretMissing", "spec.users[shop].passwordSecretRef: there is no Secret carts-users");
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Users("shop-one"));
        await UsersAsync("6/6");
        using (var client = new StoreClient(fleet.List<V1Pod>(Ns)[0].Status.PodIP, "shop shop-one"))
        {
            (await client.CallAsync("SET cart:1 apples")).ShouldBe("OK");
            (await client.CallAsync("GET cart:1")).ShouldBe("apples");
            (await client.CallAsync("SET price:1 0")).ShouldStartWith("-NOPERM");
            (await client.CallAsync("FLUSHALL")).ShouldStartWith("-NOPERM");
        }

        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Users("shop-two"));
        await fleet.UntilAsync("all nodes take the user's new password", async () => (await AnswersAsync("shop shop-two")).All(answer => answer == "PONG"));
        (await AnswersAsync("shop shop-one")).ShouldAllBe(answer => answer.StartsWith("-WRONGPASS", StringComparison.Ordinal));
        await UsersAsync("6/6");
    }

    // Nodes forget their users when they start; then it goes everywhere.
    private async Task UserOfARestartedNodeAsync()
    {
        var before = fleet.Get<V1Pod>(Ns, "carts-s1-1")!.Metadata.Uid;
        await fleet.KubectlAsync(["-n", Ns, "delete", "pod", "carts-s1-1"]);
        await fleet.UntilAsync("the new node takes the user's password", async () =>
            fleet.Get<V1Pod>(Ns, "carts-s1-1") is { Status.PodIP: { Length: > 0 } } pod && pod.Metadata.Uid != before && await AskOrNothingAsync(pod, "shop shop-two") == "PONG");
        await fleet.WholeCartsAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "patch", "sstore", "carts", "--type=merge", "-p", """{"spec": {"users": null}}"""]);
        await UsersAsync(null);
        (await AnswersAsync("shop shop-two")).ShouldAllBe(answer => answer.StartsWith("-WRONGPASS", StringComparison.Ordinal));
        (await AnswersAsync("second-77c1d0")).ShouldAllBe(answer => answer == "PONG");
    }

    private Task UsersAsync(string? nodes) => fleet.UntilAsync($"the user is on {nodes ?? "no"} nodes", async () =>
        (await fleet.CartsAsync(Ns)).Status is { } status && (nodes is null
            ? status.Users is null
            : status.Users is [{ Name: "shop" } row] && row.Nodes == nodes && Conditions.IsTrue(status.Conditions, ConditionTypes.UsersInForce)));

    private static string Users(string password) => $$"""
        apiVersion: v1
        kind: Secret
        metadata: {name: carts-users}
        stringData: {shop: {{password}} }
        """;

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

    private static async Task<string> AskOrNothingAsync(V1Pod pod, string password)
    {
        try
        {
            return await AskAsync(pod, password);
        }
        catch (Exception notYet) when (notYet is SocketException or IOException)
        {
            return "";
        }
    }

    // The answer to PING, or the words of a refused AUTH.
    private static async Task<string> AskAsync(V1Pod pod, string? password)
    {
        using var client = new StoreClient(pod.Status.PodIP, password);
        return await client.AskAsync(pod.Status.PodIP, "PING");
    }
}
