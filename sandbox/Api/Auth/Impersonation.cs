using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Http;

namespace Ops.Sandbox.Api.Auth;

/// <summary>kubectl --as: whoever may impersonate acts as somebody else for one request.</summary>
internal static class Impersonation
{
    public static UserInfo Apply(HttpContext context, UserInfo user, Authorizer authorizer)
    {
        var name = context.Request.Headers["Impersonate-User"].ToString();
        var groups = context.Request.Headers["Impersonate-Group"].OfType<string>().ToList();
        if (name.Length == 0)
        {
            return groups.Count == 0 ? user : throw Errors.Internal("requested impersonation without impersonating a user");
        }

        var parts = name.Split(':');
        if (parts is ["system", "serviceaccount", var ns, var account])
        {
            authorizer.Require(user, new AccessAttributes("impersonate", IsResource: true, "", "serviceaccounts", "", ns, account));
            return Authenticator.ServiceAccount(ns, account);
        }

        authorizer.Require(user, new AccessAttributes("impersonate", IsResource: true, "", "users", "", "", name));
        foreach (var group in groups) authorizer.Require(user, new AccessAttributes("impersonate", IsResource: true, "", "groups", "", "", group));
        return new UserInfo(name, [.. groups, "system:authenticated"]);
    }
}
