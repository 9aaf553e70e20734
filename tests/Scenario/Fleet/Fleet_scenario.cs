using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Ops.FleetScenario;

/// <summary>What a user does with ./ops up: ask, misuse, load, break, scale, restart, stop. Tests run in any order.</summary>
public sealed class Fleet_scenario(Fleet fleet)
{
    private const string Pools = "/apis/ops.autonomic.dev/v1alpha1/namespaces/default/modelpools";
    private const string Routes = "/apis/ops.autonomic.dev/v1alpha1/namespaces/default/modelroutes";

    [Fact]
    public async Task The_printed_kubectl_line_works()
    {
        Assert.SkipUnless(Shell.Has("kubectl"), "needs kubectl on PATH");

        var (code, output) = await Shell.PasteAsync(fleet.Up.Line("kubectl"));

        code.ShouldBe(0, output);
        foreach (var name in new[] { "llama-3-1-8b", "qwen3-14b", "qwen3-32b", "chat", "operator-", "router-" })
            output.ShouldContain(name);
    }

    [Fact]
    public async Task The_printed_curl_line_works()
    {
        Assert.SkipUnless(Shell.Has("curl"), "needs curl on PATH");

        var (code, output) = await Shell.PasteAsync(fleet.Up.Line("curl"));

        code.ShouldBe(0, output);
        ((string?)JsonNode.Parse(output)!["choices"]![0]!["message"]!["content"]).ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public void The_kubeconfig_is_private() =>
        File.GetUnixFileMode(fleet.Up.Value("kubeconfig")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

    [Fact]
    public async Task An_answer_comes_whole_with_usage_and_says_that_it_is_simulated()
    {
        using var response = await fleet.Router.SendAsync(Fleet.Chat("""{"model":"chat","max_tokens":7,"messages":[{"role":"user","content":"Hello there"}]}"""));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        ((int?)body["usage"]!["completion_tokens"]).ShouldBe(7);
        response.Headers.GetValues("x-ops-simulated").ShouldBe(["true"]);
        response.Headers.GetValues("x-ops-variant").Single().ShouldBeOneOf("llama-3-1-8b", "qwen3-14b", "qwen3-32b");
    }

    [Fact]
    public async Task An_answer_streams_token_by_token_to_its_end()
    {
        using var response = await fleet.Router.SendAsync(
            Fleet.Chat("""{"model":"chat","stream":true,"stream_options":{"include_usage":true},"max_tokens":9,"ignore_eos":true,"messages":[{"role":"user","content":"Hello"}]}"""),
            HttpCompletionOption.ResponseHeadersRead);

        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        events[^1].Trim().ShouldBe("data: [DONE]");
        events[..^1].Select(text => JsonNode.Parse(text.Trim()["data: ".Length..])!)
            .Sum(chunk => (int?)chunk["usage"]?["completion_tokens"] ?? 0).ShouldBe(9);
        events.Length.ShouldBeGreaterThan(9);
    }

    [Theory]
    [InlineData("""{"model":"chat","messages":""", HttpStatusCode.BadRequest)]
    [InlineData("""{"model":"nobody","messages":[{"role":"user","content":"x"}]}""", HttpStatusCode.NotFound)]
    [InlineData("""[]""", HttpStatusCode.BadRequest)]
    public async Task A_bad_request_gets_an_error_in_OpenAIs_shape(string body, HttpStatusCode expected)
    {
        using var response = await fleet.Router.SendAsync(Fleet.Chat(body));

        response.StatusCode.ShouldBe(expected);
        ((string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["message"]).ShouldNotBeNullOrEmpty();
    }

    [Theory]
    [InlineData("Bearer ops-wrong")]
    [InlineData(null)]
    public async Task A_wrong_or_missing_key_is_refused(string? authorization)
    {
        using var client = new HttpClient { BaseAddress = fleet.Router.BaseAddress };
        using var request = Fleet.Chat("""{"model":"chat","messages":[{"role":"user","content":"x"}]}""");
        if (authorization is not null)
            request.Headers.Authorization = AuthenticationHeaderValue.Parse(authorization);

        using var response = await client.SendAsync(request);

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_second_instance_gets_one_sentence()
    {
        var (code, output) = await OpsProcess.RunAsync(TimeSpan.FromSeconds(30), "up", "--state", fleet.State, "--api-port", "0");

        code.ShouldNotBe(0);
        output.Split('\n').Length.ShouldBe(1, output);
        output.ShouldContain($"process {fleet.Up.Id}");
    }

    [Fact]
    public async Task A_taken_port_gets_one_sentence()
    {
        // Another folder, so that the lock is free; the router's port is taken by the running instance.
        var (code, output) = await OpsProcess.RunAsync(TimeSpan.FromSeconds(30), "up", "--state", fleet.State + "-2", "--api-port", "0", "--router-port", $"{fleet.RouterPort}");

        code.ShouldNotBe(0);
        output.Split('\n').Length.ShouldBe(1, output);
        output.ShouldContain($"Port {fleet.RouterPort} ");
    }

    [Fact]
    public async Task A_trace_with_a_broken_line_is_refused_with_its_number()
    {
        var file = Path.Combine(fleet.State, "broken.csv");
        await File.WriteAllTextAsync(file, "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,many,109\n");

        var (code, output) = await OpsProcess.RunAsync(TimeSpan.FromSeconds(30), "load", "--trace", file, "--state", fleet.State);

        code.ShouldNotBe(0);
        output.Split('\n').Length.ShouldBe(1, output);
        output.ShouldContain("line 3");
    }

    [Fact]
    public async Task A_replay_of_production_like_traffic_fails_nothing()
    {
        var json = Path.Combine(fleet.State, "load.json");

        // Conversation traffic at twice its pace: about 11 requests a second for 15 s, some 160 in all.
        var (code, output) = await OpsProcess.RunAsync(
            TimeSpan.FromMinutes(2), "load", "--synthetic", "conv", "--speedup", "2", "--for", "15s", "--state", fleet.State, "--json", json);

        code.ShouldBe(0, output);
        var figures = JsonNode.Parse(await File.ReadAllTextAsync(json))!["figures"]!;
        ((int)figures["sent"]!).ShouldBeGreaterThan(80, output);
        ((int)figures["failed"]!).ShouldBe(0, output);
        ((int)figures["answered"]! + (int)figures["rejected"]!).ShouldBe((int)figures["sent"]!);
        await ExpectNothingInFlight();
    }

    [Fact]
    public async Task A_replica_that_dies_mid_stream_ends_the_stream_with_an_error_and_the_pool_recovers()
    {
        using var response = await fleet.Router.SendAsync(
            Fleet.Chat("""{"model":"chat","stream":true,"max_tokens":4000,"ignore_eos":true,"messages":[{"role":"user","content":"A long story"}]}"""),
            HttpCompletionOption.ResponseHeadersRead);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        (await reader.ReadLineAsync())!.ShouldStartWith("data: ");
        var pool = response.Headers.GetValues("x-ops-variant").Single();
        var replica = response.Headers.GetValues("x-ops-replica").Single();

        Shell.Kill("KILL", await ProcessOf(replica));

        var rest = await reader.ReadToEndAsync();
        rest.ShouldContain("\"error\"");
        rest.ShouldNotContain("[DONE]");
        await Fleet.EventuallyAsync($"a restart in {pool}", () => fleet.GetAsync("/api/v1/namespaces/default/pods"), pods => Restarts(pods, pool) > 0);
        await Fleet.EventuallyAsync($"pool {pool} ready again", () => fleet.GetAsync($"{Pools}/{pool}"), IsReady);
        using var again = await fleet.Router.SendAsync(Fleet.Chat("""{"model":"chat","max_tokens":3,"messages":[{"role":"user","content":"Hello"}]}"""));
        again.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_client_that_goes_away_frees_its_slot()
    {
        using (var response = await fleet.Router.SendAsync(
            Fleet.Chat("""{"model":"chat","stream":true,"max_tokens":4000,"ignore_eos":true,"messages":[{"role":"user","content":"A long story"}]}"""),
            HttpCompletionOption.ResponseHeadersRead))
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            await reader.ReadLineAsync();
        }

        await ExpectNothingInFlight();
    }

    [Fact]
    public async Task A_pool_scales_through_the_API()
    {
        using var response = await fleet.PatchAsync($"{Pools}/qwen3-14b/scale", """{"spec":{"replicas":2}}""");

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        await Fleet.EventuallyAsync("two ready replicas", () => fleet.GetAsync($"{Pools}/qwen3-14b"), pool => IsReady(pool) && (int?)pool["status"]!["readyReplicas"] == 2);
    }

    [Fact]
    public async Task A_request_for_a_sleeping_pool_is_held_until_the_operator_has_woken_it()
    {
        await CreateAsync(Pools, """
            {"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"ModelPool","metadata":{"name":"sleeper"},"spec":{
              "model":"meta-llama/Llama-3.1-8B-Instruct","engine":{"type":"simulated"},"gpu":{"product":"NVIDIA-H100-80GB-HBM3"},
              "replicas":0,"scaling":{"objective":"latency","min":0,"max":1}}}
            """);
        await CreateAsync(Routes, """
            {"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"ModelRoute","metadata":{"name":"sleeper"},"spec":{
              "variants":[{"pool":"sleeper","quality":{"default":0.7}}],
              "objective":{"hardDeadline":"140s"},"timeouts":{"replicaReady":"140s"}}}
            """);
        await Fleet.EventuallyAsync("the pool sleeps", () => fleet.GetAsync($"{Pools}/sleeper"), pool => ReasonOf(pool) == "ScaledToZero");
        await Fleet.EventuallyAsync("the router knows the route", () => fleet.Router.GetStringAsync("/v1/models"), models => models.Contains("\"sleeper\"", StringComparison.Ordinal));

        // Longer than the route holds it: the router decides what becomes of it.
        using var patient = new HttpClient { BaseAddress = fleet.Router.BaseAddress, Timeout = TimeSpan.FromSeconds(150) };
        patient.DefaultRequestHeaders.Authorization = fleet.Router.DefaultRequestHeaders.Authorization;
        using var response = await patient.SendAsync(Fleet.Chat("""{"model":"sleeper","max_tokens":3,"messages":[{"role":"user","content":"Wake up"}]}"""));

        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        response.Headers.GetValues("x-ops-variant").Single().ShouldBe("sleeper");
        ((int?)(await fleet.GetAsync($"{Pools}/sleeper"))["spec"]!["replicas"]).ShouldBe(1);
        using var route = await fleet.Cluster.DeleteAsync($"{Routes}/sleeper");
        using var pool = await fleet.Cluster.DeleteAsync($"{Pools}/sleeper");
    }

    private async Task CreateAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var created = await fleet.Cluster.PostAsync(path, content);
        created.StatusCode.ShouldBe(HttpStatusCode.Created, await created.Content.ReadAsStringAsync());
    }

    private static string? ReasonOf(JsonObject pool) => (pool["status"]?["conditions"] as JsonArray)?
        .Where(condition => (string?)condition!["type"] == "Ready").Select(condition => (string?)condition!["reason"]).SingleOrDefault();

    [Fact]
    public async Task Ctrl_C_leaves_no_process_behind_and_a_restart_keeps_objects_and_what_the_user_changed()
    {
        using var scaled = await fleet.PatchAsync($"{Pools}/qwen3-14b/scale", """{"spec":{"replicas":2}}""");
        scaled.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var created = await fleet.Cluster.PostAsync("/api/v1/namespaces/default/configmaps", new StringContent(
            """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kept"},"data":{"a":"b"}}""", Encoding.UTF8, "application/json"));
        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        var key = fleet.Key;

        var (code, had) = await fleet.StopAsync();
        code.ShouldBe(0, fleet.Up.Output);
        had.Count.ShouldBeGreaterThanOrEqualTo(6);
        had.Where(Shell.Lives).ShouldBeEmpty(fleet.Up.Output);
        File.Exists(Path.Combine(fleet.State, "run.json")).ShouldBeFalse();
        await fleet.StartAsync();

        ((string?)(await fleet.GetAsync("/api/v1/namespaces/default/configmaps/kept"))["data"]!["a"]).ShouldBe("b");
        ((int?)(await fleet.GetAsync($"{Pools}/qwen3-14b"))["spec"]!["replicas"]).ShouldBe(2);
        fleet.Key.ShouldBe(key);
    }

    [Fact]
    public async Task After_a_crash_nothing_survives_and_nothing_blocks_the_next_start()
    {
        var had = Shell.Descendants(fleet.Up.Id);
        fleet.Up.Signal("KILL");
        await fleet.Up.ExitAsync(TimeSpan.FromSeconds(10));
        await Fleet.EventuallyAsync("every pod dead", () => Task.FromResult(had.Count(Shell.Lives)), count => count == 0);

        var (code, output) = await OpsProcess.RunAsync(TimeSpan.FromSeconds(30), "load", "--synthetic", "conv", "--state", fleet.State);
        code.ShouldNotBe(0);
        output.ShouldContain("No ./ops up is ready");

        await fleet.StartAsync();
    }

    private async Task ExpectNothingInFlight()
    {
        await Fleet.EventuallyAsync("the router's in-flight gauge at 0", RouterInFlight, inFlight => inFlight == 0);
        await Fleet.EventuallyAsync("no running or waiting request at any engine", EnginesBusyAsync, busy => busy == 0);
    }

    private async Task<double?> RouterInFlight()
    {
        // Absent before the first request of a fresh router, which is also nothing in flight.
        var text = await fleet.Router.GetStringAsync("/metrics");
        text.ShouldContain("ops_router_");
        return Metrics.Sum(text, "ops_router_inflight") ?? 0;
    }

    // Null where there is none or one does not answer: it is starting or about to end, and the next list tells.
    private async Task<double?> EnginesBusyAsync()
    {
        var addresses = await EngineAddresses();
        if (addresses.Count == 0)
            return null;
        using var client = new HttpClient();
        var busy = 0.0;
        try
        {
            foreach (var address in addresses)
            {
                var text = await client.GetStringAsync($"http://{address}:8000/metrics");
                busy += Metrics.Sum(text, "vllm:num_requests_running") + Metrics.Sum(text, "vllm:num_requests_waiting") ?? double.NaN;
            }
        }
        catch (HttpRequestException)
        {
            return null;
        }

        return busy;
    }

    private async Task<IReadOnlyList<string>> EngineAddresses() =>
        [.. (await fleet.GetAsync("/api/v1/namespaces/default/pods"))["items"]!.AsArray()
            .Where(pod => pod!["metadata"]!["labels"]?["ops.autonomic.dev/pool"] is not null && (string?)pod["status"]!["phase"] == "Running")
            .Select(pod => (string)pod!["status"]!["podIP"]!)];

    // A replica is named by its pod; the process to kill is the one that carries the pod's address as --host.
    private async Task<int> ProcessOf(string replica)
    {
        var address = (string)(await fleet.GetAsync($"/api/v1/namespaces/default/pods/{replica}"))["status"]!["podIP"]!;
        return Shell.Descendants(fleet.Up.Id).First(pid => File.ReadAllText($"/proc/{pid}/cmdline").Split('\0') is var words && words.Contains("--host") && words.Contains(address));
    }

    private static int Restarts(JsonObject pods, string pool) => pods["items"]!.AsArray()
        .Where(pod => (string?)pod!["metadata"]!["labels"]?["ops.autonomic.dev/pool"] == pool)
        .Sum(pod => (int?)pod!["status"]!["containerStatuses"]?[0]!["restartCount"] ?? 0);

    private static bool IsReady(JsonObject pool) => pool["status"]?["conditions"] is JsonArray conditions
        && conditions.Any(condition => (string?)condition!["type"] == "Ready" && (string?)condition["status"] == "True")
        && (int?)pool["status"]!["readyReplicas"] == (int?)pool["spec"]!["replicas"];
}
