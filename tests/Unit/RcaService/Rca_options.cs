namespace Ops.Rca.Service.Tests;

/// <summary>Arguments: each wrong one gets one sentence that names it.</summary>
public sealed class Rca_options
{
    [Theory]
    [InlineData("--scrape", "unknown argument --scrape")]
    [InlineData("--interval", "--interval needs a value")]
    [InlineData("--interval 500ms", "--interval 500ms is not a duration from 1s to 5m")]
    [InlineData("--max-series many", "--max-series many is not a number")]
    [InlineData("--prometheus localhost", "--prometheus localhost is not a URL")]
    [InlineData("--selector {}", "--selector needs --prometheus")]
    public void A_wrong_argument_is_named(string line, string words)
    {
        RcaOptions.Read(line.Split(' '), _ => null, out var error).ShouldBeNull();
        error.ShouldStartWith(words);
    }

    [Fact]
    public void Arguments_win_over_the_environment_and_lists_over_defaults()
    {
        var options = RcaOptions.Read(["--interval", "1s", "--peer-labels", "to, whom"], name => name == "POD_NAMESPACE" ? "elsewhere" : null, out _)!;

        (options.Interval, options.Namespace, options.Prometheus).ShouldBe((TimeSpan.FromSeconds(1), "elsewhere", null));
        options.Mapping.Peer.ShouldBe(["to", "whom"]);
        options.Mapping.Service.ShouldContain("app");
    }
}
