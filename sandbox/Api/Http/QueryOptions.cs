using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Http;

/// <summary>Query parameters of reads and writes, checked as kube-apiserver checks them.</summary>
internal static class QueryOptions
{
    public static WriteOptions Write(HttpRequest request, string verb, string? subresource, bool applyPatch = false)
    {
        var query = request.Query;
        var manager = query["fieldManager"].ToString();
        var force = query["force"].ToString();
        if (applyPatch && manager.Length == 0)
            throw Errors.Invalid("meta.k8s.io", "PatchOptions", "", "FieldValueRequired", "Required value: is required for apply patch", "fieldManager");
        if (!applyPatch && force.Length > 0 && verb == "patch")
            throw Errors.Invalid("meta.k8s.io", "PatchOptions", "", "FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force");
        if (manager.Length > 128)
            throw Errors.Invalid("meta.k8s.io", "PatchOptions", "", "FieldValueTooLong", "Too long: may not be more than 128 bytes", "fieldManager");
        return new WriteOptions
        {
            User = ApiRequest.Of(request.HttpContext).User,
            FieldManager = manager.Length > 0 ? manager : ManagerFromAgent(request.Headers.UserAgent.ToString()),
            DryRun = IsDryRun(query["dryRun"], verb),
            Force = force is "true" or "1",
            FieldValidation = Validation(query["fieldValidation"].ToString(), verb),
            Subresource = subresource,
            Warnings = new List<string>(),
        };
    }

    public static ListQuery List(HttpRequest request, ServedResource resource, string ns, string name)
    {
        var query = request.Query;
        var fields = FieldSelector.Parse(query["fieldSelector"], resource);
        if (name.Length > 0) fields = FieldSelector.Parse($"metadata.name={name}", resource);
        var token = query["continue"].ToString();
        var revision = Revision(query["resourceVersion"].ToString());
        var match = query["resourceVersionMatch"].ToString();
        if (token.Length > 0 && revision is > 0) throw Errors.BadRequest("specifying resource version is not allowed when using continue");
        if (match.Length > 0 && revision is null && !IsTrue(query["sendInitialEvents"]))
            throw ListOptions("FieldValueForbidden", "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided", "resourceVersionMatch");
        if (match.Length > 0 && match is not ("Exact" or "NotOlderThan"))
            throw ListOptions("FieldValueNotSupported", $"Unsupported value: \"{match}\": supported values: \"Exact\", \"NotOlderThan\", \"\"", "resourceVersionMatch");
        return new ListQuery
        {
            Namespace = ns,
            Labels = LabelSelector.Parse(query["labelSelector"]),
            Fields = fields,
            Limit = Number(query["limit"].ToString(), "limit"),
            Continue = token.Length > 0 ? ContinueToken.Decode(token) : null,
            ResourceVersion = revision,
            Match = match.Length > 0 ? match : null,
        };
    }

    public static int Number(string text, string name)
    {
        if (text.Length == 0) return 0;
        if (int.TryParse(text, out var number) && number >= 0) return number;
        throw Errors.BadRequest($"unable to decode \"{name}\": strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }

    public static bool IsTrue(string? text) => text is "true" or "1";

    public static bool IsDryRun(IEnumerable<string?> values, string verb)
    {
        var asked = values.Where(v => !string.IsNullOrEmpty(v)).ToList();
        if (asked.Count == 0) return false;
        if (asked.TrueForAll(v => v == "All")) return true;
        throw Errors.Invalid(
            "meta.k8s.io", $"{OptionsKind(verb)}Options", "", "FieldValueNotSupported", $"Unsupported value: \"{asked.First(v => v != "All")}\": supported values: \"All\"", "dryRun");
    }

    public static ApiException ListOptions(string reason, string message, string field) =>
        Errors.Invalid("meta.k8s.io", "ListOptions", "", reason, message, field);

    private static long? Revision(string text)
    {
        if (text.Length == 0) return null;
        if (long.TryParse(text, out var number) && number >= 0) return number;
        throw Errors.BadRequest($"Invalid value: \"{text}\": resourceVersion: must be an unsigned integer");
    }

    private static FieldValidation Validation(string text, string verb) => text switch
    {
        "" or "Warn" => FieldValidation.Warn,
        "Ignore" => FieldValidation.Ignore,
        "Strict" => FieldValidation.Strict,
        _ => throw Errors.Invalid(
            "meta.k8s.io", $"{OptionsKind(verb)}Options", "", "FieldValueNotSupported", $"Unsupported value: \"{text}\": supported values: \"Ignore\", \"Strict\", \"Warn\"", "fieldValidation"),
    };

    private static string OptionsKind(string verb) => verb switch { "update" => "Update", "patch" => "Patch", "delete" or "deletecollection" => "Delete", _ => "Create" };

    private static string ManagerFromAgent(string agent)
    {
        var slash = agent.IndexOf('/');
        var name = slash > 0 ? agent[..slash] : agent;
        return name.Length == 0 ? "unknown" : name;
    }
}
