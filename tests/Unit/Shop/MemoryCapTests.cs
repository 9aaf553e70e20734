using System.Text.Json.Nodes;
using Ops.Sandbox.Shop.Gate;

namespace Ops.Sandbox.Shop.Tests;

public sealed class MemoryCapTests
{
    [Theory]
    [InlineData("512Mi", null)]
    [InlineData("256Mi", null)]
    [InlineData("100Mi", "/spec/containers/0/resources/limits/memory=100Mi")]
    [InlineData("8Mi", "/spec/containers/0/resources/limits/memory=8Mi,/spec/containers/0/resources/requests/memory=8Mi")]
    [InlineData("much", null)]
    public void What_is_above_the_amount_comes_down_to_it(string most, string? patch)
    {
        var pod = JsonNode.Parse("""{"spec":{"containers":[{"name":"a","resources":{"requests":{"memory":"80Mi"},"limits":{"memory":"256Mi"}}},{"name":"b"}]}}""")!.AsObject();
        var steps = MemoryCap.Patch(pod, most);
        (steps is null ? null : string.Join(',', steps.Select(step => $"{step!["path"]}={step["value"]}"))).ShouldBe(patch);
    }
}
