namespace Ops.Sandbox.Api.Auth;

/// <summary>Who asks: a name, and the groups that bindings may name.</summary>
internal sealed record UserInfo(string Name, IReadOnlyList<string> Groups, string Uid = "")
{
    public const string MastersGroup = "system:masters";

    public static readonly UserInfo Anonymous = new("system:anonymous", ["system:unauthenticated"]);

    public static readonly UserInfo Admin = new("kubernetes-admin", [MastersGroup, "system:authenticated"]);

    public bool IsMaster => Groups.Contains(MastersGroup, StringComparer.Ordinal);
}
