using System.Net;

namespace Ops.Sandbox.Shop.Tests;

/// <summary>The command line of a process of the shop.</summary>
public sealed class Option_rules
{
    [Theory]
    [InlineData("", "--service is required")]
    [InlineData("--service nobody", "not 'nobody'")]
    [InlineData("--service cart --listen 8080", "not '8080'")]
    [InlineData("--service cart --listen host:8080", "not 'host:8080'")]
    [InlineData("--service load --users many", "not 'many'")]
    [InlineData("--service load --users 401", "from 0 to 400")]
    [InlineData("--service cart --call-limit-ms 49", "from 50 to 60000")]
    [InlineData("--service cart --port 1", "Unknown option --port")]
    [InlineData("--service cart --service users", "given twice")]
    [InlineData("--service", "takes a value")]
    public void A_command_line_that_cannot_be_used_is_refused_in_one_sentence(string line, string says) =>
        Should.Throw<UsageException>(() => ShopOptions.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), _ => null)).Message.ShouldContain(says);

    [Theory]
    [InlineData("127.0.0.1:8080", true)]
    [InlineData("127.10.3.4:8080", true)]
    [InlineData("10.1.2.3:8080", false)]
    [InlineData("0.0.0.0:8080", false)]
    public void Faults_are_accepted_only_where_nobody_else_can_connect(string listen, bool accepted) =>
        Parse("--service", "cart", "--listen", listen, "--faults").FaultsOn.ShouldBe(accepted);

    [Fact]
    public void Faults_are_off_unless_asked_for() => Parse("--service", "cart").FaultsOn.ShouldBeFalse();

    [Fact]
    public void Services_are_found_by_the_environment_of_a_pod_else_by_name()
    {
        var environment = new Dictionary<string, string> { ["CART_SERVICE_HOST"] = "127.96.0.7", ["CART_SERVICE_PORT"] = "81", ["SHOP_USERS"] = "5", ["SHOP_FAULTS"] = "on" };
        var options = ShopOptions.Parse(["--service=load", "--data=/nowhere"], environment.GetValueOrDefault);

        options.AddressOf("cart").ShouldBe(new Uri("http://127.96.0.7:81"));
        options.AddressOf("users").ShouldBe(new Uri("http://users:8080"));
        options.Users.ShouldBe(5);
        options.FaultsOn.ShouldBeTrue();
        options.Listen.ShouldBe(new IPEndPoint(IPAddress.Loopback, 8080));
    }

    private static ShopOptions Parse(params string[] line) => ShopOptions.Parse([.. line, "--data", "/nowhere"], _ => null);
}
