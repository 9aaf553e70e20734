using Ops.Api;
using Ops.Operator.Fleet;

namespace Ops.Operator.Tests;

public sealed class OperatorOptionsTests
{
    [Fact]
    public void Without_arguments_it_listens_on_loopback_only()
    {
        var options = OperatorOptions.Read([], _ => null, out _)!;
        options.Urls.ShouldBe("http://127.0.0.1:8081");
        options.Namespace.ShouldBe("ops-system");
        options.ScrapeInterval.ShouldBe(TimeSpan.FromSeconds(15));
        options.Identity.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public void Arguments_win_over_the_environment()
    {
        string? Environment(string name) => name switch { "POD_NAMESPACE" => "from-env", "POD_NAME" => "pod-1", _ => null };
        OperatorOptions.Read(["--namespace", "from-args"], Environment, out _)!.Namespace.ShouldBe("from-args");
        var options = OperatorOptions.Read([], Environment, out _)!;
        options.Namespace.ShouldBe("from-env");
        options.Identity.ShouldStartWith("pod-1_");
    }

    [Fact]
    public void Two_processes_of_one_pod_are_two_candidates() =>
        OperatorOptions.Read([], _ => null, out _)!.Identity.ShouldNotBe(OperatorOptions.Read([], _ => null, out _)!.Identity);

    [Theory]
    [InlineData("--listen", "x")]
    [InlineData("--urls")]
    [InlineData("--scrape-interval", "soon")]
    [InlineData("--scrape-interval", "1ms")]
    public void A_wrong_argument_is_named(params string[] args)
    {
        OperatorOptions.Read(args, _ => null, out var error).ShouldBeNull();
        error.ShouldContain(args[0]);
    }

    [Fact]
    public void Of_two_routes_for_a_model_the_older_one_answers_and_then_the_first_by_namespace_and_name()
    {
        var old = Route("b", "z", 1);
        var young = Route("a", "a", 2);
        FleetCaches.Before(old, young).ShouldBeTrue();
        FleetCaches.Before(young, old).ShouldBeFalse();
        FleetCaches.Before(Route("a", "x", 1), Route("a-b", "a", 1)).ShouldBeTrue();
        FleetCaches.Before(Route("a", "x", 1), Route("a", "x", 1)).ShouldBeFalse();
    }

    private static ModelRoute Route(string ns, string name, int second) => new()
    {
        Metadata = new() { NamespaceProperty = ns, Name = name, CreationTimestamp = new DateTime(2026, 1, 1, 0, 0, second, DateTimeKind.Utc) },
    };
}
