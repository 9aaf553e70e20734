using k8s.Models;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api;

/// <summary>Every refusal of the server, in the words of kube-apiserver.</summary>
internal static class Errors
{
    public static ApiException BadRequest(string message) => Make(400, "BadRequest", message);

    public static ApiException Unauthorized() => Make(401, "Unauthorized", "Unauthorized");

    public static ApiException Forbidden(ResourceId resource, string? name, string why) => Make(
        403,
        "Forbidden",
        string.IsNullOrEmpty(name) ? $"{resource} is forbidden: {why}" : $"{resource} \"{name}\" is forbidden: {why}",
        Details(resource, name));

    public static ApiException ForbiddenPath(string why) => Make(403, "Forbidden", $"forbidden: {why}", new V1StatusDetails());

    public static ApiException NamespaceTerminating(ResourceId resource, string name, string ns)
    {
        var error = Forbidden(resource, name, $"unable to create new content in namespace {ns} because it is being terminated");
        error.Status.Details.Causes =
            [new V1StatusCause { Reason = "NamespaceTerminating", Message = $"namespace {ns} is being terminated", Field = "metadata.namespace" }];
        return error;
    }

    public static ApiException NotFound(ResourceId resource, string name) =>
        Make(404, "NotFound", $"{resource} \"{name}\" not found", Details(resource, name));

    public static ApiException UnknownPath() =>
        Make(404, "NotFound", "the server could not find the requested resource", new V1StatusDetails());

    public static ApiException MethodNotAllowed() =>
        Make(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", new V1StatusDetails());

    public static ApiException MethodNotSupported(ResourceId resource, string verb) =>
        Make(405, "MethodNotAllowed", $"{verb} is not supported on resources of kind \"{resource}\"", new V1StatusDetails { Group = resource.Group, Kind = resource.Plural });

    public static ApiException NotAcceptable() => Make(
        406, "NotAcceptable", "only the following media types are accepted: application/json, application/yaml", new V1StatusDetails());

    public static ApiException AlreadyExists(ResourceId resource, string name, bool deleting) => Make(
        409, "AlreadyExists", $"{(deleting ? "object is being deleted: " : "")}{resource} \"{name}\" already exists", Details(resource, name));

    public static ApiException Conflict(ResourceId resource, string name, string why) =>
        Make(409, "Conflict", $"Operation cannot be fulfilled on {resource} \"{name}\": {why}", Details(resource, name));

    public static ApiException Modified(ResourceId resource, string name) => Conflict(
        resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiException ApplyConflict(string message, IEnumerable<FieldCause> causes) => Make(
        409, "Conflict", message, new V1StatusDetails { Causes = [.. causes.Select(Cause)] });

    public static ApiException Expired(string message, string? continueToken = null)
    {
        var error = Make(410, "Expired", message);
        if (continueToken is not null) error.Status.Metadata.ContinueProperty = continueToken;
        return error;
    }

    public static ApiException TooLarge() => Make(
        413, "RequestEntityTooLarge", "limit is 3145728", new V1StatusDetails());

    public static ApiException UnsupportedMediaType(params ReadOnlySpan<string> accepted) => Make(
        415,
        "UnsupportedMediaType",
        $"the body of the request was in an unknown format - accepted media types include: {string.Join(", ", accepted!)}",
        new V1StatusDetails());

    public static ApiException Invalid(string group, string kind, string name, IReadOnlyList<FieldCause> causes)
    {
        var texts = causes.Select(c => $"{c.Field}: {c.Message}").ToList();
        var subject = group.Length == 0 ? kind : $"{kind}.{group}";
        var body = texts.Count == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
        return Make(
            422,
            "Invalid",
            $"{subject} \"{name}\" is invalid: {body}",
            new V1StatusDetails { Name = name, Group = group, Kind = kind, Causes = [.. causes.Select(Cause)] });
    }

    public static ApiException Invalid(string group, string kind, string name, string reason, string message, string field) =>
        Invalid(group, kind, name, [new FieldCause(reason, message, field)]);

    public static ApiException RequestRejected() =>
        Make(422, "Invalid", "the server rejected our request due to an error in our request", new V1StatusDetails());

    public static ApiException TooManyDisruptions(string message) => Make(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
        new V1StatusDetails { Causes = [new V1StatusCause { Reason = "DisruptionBudget", Message = message }] });

    public static ApiException Internal(string message) => Make(500, "InternalError", message);

    public static ApiException RevisionOnCreate() => new(new V1Status
    {
        ApiVersion = "v1",
        Kind = "Status",
        Metadata = new V1ListMeta(),
        Status = "Failure",
        Code = 500,
        Message = "resourceVersion should not be set on objects to be created",
    });

    public static ApiException RevisionTooLarge(long asked, long current) => Make(
        504,
        "Timeout",
        $"Too large resource version: {asked}, current: {current}",
        new V1StatusDetails
        {
            RetryAfterSeconds = 1,
            Causes = [new V1StatusCause { Reason = "ResourceVersionTooLarge", Message = "Too large resource version" }],
        });

    public static ApiException Timeout(string message) => Make(504, "Timeout", message, new V1StatusDetails { RetryAfterSeconds = 1 });

    public static ApiException ServiceUnavailable(string message) => Make(503, "ServiceUnavailable", message);

    private static V1StatusDetails Details(ResourceId resource, string? name) => new()
    {
        Name = string.IsNullOrEmpty(name) ? null : name,
        Group = resource.Group.Length == 0 ? null : resource.Group,
        Kind = resource.Plural,
    };

    private static V1StatusCause Cause(FieldCause cause) => new() { Reason = cause.Reason, Message = cause.Message, Field = cause.Field };

    private static ApiException Make(int code, string reason, string message, V1StatusDetails? details = null) => new(new V1Status
    {
        ApiVersion = "v1",
        Kind = "Status",
        Metadata = new V1ListMeta(),
        Status = "Failure",
        Code = code,
        Reason = reason,
        Message = message,
        Details = details,
    });
}
