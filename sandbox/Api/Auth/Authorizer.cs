using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Auth;

/// <summary>RBAC: system:masters may do everything, everybody else what roles bound to them allow.</summary>
internal sealed class Authorizer(ObjectStore store)
{
    private RbacIndex? _index;

    public RbacIndex Index
    {
        get
        {
            var index = RbacIndex.For(store.Snapshot, Volatile.Read(ref _index));
            Volatile.Write(ref _index, index);
            return index;
        }
    }

    public bool Allows(UserInfo user, AccessAttributes access) => user.IsMaster || Index.Allows(user, access);

    /// <summary>Refuses with kube-apiserver's sentence.</summary>
    public void Require(UserInfo user, AccessAttributes access)
    {
        if (Allows(user, access)) return;
        if (!access.IsResource)
            throw Errors.ForbiddenPath($"User \"{user.Name}\" cannot {access.Verb} path \"{access.Path}\"");
        var resource = access.Subresource.Length == 0 ? access.Resource : $"{access.Resource}/{access.Subresource}";
        var where = access.Namespace.Length == 0 ? "at the cluster scope" : $"in the namespace \"{access.Namespace}\"";
        throw Errors.Forbidden(
            new ResourceId(access.Group, access.Resource),
            access.Name,
            $"User \"{user.Name}\" cannot {access.Verb} resource \"{resource}\" in API group \"{access.Group}\" {where}");
    }

    public static AccessAttributes Attributes(RequestInfo info) => info.IsResource
        ? new AccessAttributes(info.Verb, IsResource: true, info.Group, info.Resource, info.Subresource, info.Namespace, info.Name)
        : new AccessAttributes(info.Verb, IsResource: false, Path: info.Path);
}
