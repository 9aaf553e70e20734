using System.Security.Claims;
using Ops.Dashboard.Access;

namespace Ops.Dashboard.Tests;

/// <summary>An id token's claims to the user that the API server is asked as.</summary>
public sealed class Oidc_rules
{
    private static readonly OidcOptions Options = new() { Authority = "https://sso.example.org", ClientId = "ops", UserClaim = "name", Groups = "oncall, sre" };

    [Fact]
    public void A_user_gets_a_prefix_and_the_first_group_that_is_allowed()
    {
        Of(Options, ("name", "ada"), ("groups", "all"), ("groups", "sre"), ("groups", "oncall")).ShouldBe((new UserCredential(null, "oidc:ada", "oidc:oncall"), ""));
        Of(Options, ("name", "ada"), ("groups", "all")).User.ShouldBe(new UserCredential(null, "oidc:ada"));
        Of(Options with { Groups = "" }, ("name", "ada"), ("groups", "all")).User.ShouldBe(new UserCredential(null, "oidc:ada"));
        Of(Options with { Access = OidcOptions.OwnToken }, ("name", "ada")).User.ShouldBe(new UserCredential("the-token"));
    }

    [Fact]
    public void Nobody_becomes_one_of_Kubernetes_own_users_or_groups()
    {
        var bare = Options with { Prefix = "", Groups = "system:masters" };
        Of(bare, ("name", "ada"), ("groups", "system:masters")).User.ShouldBe(new UserCredential(null, "ada"));
        foreach (var name in (string[])["system:admin", "system:serviceaccount:ops-system:operator", "a b", "a\nImpersonate-Group: system:masters", new string('a', 300), "аda"])
            Of(bare, ("name", name)).Problem.ShouldContain("Dashboard__Oidc__Prefix", Case.Sensitive, name);
        // A prefix that only becomes one together with a name.
        Of(bare with { Prefix = "sys" }, ("name", "tem:admin")).Problem.ShouldContain("Dashboard__Oidc__Prefix");
    }

    [Fact]
    public void A_missing_claim_or_an_address_that_nobody_verified_names_the_setting()
    {
        Of(Options, ("sub", "1")).Problem.ShouldContain("no claim name; name one that it has in Dashboard__Oidc__UserClaim");
        var email = Options with { UserClaim = "email" };
        Of(email, ("email", "ada@example.org"), ("email_verified", "false")).Problem.ShouldContain("not verified");
        Of(email, ("email", "ada@example.org"), ("email_verified", "perhaps")).Problem.ShouldContain("not verified");
        Of(email, ("email", "ada@example.org"), ("email_verified", "true")).User!.User.ShouldBe("oidc:ada@example.org");
    }

    [Theory]
    [InlineData("Authority", "http://sso.example.org", "ops", "impersonate", "oidc:", null)]
    [InlineData("Authority", "sso", "ops", "impersonate", "oidc:", null)]
    [InlineData("ClientId", "https://sso.example.org", "", "impersonate", "oidc:", null)]
    [InlineData("Access", "https://sso.example.org", "ops", "both", "oidc:", null)]
    [InlineData("Prefix", "https://sso.example.org", "ops", "impersonate", "system:", null)]
    [InlineData("PublicUrl", "https://sso.example.org", "ops", "impersonate", "oidc:", "ops.example.org")]
    [InlineData("", "http://127.0.0.1:8080", "ops", "token", "", "https://ops.example.org")]
    [InlineData("", "", "", "both", "system:", null)]
    public void A_setting_that_cannot_be_is_named(string setting, string authority, string client, string access, string prefix, string? url)
    {
        var options = new OidcOptions { Authority = authority, ClientId = client, Access = access, Prefix = prefix, PublicUrl = url };
        if (setting.Length == 0)
            options.Checked().ShouldBeSameAs(options);
        else
            Should.Throw<InvalidOperationException>(options.Checked).Message.ShouldStartWith($"Dashboard__Oidc__{setting} ");
    }

    [Fact]
    public void What_a_cookie_holds_comes_back_and_a_token_is_never_printed()
    {
        foreach (var user in (UserCredential[])[new("secret"), new(null, "oidc:ada"), new(null, "oidc:ada", "oidc:sre")])
        {
            UserCredential.Of(user.Principal("ada", "Cookies")).ShouldBe(user);
            user.ToString().ShouldNotContain("secret");
        }

        UserCredential.Of(new ClaimsPrincipal()).ShouldBeNull();
    }

    private static (UserCredential? User, string Problem) Of(OidcOptions options, params (string Type, string Value)[] claims)
    {
        var user = OidcUser.Of(new ClaimsPrincipal(new ClaimsIdentity(claims.Select(claim => new Claim(claim.Type, claim.Value)), "test")), "the-token", options, out var problem);
        return (user, problem);
    }
}
