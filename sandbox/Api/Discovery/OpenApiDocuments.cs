using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Discovery;

/// <summary>OpenAPI v3, one document a group version: what kubectl explain prints and kubectl apply asks before it validates.</summary>
internal static class OpenApiDocuments
{
    public static string PathOf(string group, string version) => group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}";

    public static JsonObject Document(ResourceCatalogue catalogue, string group, string version)
    {
        var schemas = new JsonObject();
        var paths = new JsonObject();
        foreach (var resource in catalogue.All.Where(r => r.Kind.Group == group && r.Kind.Version == version))
        {
            var component = AddSchema(resource.Kind, schemas);
            AddPaths(resource.Kind, component, paths);
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = "v1.32.0" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static string AddSchema(KindDefinition kind, JsonObject schemas)
    {
        var name = kind.Schema.ComponentName ?? $"{string.Join('.', kind.Group.Split('.').Reverse())}.{kind.Version}.{kind.Kind}";
        var body = kind.Schema.ToOpenApi(schemas);
        if (!body.ContainsKey("$ref")) schemas[name] = body;
        ((JsonObject)schemas[name]!)["x-kubernetes-group-version-kind"] = new JsonArray(Gvk(kind));
        return name;
    }

    private static void AddPaths(KindDefinition kind, string component, JsonObject paths)
    {
        var prefix = $"/{PathOf(kind.Group, kind.Version)}";
        var collection = kind.Namespaced ? $"{prefix}/namespaces/{{namespace}}/{kind.Plural}" : $"{prefix}/{kind.Plural}";
        var item = $"{collection}/{{name}}";
        if (kind.Namespaced) paths[$"{prefix}/{kind.Plural}"] = new JsonObject { ["get"] = Operation(kind, component, "list", "get") };
        paths[collection] = Path(kind, component, named: false, ("get", "list"), ("post", "post"), ("delete", "deletecollection"));
        paths[item] = Path(kind, component, named: true, ("get", "get"), ("put", "put"), ("patch", "patch"), ("delete", "delete"));
        if (kind.HasStatus) paths[$"{item}/status"] = Path(kind, component, named: true, ("get", "get"), ("put", "put"), ("patch", "patch"));
    }

    private static JsonObject Path(KindDefinition kind, string component, bool named, params ReadOnlySpan<(string Method, string Action)> operations)
    {
        var path = new JsonObject();
        foreach (var (method, action) in operations) path[method] = Operation(kind, component, action, method);
        var parameters = new JsonArray();
        if (named) parameters.Add(Parameter("name", "path", "string", required: true));
        if (kind.Namespaced) parameters.Add(Parameter("namespace", "path", "string", required: true));
        if (parameters.Count > 0) path["parameters"] = parameters;
        return path;
    }

    private static JsonObject Operation(KindDefinition kind, string component, string action, string method)
    {
        var operation = new JsonObject
        {
            ["operationId"] = $"{action}{kind.Kind}{kind.Version}",
            ["x-kubernetes-action"] = action,
            ["x-kubernetes-group-version-kind"] = Gvk(kind),
            ["responses"] = new JsonObject
            {
                ["200"] = new JsonObject { ["description"] = "OK", ["content"] = Content("application/json", component) },
            },
        };
        if (method is "post" or "put" or "patch") operation["parameters"] = WriteParameters(method == "patch");
        if (method is "post" or "put") operation["requestBody"] = new JsonObject { ["content"] = Content("*/*", component), ["required"] = true };
        if (method == "patch") operation["requestBody"] = new JsonObject { ["content"] = PatchContent(kind), ["required"] = true };
        return operation;
    }

    private static JsonArray WriteParameters(bool patch)
    {
        var parameters = new JsonArray(
            Parameter("dryRun", "query", "string"), Parameter("fieldManager", "query", "string"), Parameter("fieldValidation", "query", "string"));
        if (patch) parameters.Add(Parameter("force", "query", "boolean"));
        return parameters;
    }

    private static JsonObject Parameter(string name, string place, string type, bool required = false)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = place, ["schema"] = new JsonObject { ["type"] = type, ["uniqueItems"] = true } };
        if (required) parameter["required"] = true;
        return parameter;
    }

    private static JsonObject PatchContent(KindDefinition kind)
    {
        var content = new JsonObject();
        string[] types = kind.IsCustom
            ? ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"]
            : ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json"];
        foreach (var type in types) content[type] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "object" } };
        return content;
    }

    private static JsonObject Content(string type, string component) =>
        new() { [type] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = $"#/components/schemas/{component}" } } };

    private static JsonObject Gvk(KindDefinition kind) => new() { ["group"] = kind.Group, ["version"] = kind.Version, ["kind"] = kind.Kind };
}
