using System.Text.Json.Nodes;

namespace Ops.IncidentScenario;

/// <summary>A real fault in a real shop becomes an Incident that names the right service, and closes when the fault is over.</summary>
public sealed class Incident_scenario(ITestOutputHelper output)
{
    [Fact]
    public async Task A_slow_dependency_is_named_and_the_incident_closes_when_it_is_over()
    {
        await using var shop = await ShopFleet.StartAsync();
        await shop.LearnedAsync();
        var before = (await shop.IncidentsAsync()).Select(Name).ToHashSet();
        var start = TimeProvider.System.GetTimestamp();

        // "slow-dependency in catalog for 1800 s: ..."
        var words = (await shop.ChaosAsync("inject", "slow-dependency", "--for", "30m")).Split('\n').First(line => line.StartsWith("slow-dependency in ", StringComparison.Ordinal));
        var service = words.Split(' ')[2];
        var incident = await shop.IncidentAsync($"an incident names {service}", found => !before.Contains(Name(found)) && (string?)found["status"]?["cause"] == $"shop/{service}");

        output.WriteLine($"{service} named after {TimeProvider.System.GetElapsedTime(start).TotalSeconds:0.0} s");
        output.WriteLine(await shop.KubectlAsync("get inc -A -o wide"));
        ((string?)incident["spec"]!["type"]).ShouldBe("performance");
        ((string?)incident["metadata"]!["namespace"]).ShouldBe("shop");
        ((string?)incident["status"]!["phase"]).ShouldBe("Open");
        incident["status"]!["symptoms"]!.AsArray().Count.ShouldBeGreaterThan(0);
        incident["status"]!["edges"]!.AsArray().Count.ShouldBeGreaterThan(0);

        await shop.ChaosAsync("stop");
        await shop.IncidentAsync("the incident is resolved", found => Name(found) == Name(incident) && (string?)found["status"]!["phase"] == "Resolved");
        output.WriteLine(await shop.KubectlAsync("get inc -A -o wide"));
    }

    private static string Name(JsonNode? incident) => (string)incident!["metadata"]!["name"]!;
}
