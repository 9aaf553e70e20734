namespace Ops.PowerAgent.Tests;

public sealed class PowerAgentOptionsTests
{
    [Theory]
    [InlineData("--interval 10ms", "--interval 10ms is not a duration from 500ms to 1m, such as 2s")]
    [InlineData("--interval soon", "--interval soon is not a duration from 500ms to 1m, such as 2s")]
    [InlineData("--nvml", "--nvml needs a value")]
    [InlineData("--colour red", "unknown argument --colour")]
    [InlineData("", "--node is missing and NODE_NAME is not set")]
    public void A_wrong_argument_gets_one_sentence(string arguments, string sentence)
    {
        PowerAgentOptions.Read(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), _ => null, out var error).ShouldBeNull();

        error.ShouldBe(sentence);
    }

    [Fact]
    public void A_pod_needs_no_arguments()
    {
        var environment = new Dictionary<string, string> { ["NODE_NAME"] = "gpu-0", ["POD_NAMESPACE"] = "ops-power", ["POD_NAME"] = "power-agent-x" };

        var options = PowerAgentOptions.Read([], environment.GetValueOrDefault, out _).ShouldNotBeNull();

        (options.Node, options.Namespace, options.ObjectName).ShouldBe(("gpu-0", "ops-power", "power-agent-gpu-0"));
        options.Identity.ShouldStartWith("power-agent-x_");
    }
}
