using System.Text;
using System.Text.Json.Nodes;

namespace Ops.SandboxApi.Tests;

/// <summary>Admission webhooks: real ones over TLS, asked about what their rules and selectors say, with what follows when they cannot be asked.</summary>
public sealed class WebhookTests : ApiTest
{
    private const string Validating = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    private const string Mutating = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
    private const string Merge = "application/merge-patch+json";

    [Fact]
    public async Task A_webhook_that_refuses_says_why_and_nothing_is_stored()
    {
        await using var webhook = await WebhookServer.StartAsync(_ => JsonNode.Parse("""{"allowed":false,"status":{"message":"not on a Friday","code":403}}""")!.AsObject(), Cancel);
        await ExpectAsync(201, "POST", Validating, Configuration("ValidatingWebhookConfiguration", webhook));
        (await ExpectAsync(403, "POST", ConfigMaps, ConfigMap("a")))["message"]!.GetValue<string>().ShouldBe("admission webhook \"gate.example.test\" denied the request: not on a Friday");
        await ExpectAsync(404, "GET", $"{ConfigMaps}/a");
        await ExpectAsync(201, "POST", Pods, Pod("other-kind"));

        var review = webhook.Asked.ShouldHaveSingleItem();
        (review["operation"]!.GetValue<string>(), review["namespace"]!.GetValue<string>(), review["name"]!.GetValue<string>(), review["dryRun"]!.GetValue<bool>()).ShouldBe(("CREATE", "default", "a", false));
        review["resource"]!.ToJsonString().ShouldBe("""{"group":"","version":"v1","resource":"configmaps"}""");
        (review["object"]!["data"]!["a"]!.GetValue<string>(), review["oldObject"]).ShouldBe(("1", null));
        review["object"]!["metadata"]!["uid"].ShouldBeNull();
    }

    [Fact]
    public async Task A_webhook_that_changes_the_object_does_so_before_the_schema_is_checked_and_sees_updates_and_deletions()
    {
        await using var webhook = await WebhookServer.StartAsync(
            request => request["operation"]!.GetValue<string>() == "DELETE" ? new() { ["allowed"] = true } : new()
            {
                ["allowed"] = true, ["patchType"] = "JSONPatch",
                ["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes("""[{"op":"add","path":"/data/mark","value":"seen"}]""")),
            },
            Cancel);
        await ExpectAsync(201, "POST", Mutating, Configuration("MutatingWebhookConfiguration", webhook));
        var made = await ExpectAsync(201, "POST", ConfigMaps, ConfigMap("a"));
        (made["data"]!["mark"]!.GetValue<string>(), made["metadata"]!["uid"]).ShouldSatisfyAllConditions(one => one.Item1.ShouldBe("seen"), one => one.Item2.ShouldNotBeNull());
        (await ExpectAsync(200, "PATCH", $"{ConfigMaps}/a", JsonNode.Parse("""{"data":{"mark":"mine","b":"2"}}"""), Merge))["data"]!.ToJsonString().ShouldBe("""{"a":"1","mark":"seen","b":"2"}""");
        await ExpectAsync(200, "DELETE", $"{ConfigMaps}/a");
        webhook.Asked.Select(one => one["operation"]!.GetValue<string>()).ShouldBe(["CREATE", "UPDATE", "DELETE"]);
        webhook.Asked[1]["oldObject"]!["data"]!["mark"]!.GetValue<string>().ShouldBe("seen");
    }

    [Fact]
    public async Task A_webhook_that_is_down_refuses_everything_or_nothing_as_its_policy_says()
    {
        string url;
        await using (var webhook = await WebhookServer.StartAsync(_ => new() { ["allowed"] = true }, Cancel))
        {
            url = webhook.Url;
            await ExpectAsync(201, "POST", Validating, Configuration("ValidatingWebhookConfiguration", webhook));
        }

        var refusal = await ExpectAsync(500, "POST", ConfigMaps, ConfigMap("a"));
        (refusal["reason"]!.GetValue<string>(), refusal["message"]!.GetValue<string>()).ShouldBe((
            "InternalError", $"Internal error occurred: failed calling webhook \"gate.example.test\": failed to call webhook: Post \"{url}/gate?timeout=5s\": dial tcp: connect: connection refused"));
        // The configuration itself can always be repaired.
        await ExpectAsync(200, "PATCH", $"{Validating}/gate", JsonNode.Parse("""[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Ignore"}]"""), "application/json-patch+json");
        await ExpectAsync(201, "POST", ConfigMaps, ConfigMap("a"));
    }

    [Fact]
    public async Task A_Service_that_does_not_exist_and_a_stranger_behind_the_port_are_no_webhook()
    {
        await using var webhook = await WebhookServer.StartAsync(_ => new() { ["allowed"] = true }, Cancel);
        await using var stranger = await WebhookServer.StartAsync(_ => new() { ["allowed"] = true }, Cancel);
        var configuration = Configuration("ValidatingWebhookConfiguration", webhook);
        configuration["webhooks"]![0]!["clientConfig"] = JsonNode.Parse("""{"service":{"namespace":"default","name":"gate","path":"/gate"}}""");
        await ExpectAsync(201, "POST", Validating, configuration);
        (await ExpectAsync(500, "POST", ConfigMaps, ConfigMap("a")))["message"]!.GetValue<string>().ShouldEndWith("Post \"https://gate.default.svc:443/gate?timeout=5s\": service \"gate\" not found");

        configuration["webhooks"]![0]!["clientConfig"] = new JsonObject { ["url"] = stranger.Url, ["caBundle"] = webhook.Bundle };
        configuration["metadata"] = new JsonObject { ["name"] = "gate" };
        await ExpectAsync(200, "PUT", $"{Validating}/gate", configuration);
        (await ExpectAsync(500, "POST", ConfigMaps, ConfigMap("a")))["message"]!.GetValue<string>().ShouldContain("x509: certificate signed by unknown authority");
        stranger.Asked.ShouldBeEmpty();
    }

    [Fact]
    public async Task Selectors_and_dry_runs_count()
    {
        await using var webhook = await WebhookServer.StartAsync(_ => new() { ["allowed"] = false }, Cancel);
        var configuration = Configuration("ValidatingWebhookConfiguration", webhook);
        configuration["webhooks"]![0]!["namespaceSelector"] = JsonNode.Parse("""{"matchLabels":{"kubernetes.io/metadata.name":"default"}}""");
        configuration["webhooks"]![0]!["objectSelector"] = JsonNode.Parse("""{"matchExpressions":[{"key":"free","operator":"DoesNotExist"}]}""");
        await ExpectAsync(201, "POST", Validating, configuration);
        await ExpectAsync(400, "POST", $"{ConfigMaps}?dryRun=All", ConfigMap("a"));
        webhook.Asked.ShouldHaveSingleItem()["dryRun"]!.GetValue<bool>().ShouldBeTrue();
        await ExpectAsync(201, "POST", ConfigMaps, ConfigMap("b", ("free", "yes")));
        await ExpectAsync(201, "POST", "/api/v1/namespaces/kube-public/configmaps", ConfigMap("c"));
    }

    [Theory]
    [InlineData("""{"clientConfig":{"url":"https://webhooks.example.com/x"}}""", "webhooks[0].clientConfig.url")]
    [InlineData("""{"clientConfig":{"url":"http://127.0.0.1/x"}}""", "webhooks[0].clientConfig.url")]
    [InlineData("""{"clientConfig":{"url":null}}""", "webhooks[0].clientConfig")]
    [InlineData("""{"matchConditions":[{"name":"a","expression":"true"}]}""", "webhooks[0].matchConditions")]
    [InlineData("""{"sideEffects":"Unknown"}""", "webhooks[0].sideEffects")]
    [InlineData("""{"admissionReviewVersions":["v1beta1"]}""", "webhooks[0].admissionReviewVersions")]
    [InlineData("""{"timeoutSeconds":31}""", "webhooks[0].timeoutSeconds")]
    public async Task What_would_not_be_asked_is_not_stored(string change, string field)
    {
        await using var webhook = await WebhookServer.StartAsync(_ => new() { ["allowed"] = true }, Cancel);
        var configuration = Configuration("ValidatingWebhookConfiguration", webhook);
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
            configuration["webhooks"]![0]![name] = value!.DeepClone();
        (await ExpectAsync(422, "POST", Validating, configuration))["details"]!["causes"]!.AsArray().Select(cause => cause!["field"]!.GetValue<string>()).ShouldContain(field);
    }

    private static JsonObject Configuration(string kind, WebhookServer webhook) => JsonNode.Parse($$"""
        {"apiVersion":"admissionregistration.k8s.io/v1","kind":"{{kind}}","metadata":{"name":"gate"},"webhooks":[{"name":"gate.example.test","admissionReviewVersions":["v1"],"sideEffects":"None","timeoutSeconds":5,
         "clientConfig":{"url":"{{webhook.Url}}/gate","caBundle":"{{webhook.Bundle}}"},
         "rules":[{"operations":["*"],"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"]}]}]}
        """)!.AsObject();
}
